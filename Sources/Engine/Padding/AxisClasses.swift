import Graph

/// An axis of something that a node reads or writes.
struct Axis: Hashable {
  /// What has the axis.
  enum Owner: Hashable {
    /// An input, or what a node computes.
    case value(ValueID)
    /// A constant as one node reads it: another may read the same constant for another purpose.
    case constant(NodeID, input: Int)
  }

  let owner: Owner
  let index: Int
}

/// Sets of axes that can only be cut together, since index i of one stands for index i of the others.
///
/// Galler and Fischer, "An improved equivalence algorithm" (1964).
struct AxisClasses {
  private var numbers: [Axis: Int] = [:]
  private var parents: [Int] = []
  /// For each root, whether an axis of its class must keep its length.
  private var fixed: [Bool] = []

  /// Says that two axes are cut together.
  mutating func link(_ a: Axis, _ b: Axis) {
    let (first, second) = (number(a), number(b))
    let (rootA, rootB) = (root(of: first), root(of: second))
    guard rootA != rootB else { return }
    parents[rootB] = rootA
    fixed[rootA] = fixed[rootA] || fixed[rootB]
  }

  /// Says that an axis must keep its length.
  mutating func fix(_ axis: Axis) {
    let number = number(axis)
    fixed[root(of: number)] = true
  }

  /// Whether an axis, with all that are cut together with it, may be cut.
  func isFree(_ axis: Axis) -> Bool {
    guard let number = numbers[axis] else { return false }
    return !fixed[root(of: number)]
  }

  /// Whether two axes are cut together.
  func areLinked(_ a: Axis, _ b: Axis) -> Bool {
    guard let a = numbers[a], let b = numbers[b] else { return false }
    return root(of: a) == root(of: b)
  }

  /// All axes that are cut together with one.
  func linked(with axis: Axis) -> [Axis] {
    guard let wanted = numbers[axis].map(root(of:)) else { return [] }
    return numbers.compactMap { root(of: $1) == wanted ? $0 : nil }
  }

  private mutating func number(_ axis: Axis) -> Int {
    if let number = numbers[axis] { return number }
    let number = parents.count
    numbers[axis] = number
    parents.append(number)
    fixed.append(false)
    return number
  }

  private func root(of number: Int) -> Int {
    var number = number
    while parents[number] != number { number = parents[number] }
    return number
  }
}
