import Bench
import Testing

struct LatencySummaryTests {
  /// Of these, `numpy.percentile(…, [50, 90, 99])` gives 3, 7.6, 9.76.
  @Test func percentilesEqualNumPy() {
    let summary = LatencySummary([10, 1, 4, 2, 3].map { Duration.milliseconds($0) })
    #expect(summary.min == 1 && summary.max == 10 && summary.median == 3)
    #expect(summary.mean == 4)
    #expect(abs(summary.p90 - 7.6) < 1e-12 && abs(summary.p99 - 9.76) < 1e-12)
  }

  @Test func oneAndNoneAreSummarizedToo() {
    let one = LatencySummary([.microseconds(1500)])
    #expect([one.min, one.median, one.mean, one.p90, one.p99, one.max].allSatisfy { abs($0 - 1.5) < 1e-12 })
    #expect(LatencySummary([]).median == 0)
  }

  @Test func thePeakIsAtLeastWhatWasTouched() {
    let bytes = [UInt8](repeating: 1, count: 64 << 20)
    #expect(ProcessMemory.peakByteCount > bytes.count)
  }
}
