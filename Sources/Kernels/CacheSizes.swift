import CPlatform

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The data caches of one core, in bytes, as the system reports them; the GEMM's blocks are cut to the first two.
public struct CacheSizes: Hashable, Sendable {
  /// First level.
  public let l1: Int
  /// Second level.
  public let l2: Int
  /// The last level, which cores share; the second where there is no third.
  public let last: Int

  /// What this machine reports; 32 KiB and 512 KiB where it says nothing.
  public static let current: CacheSizes = {
    #if os(Linux)
      func size(level: Int) -> Int? {
        for index in 0..<6 {
          let folder = "/sys/devices/system/cpu/cpu0/cache/index\(index)/"
          guard firstLine(folder + "level") == "\(level)", firstLine(folder + "type") != "Instruction",
            let text = firstLine(folder + "size"), let kibibytes = Int(text.prefix { $0.isNumber })
          else { continue }
          return kibibytes * (text.hasSuffix("M") ? 1 << 20 : 1 << 10)
        }
        return nil
      }
      let l2 = size(level: 2) ?? 512 << 10
      return CacheSizes(l1: size(level: 1) ?? 32 << 10, l2: l2, last: max(l2, size(level: 3) ?? l2))
    #else
      return CacheSizes(l1: 64 << 10, l2: 1 << 20, last: 8 << 20)
    #endif
  }()

  #if os(Linux)
    private static func firstLine(_ path: String) -> String? {
      guard let file = fopen(path, "r") else { return nil }
      defer { fclose(file) }
      var buffer = [CChar](repeating: 0, count: 64)
      guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
      return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  #endif
}
