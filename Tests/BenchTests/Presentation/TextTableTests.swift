import Bench
import Testing

struct TextTableTests {
  @Test func columnsAreAsWideAsTheirWidestCell() {
    let table = TextTable(["name", "ms"], alignedRight: [1], rows: [["a", "12.50"], ["bert-base", "3"]])
    #expect(
      table.description == """
        name          ms
        ---------  -----
        a          12.50
        bert-base      3
        """)
  }

  @Test(arguments: [(0.12345, "0.123"), (1.234, "1.23"), (99.5, "99.50"), (123.45, "123.5"), (1234.5, "1234")])
  func millisecondsKeepTheDigitsThatCount(value: Double, text: String) {
    #expect(Figures.milliseconds(value) == text)
  }

  @Test(arguments: [(999, "999"), (24_154, "24.2 k"), (25_557_032, "25.6 M"), (4_089_184_256, "4.09 G")])
  func countsAreShort(value: Int, text: String) {
    #expect(Figures.count(value) == text)
  }
}
