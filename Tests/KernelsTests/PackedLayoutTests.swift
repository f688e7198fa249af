import Kernels
import Testing

/// What packing gives is kept in plan files: other bytes need another `PackedLayout.version`.
struct PackedLayoutTests {
  /// FNV-1a of the bytes that each layout of a table gives for the same made-up weights, for this version of the layouts.
  private static let expected: [String: UInt64] = [
    "avx2 channelsInLanes 1x128": 0xBCCB_BD7A_DD58_AE96,
    "avx2 channelsInLanes 1x40": 0xE942_D81A_0423_453F,
    "avx2 channelsInLanes 24x48": 0x19FC_F794_A7B1_B38D,
    "avx2 channelsInLanes 4x40": 0x1021_91D6_6D62_4DE5,
    "avx2 direct 1x128": 0x7946_6C78_B62C_47D6,
    "avx2 direct 1x40": 0x1E0C_569E_A4A5_5E87,
    "avx2 direct 24x48": 0x8542_20CE_46C8_E885,
    "avx2 direct 4x40": 0x3AE2_9B05_33F3_288D,
    "avx2 positionsInLanes 1x128": 0x4C5A_8A1F_63DB_481E,
    "avx2 positionsInLanes 1x40": 0x43D7_5037_3955_EC1F,
    "avx2 positionsInLanes 24x48": 0xCAFF_ED10_D0CB_7E8D,
    "avx2 positionsInLanes 4x40": 0x1EB7_C5A7_058B_08F5,
    "avx2 right transposed": 0xE4A6_8688_71CA_7948,
    "avx2 right": 0xC8CC_0204_DA51_2058,
    "avx2 strassen 1x128": 0xB3FD_DB92_A58A_02E0,
    "avx2 winograd2 1x128": 0x1412_F630_64FF_207E,
    "avx2 winograd2 1x40": 0x6230_4A99_6C3F_F847,
    "avx2 winograd2 1x40 deep": 0x23EC_E11F_5C1A_D2EE,
    "avx2 winograd2 24x48": 0xCAFF_ED10_D0CB_7E8D,
    "avx2 winograd2 4x40": 0xD387_CA07_B2AD_CA6D,
    "avx2 winograd4 1x128": 0x1412_F630_64FF_207E,
    "avx2 winograd4 1x40": 0x6230_4A99_6C3F_F847,
    "avx2 winograd4 1x40 deep": 0x23EC_E11F_5C1A_D2EE,
    "avx2 winograd4 24x48": 0xCAFF_ED10_D0CB_7E8D,
    "avx2 winograd4 4x40": 0xD387_CA07_B2AD_CA6D,
    "avx512 channelsInLanes 1x128": 0x52A2_5F13_6E48_4D1E,
    "avx512 channelsInLanes 1x40": 0x28CE_7016_2C39_CDC7,
    "avx512 channelsInLanes 24x48": 0xA369_DE05_A487_998D,
    "avx512 channelsInLanes 4x40": 0x1021_91D6_6D62_4DE5,
    "avx512 direct 1x128": 0x7946_6C78_B62C_47D6,
    "avx512 direct 1x40": 0x1E0C_569E_A4A5_5E87,
    "avx512 direct 24x48": 0x8542_20CE_46C8_E885,
    "avx512 direct 4x40": 0x3AE2_9B05_33F3_288D,
    "avx512 positionsInLanes 1x128": 0x4EAC_9AF2_0B06_18C6,
    "avx512 positionsInLanes 1x40": 0x9AF2_9C30_246A_B6FF,
    "avx512 positionsInLanes 24x48": 0xCAFF_ED10_D0CB_7E8D,
    "avx512 positionsInLanes 4x40": 0xE062_88E8_4D4C_76E5,
    "avx512 right transposed": 0xCDE7_863C_F760_D7E8,
    "avx512 right": 0x1D10_2CC4_5E47_1F18,
    "avx512 strassen 1x128": 0x63B6_F74C_7452_8A84,
    "avx512 winograd2 1x128": 0xB6F2_5A04_12FA_6DCE,
    "avx512 winograd2 1x40": 0x58BD_9E12_06BF_050F,
    "avx512 winograd2 1x40 deep": 0xD205_76A8_82C9_FD2E,
    "avx512 winograd2 24x48": 0xCAFF_ED10_D0CB_7E8D,
    "avx512 winograd2 4x40": 0x0E88_CA6B_C3DC_2255,
    "avx512 winograd4 1x128": 0x8B02_A276_BA45_BBA6,
    "avx512 winograd4 1x40": 0xD04C_CD4F_1CE4_872F,
    "avx512 winograd4 1x40 deep": 0x85DB_6C20_5FCB_21EE,
    "avx512 winograd4 24x48": 0xCAFF_ED10_D0CB_7E8D,
    "avx512 winograd4 4x40": 0x0E88_CA6B_C3DC_2255,
    "portable channelsInLanes 1x128": 0xD29E_0130_C16F_C2FE,
    "portable channelsInLanes 1x40": 0xCBD4_29A9_6D3E_452F,
    "portable channelsInLanes 24x48": 0x488D_1C76_A684_E30D,
    "portable channelsInLanes 4x40": 0x3343_47EC_93F0_39DD,
    "portable direct 1x128": 0x7946_6C78_B62C_47D6,
    "portable direct 1x40": 0x1E0C_569E_A4A5_5E87,
    "portable direct 24x48": 0x8542_20CE_46C8_E885,
    "portable direct 4x40": 0x3AE2_9B05_33F3_288D,
    "portable positionsInLanes 1x128": 0x4C5A_8A1F_63DB_481E,
    "portable positionsInLanes 1x40": 0x43D7_5037_3955_EC1F,
    "portable positionsInLanes 24x48": 0xCAFF_ED10_D0CB_7E8D,
    "portable positionsInLanes 4x40": 0x1EB7_C5A7_058B_08F5,
    "portable right transposed": 0xAF8D_39DF_F2E9_DF20,
    "portable right": 0xB9F1_5404_EFAE_CC00,
    "portable strassen 1x128": 0xD8C9_6132_6306_68C0,
    "portable winograd2 1x128": 0x1412_F630_64FF_207E,
    "portable winograd2 1x40": 0x6230_4A99_6C3F_F847,
    "portable winograd2 1x40 deep": 0x23EC_E11F_5C1A_D2EE,
    "portable winograd2 24x48": 0xCAFF_ED10_D0CB_7E8D,
    "portable winograd2 4x40": 0xD387_CA07_B2AD_CA6D,
    "portable winograd4 1x128": 0x1412_F630_64FF_207E,
    "portable winograd4 1x40": 0x6230_4A99_6C3F_F847,
    "portable winograd4 1x40 deep": 0x23EC_E11F_5C1A_D2EE,
    "portable winograd4 24x48": 0xCAFF_ED10_D0CB_7E8D,
    "portable winograd4 4x40": 0xD387_CA07_B2AD_CA6D,
  ]

