import Kernels
import Testing

@Suite struct KernelTableTests {
  @Test func saysWhichTablesThisMachineRuns() {
    let names = KernelTable.runnable.map(\.name)
    print("kernel tables that run here: \(names.joined(separator: ", "))")
    #expect(names.last == "portable")
  }

  @Test func theBestRunnableTableIsTheDefault() throws {
    #expect(try KernelTable.select(nil) === KernelTable.runnable.first)
    #expect(try KernelTable.select("") === KernelTable.runnable.first)
  }

  @Test(arguments: KernelTable.runnable)
  func aTableIsChosenByName(table: KernelTable) throws {
    #expect(try KernelTable.select(table.name) === table)
  }

  @Test func anUnknownNameIsAnError() {
    let error = #expect(throws: KernelError.self) { try KernelTable.select("mmx") }
    guard case .unknownISA("mmx", let known) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
    #expect(known.contains("portable"))
    #expect(
      KernelError.unrunnableISA(name: "avx512", runnable: ["avx2", "portable"]).description
        == "SWIFTINFER_ISA=avx512: this processor lacks it; use avx2, portable, or unset it")
  }
}
