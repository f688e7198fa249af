import Foundation

/// What the system says of this process's memory.
public enum ProcessMemory {
  /// The most bytes that the process can have: the machine's memory, or what its control group allows.
  package static var limit: Int {
    let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    let group = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8)
    return min(machine, group.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } ?? machine)
  }

  /// The most bytes that were resident at a time: `VmHWM`, or what `getrusage` says where there is no `/proc`.
  public static var peakByteCount: Int {
    if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
    {
      return kilobytes * 1024
    }
    var usage = rusage()
    getrusage(0, &usage)  // RUSAGE_SELF, whose type differs between systems
    #if canImport(Darwin)
      return usage.ru_maxrss
    #else
      return usage.ru_maxrss * 1024
    #endif
  }
}
