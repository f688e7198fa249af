import Kernels
import Testing

/// What packing gives is kept in plan files: other bytes need another `PackedLayout.version`.
struct PackedLayoutTests {
  /// FNV-1a of the bytes that each layout of a table gives for the same made-up weights, for this version of the layouts.
  private static let expected: [String: UInt64] = [
    "avx2 channelsInLanes 1": 0xE942_D81A_0423_453F,
    "avx2 channelsInLanes 24": 0x19FC_F794_A7B1_B38D,
    "avx2 channelsInLanes 4": 0x1021_91D6_6D62_4DE5,
    "avx2 direct 1": 0x1E0C_569E_A4A5_5E87,
    "avx2 direct 24": 0x8542_20CE_46C8_E885,
    "avx2 direct 4": 0x3AE2_9B05_33F3_288D,
    "avx2 positionsInLanes 1": 0x43D7_5037_3955_EC1F,
    "avx2 positionsInLanes 24": 0xCAFF_ED10_D0CB_7E8D,
    "avx2 positionsInLanes 4": 0x1EB7_C5A7_058B_08F5,
    "avx2 right": 0xC8CC_0204_DA51_2058,
    "avx2 right transposed": 0xE4A6_8688_71CA_7948,
    "avx2 strassen 1": 0x571A_C030_ECE1_300A,
    "avx2 winograd2 1": 0x6230_4A99_6C3F_F847,
    "avx2 winograd2 24": 0xCAFF_ED10_D0CB_7E8D,
    "avx2 winograd2 4": 0xD387_CA07_B2AD_CA6D,
    "avx2 winograd4 1": 0x6230_4A99_6C3F_F847,
    "avx2 winograd4 24": 0xCAFF_ED10_D0CB_7E8D,
    "avx2 winograd4 4": 0xD387_CA07_B2AD_CA6D,
    "avx512 channelsInLanes 1": 0x28CE_7016_2C39_CDC7,
    "avx512 channelsInLanes 24": 0xA369_DE05_A487_998D,
    "avx512 channelsInLanes 4": 0x1021_91D6_6D62_4DE5,
    "avx512 direct 1": 0x1E0C_569E_A4A5_5E87,
    "avx512 direct 24": 0x8542_20CE_46C8_E885,
    "avx512 direct 4": 0x3AE2_9B05_33F3_288D,
    "avx512 positionsInLanes 1": 0x9AF2_9C30_246A_B6FF,
    "avx512 positionsInLanes 24": 0xCAFF_ED10_D0CB_7E8D,
    "avx512 positionsInLanes 4": 0xE062_88E8_4D4C_76E5,
    "avx512 right": 0x1D10_2CC4_5E47_1F18,
    "avx512 right transposed": 0xCDE7_863C_F760_D7E8,
    "avx512 strassen 1": 0x70D5_E668_07A6_496E,
    "avx512 winograd2 1": 0x58BD_9E12_06BF_050F,
    "avx512 winograd2 24": 0xCAFF_ED10_D0CB_7E8D,
    "avx512 winograd2 4": 0x0E88_CA6B_C3DC_2255,
    "avx512 winograd4 1": 0x58BD_9E12_06BF_050F,
    "avx512 winograd4 24": 0xCAFF_ED10_D0CB_7E8D,
    "avx512 winograd4 4": 0x0E88_CA6B_C3DC_2255,
    "portable channelsInLanes 1": 0xCBD4_29A9_6D3E_452F,
    "portable channelsInLanes 24": 0x488D_1C76_A684_E30D,
    "portable channelsInLanes 4": 0x3343_47EC_93F0_39DD,
    "portable direct 1": 0x1E0C_569E_A4A5_5E87,
    "portable direct 24": 0x8542_20CE_46C8_E885,
    "portable direct 4": 0x3AE2_9B05_33F3_288D,
    "portable positionsInLanes 1": 0x43D7_5037_3955_EC1F,
    "portable positionsInLanes 24": 0xCAFF_ED10_D0CB_7E8D,
    "portable positionsInLanes 4": 0x1EB7_C5A7_058B_08F5,
    "portable right": 0xB9F1_5404_EFAE_CC00,
    "portable right transposed": 0xAF8D_39DF_F2E9_DF20,
    "portable strassen 1": 0xB1C9_CC09_1E43_B7D2,
    "portable winograd2 1": 0x6230_4A99_6C3F_F847,
    "portable winograd2 24": 0xCAFF_ED10_D0CB_7E8D,
    "portable winograd2 4": 0xD387_CA07_B2AD_CA6D,
    "portable winograd4 1": 0x6230_4A99_6C3F_F847,
    "portable winograd4 24": 0xCAFF_ED10_D0CB_7E8D,
    "portable winograd4 4": 0xD387_CA07_B2AD_CA6D,
  ]

  private static let version = 2

  private static func hash(_ byteCount: Int, _ pack: (UnsafeMutableRawPointer) -> Void) -> UInt64 {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    pack(memory)
    return UnsafeRawBufferPointer(start: memory, count: byteCount).reduce(0xCBF2_9CE4_8422_2325) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
  }

  /// Weights whose Winograd transforms are exact: small whole numbers.
  private static func weights(_ count: Int) -> [Float] { (0..<count).map { Float($0 * 7 % 23 - 11) * 24 } }

  @Test(arguments: KernelTable.runnable)
  func bytesAreThoseOfTheVersion(table: KernelTable) throws {
    #expect(PackedLayout.version == Self.version)
    let context = KernelContext(table: table, pool: ThreadPool(threads: 1))
    var found: [String: UInt64] = [:]
    let (depth, columns) = (37, 101)
    let matrix = Self.weights(depth * columns)
    for transposed in [false, true] {
      let layout = PackedLayout.right(depth: depth, columns: columns, table: table)
      matrix.withUnsafeBufferPointer { numbers in
        guard let base = numbers.baseAddress else { return }
        let view =
          transposed ? MatrixView(base, rowStride: 1, columnStride: depth) : MatrixView(base, rowStride: columns)
        found["\(table.name) right\(transposed ? " transposed" : "")"] = Self.hash(layout.byteCount) {
          layout.pack(view, into: $0, context: context)
        }
      }
    }
    let shapes: [(groups: Int, channels: Int)] = [(1, 40), (4, 40), (24, 48)]
    for (groups, channels) in shapes {
      let shape = ConvolutionShape(
        batch: 1, inputChannels: 24, outputChannels: channels, groups: groups, input: [14, 14], kernel: [3, 3],
        stride: [1, 1], dilation: [1, 1], padsBegin: [1, 1], padsEnd: [1, 1])
      let numbers = Self.weights(shape.outputChannels * shape.reduction)
      for algorithm in Convolution.Algorithm.allCases where algorithm.supports(shape) {
        let convolution = Convolution(shape, algorithm: algorithm, context: context)
        numbers.withUnsafeBufferPointer { numbers in
          guard let base = numbers.baseAddress else { return }
          found["\(table.name) \(algorithm.rawValue) \(groups)"] = Self.hash(convolution.packedWeightBytes) {
            convolution.packWeights(base, into: $0)
          }
        }
      }
    }
    for (layout, hash) in found.sorted(by: { $0.key < $1.key }) {
      #expect(
        Self.expected[layout] == hash,
        "\(layout): packed weights have changed to 0x\(String(hash, radix: 16)): raise PackedLayout.version")
    }
  }
}