  private static let version = 4

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
    // The last is deep enough for several pieces of Winograd's filters.
    let shapes: [(inputs: Int, groups: Int, channels: Int)] = [
      (24, 1, 40), (24, 4, 40), (24, 24, 48), (24, 1, 128), (700, 1, 40),
    ]
    for (inputs, groups, channels) in shapes {
      let shape = ConvolutionShape(
        batch: 1, inputChannels: inputs, outputChannels: channels, groups: groups, input: [14, 14], kernel: [3, 3],
        stride: [1, 1], dilation: [1, 1], padsBegin: [1, 1], padsEnd: [1, 1])
      let name = "\(groups)x\(channels)" + (inputs > 24 ? " deep" : "")
      let numbers = Self.weights(shape.outputChannels * shape.reduction)
      let algorithms: [Convolution.Algorithm] = inputs > 24 ? [.winograd2, .winograd4] : Convolution.Algorithm.allCases
      for algorithm in algorithms where algorithm.supports(shape, table: table) {
        let convolution = Convolution(shape, algorithm: algorithm, context: context)
        numbers.withUnsafeBufferPointer { numbers in
          guard let base = numbers.baseAddress else { return }
          found["\(table.name) \(algorithm.rawValue) \(name)"] = Self.hash(convolution.packedWeightBytes) {
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
