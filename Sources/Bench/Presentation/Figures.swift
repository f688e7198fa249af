import Foundation

/// Numbers as people read them.
public enum Figures {
  /// A number with so many digits behind the point.
  public static func decimals(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// Milliseconds with three to four digits that count.
  public static func milliseconds(_ value: Double) -> String {
    decimals(value, value < 1 ? 3 : value < 100 ? 2 : value < 1000 ? 1 : 0)
  }

  /// Bytes in millions.
  public static func megabytes(_ byteCount: Int) -> String {
    decimals(Double(byteCount) / 1e6, byteCount < 10_000_000 ? 1 : 0)
  }

  /// A count in thousands, millions or billions.
  public static func count(_ value: Int) -> String {
    switch value {
    case ..<10_000: "\(value)"
    case ..<1_000_000: decimals(Double(value) / 1e3, 1) + " k"
    case ..<1_000_000_000: decimals(Double(value) / 1e6, 1) + " M"
    default: decimals(Double(value) / 1e9, 2) + " G"
    }
  }
}
