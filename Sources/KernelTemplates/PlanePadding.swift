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
  /// The phases of a row: one if `step` is 1.
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
    // Copies of the fields: those of the plane would be read anew after every store.
    let (rows, step, length, rowStride) = (plane.rows, plane.step, plane.phaseLength, plane.inputRowStride)
    let (phases, phaseCount, end) = (plane.phases, plane.phaseCount, plane.inputEnd)
    var (from, to) = (plane.input, plane.target)
    clear(to, count: plane.rowsBefore * phaseCount * length)
    to += plane.rowsBefore * phaseCount * length
    if step == 1 {
      copyRows(rows, phases[0], from: from, stride: rowStride, to: to, length: length)
      to += rows * length
    } else {
      for _ in 0..<rows {
        for p in 0..<phaseCount {
          let phase = phases[p]
          clear(to, count: phase.before)
          let (first, last) = (phase.before, phase.before + phase.count)
          if step == 2 {
            copyEven(from + phase.source, end: end, to: to + first, count: phase.count)
          } else {
            for i in 0..<phase.count { to[first + i] = from[phase.source + i * step] }
          }
          clear(to + last, count: length - last)
          to += length
        }
        from += rowStride
      }
    }
    clear(to, count: plane.rowsAfter * phaseCount * length)
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

  /// Copies rows, each with the zeros before and behind it: what a mask leaves out of a load is zero.
  @inlinable @inline(__always)
  static func copyRows(
    _ rows: Int, _ phase: PaddingPhase, from source: UnsafePointer<Float>, stride: Int,
    to target: UnsafeMutablePointer<Float>, length: Int
  ) {
    let (before, end) = (phase.before, phase.before + phase.count)
    let isWhole = length >= I.lanes
    let stored = I.mask(first: length)
    var x = 0
    while x < length {
      // The last vector of a row overlaps the one before.
      let first = isWhole && x + I.lanes > length ? length - I.lanes : x
      let mask = I.mask(from: before - first, to: end - first)
      var (from, to) = (source + (phase.source - before + first), target + first)
      for _ in 0..<rows {
        if isWhole { I.store(to, I.load(from, mask)) } else { I.store(to, I.load(from, mask), stored) }
        from += stride
        to += length
      }
      x += I.lanes
    }
  }

  /// Copies every second element; reads nothing at or behind `end`.
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
