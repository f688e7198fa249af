/// The columns of an input row that one phase of a padded row takes: every `step`-th, from `source` on.
public struct PaddingPhase: BitwiseCopyable, Sendable {
  /// Elements of the phase that lie in the left padding.
  public var before: Int
  /// Elements taken from the input.
  public var count: Int
  /// Column of the first of them.
  public var source: Int

  /// A phase.
  @inlinable
  public init(before: Int, count: Int, source: Int) {
    self.before = before
    self.count = count
    self.source = source
  }
}

/// A plane to be copied with zeros around it, its rows split into phases: the arguments of `PlanePadding`.
public struct PaddedPlane {
  /// First input row that is copied, and the end of the memory that may be read.
  public var input: UnsafePointer<Float>, inputEnd: UnsafePointer<Float>
  /// Elements from one copied input row to the next.
  public var inputRowStride = 0
  /// Rows of zeros, copied rows, rows of zeros.
  public var rowsBefore = 0, rows = 0, rowsAfter = 0
  /// The phases of a row, their length, and the columns from one element of a phase to the next.
  public var phases: UnsafePointer<PaddingPhase>
  /// Number of phases.
  public var phaseCount = 1
  /// Elements of a phase.
  public var phaseLength = 0
  /// Input columns from one element of a phase to the next.
  public var step = 1
  /// The padded plane.
  public var target: UnsafeMutablePointer<Float>

  /// A plane whose sizes are yet to be set.
  @inlinable
  public init(
    input: UnsafePointer<Float>, inputEnd: UnsafePointer<Float>, phases: UnsafePointer<PaddingPhase>,
    target: UnsafeMutablePointer<Float>
  ) {
    self.input = input
    self.inputEnd = inputEnd
    self.phases = phases
    self.target = target
  }
}

/// Copies a plane with zeros around it.
public enum PlanePadding<I: ISA> {
  /// Copies the plane.
  @inlinable @inline(__always)
  public static func run(_ plane: borrowing PaddedPlane) {
    let rowStride = plane.phaseCount * plane.phaseLength
    var to = plane.target
    clear(to, count: plane.rowsBefore * rowStride)
    to += plane.rowsBefore * rowStride
    var from = plane.input
    for _ in 0..<plane.rows {
      for p in 0..<plane.phaseCount {
        let phase = plane.phases[p]
        clear(to, count: phase.before)
        let first = to + phase.before
        if plane.step == 1 {
          copy(from + phase.source, to: first, count: phase.count)
        } else if plane.step == 2 {
          copyEven(from + phase.source, end: plane.inputEnd, to: first, count: phase.count)
        } else {
          for i in 0..<phase.count { first[i] = from[phase.source + i * plane.step] }
        }
        clear(first + phase.count, count: plane.phaseLength - phase.before - phase.count)
        to += plane.phaseLength
      }
      from += plane.inputRowStride
    }
    clear(to, count: plane.rowsAfter * rowStride)
  }

  @inlinable @inline(__always)
  static func clear(_ to: UnsafeMutablePointer<Float>, count: Int) {
    var i = 0
    while i + I.lanes <= count {
      I.store(to + i, I.zero())
      i += I.lanes
    }
    if count - i > 2 {
      I.store(to + i, I.zero(), I.mask(first: count - i))
    } else {
      while i < count {
        to[i] = 0
        i += 1
      }
    }
  }

  @inlinable @inline(__always)
  static func copy(_ from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, count: Int) {
    var i = 0
    while i + I.lanes <= count {
      I.store(to + i, I.load(from + i))
      i += I.lanes
    }
    guard i < count else { return }
    if count >= I.lanes {  // the last vector overlaps the one before
      I.store(to + (count - I.lanes), I.load(from + (count - I.lanes)))
    } else {
      let mask = I.mask(first: count)
      I.store(to, I.load(from, mask), mask)
    }
  }

  @inlinable @inline(__always)
  static func copyEven(
    _ from: UnsafePointer<Float>, end: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, count: Int
  ) {
    var i = 0
    while i < count, from + 2 * (i + I.lanes) <= end {
      let v = I.loadEven(from + 2 * i)
      if i + I.lanes <= count {
        I.store(to + i, v)
      } else {
        I.store(to + i, v, I.mask(first: count - i))
      }
      i += I.lanes
    }
    while i < count {
      to[i] = from[2 * i]
      i += 1
    }
  }
}
