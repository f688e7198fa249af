import Foundation

/// Why the system refused something, in its own words.
package enum SystemMessage {
  /// The text for a value of `errno`.
  static func text(code: Int32) -> String { String(cString: strerror(code)) }

  /// The text of what caused an error of Foundation's.
  package static func text(of error: any Error) -> String {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    guard let code = cause?.code ?? (error as? POSIXError).map({ Int($0.code.rawValue) }) else {
      return error.localizedDescription
    }
    return text(code: Int32(clamping: code))
  }
}
