/// Neighbouring numbers of a source that become neighbouring lanes of a packed panel.
public struct Run {
  /// Offset of the first number in the source.
  public var source: Int
  /// Its lane.
  public var lane: Int
  /// How many.
  public var count: Int

  /// A run.
  @inlinable
  public init(source: Int, lane: Int, count: Int) {
    self.source = source
    self.lane = lane
    self.count = count
  }
}

/// A panel to be gathered from an image: step k of its depth is the runs, shifted by `offsets[k]`.
///
/// This is im2col for one panel: the runs are the panel's output positions, the offsets are kernel taps and input channels.
public struct RunPanel {
  /// What the runs' offsets count from.
  public var source: UnsafePointer<Float>
  /// The runs, by ascending lane, without gaps.
  public var runs: UnsafePointer<Run>
  /// Number of runs.
  public var runCount: Int
  /// Shift of each step of depth.
  public var offsets: UnsafePointer<Int>
  /// Number of steps.
  public var depth: Int
  /// Lanes of the panel: the distance of two steps.
  public var width: Int
  /// The panel, and one vector of slack behind it.
  public var target: UnsafeMutablePointer<Float>

  /// A panel.
  @inlinable
  public init(
    source: UnsafePointer<Float>, runs: UnsafePointer<Run>, runCount: Int, offsets: UnsafePointer<Int>, depth: Int,
    width: Int, target: UnsafeMutablePointer<Float>
  ) {
    self.source = source
    self.runs = runs
    self.runCount = runCount
    self.offsets = offsets
    self.depth = depth
    self.width = width
    self.target = target
  }
}

/// Packs a panel from runs.
///
/// Every run is written in whole vectors; what is too much is overwritten by the next run, the next step or is slack. Loads are
/// masked at the runs' ends, so nothing is read past the source. Lanes behind the last run hold whatever the masks left: the
/// tiles' stores mask them.
public enum RunPacking<I: ISA> {
  /// Packs the panel.
  @inlinable @inline(__always)
  public static func run(_ panel: borrowing RunPanel) {
    let (source, offsets, width, target) = (panel.source, panel.offsets, panel.width, panel.target)
    let runs = panel.runs
    if panel.runCount == 1 && runs[0].count == 2 * I.lanes {
      let base = source + runs[0].source
      var k = 0
      while k < panel.depth {
        let from = base + offsets[k]
        let to = target + k * width
        I.store(to, I.load(from))
        I.store(to + I.lanes, I.load(from + I.lanes))
        k += 1
      }
      return
    }
    if panel.runCount == 1 && runs[0].count <= I.lanes {
      let base = source + runs[0].source
      let mask = I.mask(first: runs[0].count)
      var k = 0
      while k < panel.depth {
        I.store(target + k * width, I.load(base + offsets[k], mask))
        k += 1
      }
      return
    }
    var k = 0
    while k < panel.depth {
      let from = source + offsets[k]
      let to = target + k * width
      var r = 0
      while r < panel.runCount {
        let run = runs[r]
        let f = from + run.source
        let t = to + run.lane
        var i = 0
        while i + I.lanes <= run.count {
          I.store(t + i, I.load(f + i))
          i += I.lanes
        }
        if i < run.count { I.store(t + i, I.load(f + i, I.mask(first: run.count - i))) }
        r += 1
      }
      k += 1
    }
  }
}
