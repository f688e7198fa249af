/// What can go wrong before a kernel runs.
///
/// The kernels themselves have no errors: the Engine hands them valid shapes.
public enum KernelError: Error, Equatable, CustomStringConvertible {
  /// `SWIFTINFER_ISA` names no table of this build.
  case unknownISA(name: String, known: [String])
  /// `SWIFTINFER_ISA` names a table that this processor cannot run.
  case unrunnableISA(name: String, runnable: [String])

  /// Where, what, the mend.
  public var description: String {
    switch self {
    case .unknownISA(let name, let known):
      "\(KernelTable.environmentVariable)=\(name): no such instruction set; use \(known.joined(separator: ", ")), or unset it"
    case .unrunnableISA(let name, let runnable):
      "\(KernelTable.environmentVariable)=\(name): this processor lacks it; use \(runnable.joined(separator: ", ")), or unset it"
    }
  }
}
