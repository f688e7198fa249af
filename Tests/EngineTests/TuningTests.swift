import Engine
import Foundation
import Graph
import Kernels
import Synchronization
import TestSupport
import Testing

/// A clock and layers whose times are given, so that choices do not depend on the machine.
private final class FakeMachine: Sendable {
  private struct State {
    var time = ContinuousClock.now
    var runs: [Convolution.Algorithm: Int] = [:]
    var events: [TuningEvent] = []
  }

  private let state = Mutex(State())
  /// Milliseconds of a run.
  let times: @Sendable (ConvolutionShape, Convolution.Algorithm) -> Int

  init(_ times: @escaping @Sendable (ConvolutionShape, Convolution.Algorithm) -> Int) { self.times = times }

  var now: ContinuousClock.Instant { state.withLock { $0.time } }
  var events: [TuningEvent] { state.withLock { $0.events } }
  func runs(_ algorithm: Convolution.Algorithm) -> Int { state.withLock { $0.runs[algorithm] ?? 0 } }
  var allRuns: Int { state.withLock { $0.runs.values.reduce(0, +) } }
  var notes: [String] { events.compactMap { if case .note(let text) = $0 { text } else { nil } } }

  func chooser(
    _ options: PlanOptions, store: TimingStore? = nil, rules: TuningRules? = nil
  ) throws -> ConvolutionChooser {
    ConvolutionChooser(
      options: options, table: try KernelTable.current(), store: store, rules: rules, now: { self.now },
      report: { event in self.state.withLock { $0.events.append(event) } },
      prepare: { shape, algorithm in
        {
          let duration = Duration.milliseconds(self.times(shape, algorithm))
          self.state.withLock { state in
            state.time += duration
            state.runs[algorithm, default: 0] += 1
          }
          return duration
        }
      })
  }
}

struct TuningTests {
  private static func layer(channels: Int = 32, size: Int = 28) -> ConvolutionShape {
    ConvolutionShape(
      batch: 1, inputChannels: channels, outputChannels: channels, input: [size, size], kernel: [3, 3], stride: [1, 1],
      dilation: [1, 1], padsBegin: [1, 1], padsEnd: [1, 1])
  }

  private static func machine(_ processor: String = "Test 9000", kernels: Int = 1) -> TimingStore.Machine {
    TimingStore.Machine(processor: processor, instructionSet: "avx2", threads: 2, kernels: kernels)
  }

  private static func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "swiftinfer-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  /// Of all candidates the fastest is chosen, and the plan tells what was measured.
  @Test(arguments: [Convolution.Algorithm.channelsInLanes, .positionsInLanes, .winograd2, .winograd4])
  func theFastestIsChosen(winner: Convolution.Algorithm) throws {
    let machine = FakeMachine { _, algorithm in algorithm == winner ? 10 : 12 }
    let chooser = try machine.chooser(PlanOptions(tuning: .full))
    chooser.tune([Self.layer()])
    let choice = chooser.choice(Self.layer())
    #expect(choice.algorithm == winner)
    #expect(choice.measurement?.timings.first?.kernel == winner.rawValue)
    #expect(choice.measurement?.timings.map(\.microseconds) == [10000, 12000, 12000, 12000])
    #expect(machine.events.first == .measuring(layer: 1, of: 1, shape: "1x32x28x28 to 32, 3x3, pads 1x1 1x1"))
    #expect(machine.events.last == .finished)
  }

  /// What was not measured is chosen by arithmetic; so is what measurements cannot tell apart.
  @Test func arithmeticDecidesOtherwise() throws {
    let preferred = try Convolution.choice(
      Self.layer(), among: Convolution.Algorithm.allCases, table: KernelTable.current())
    let machine = FakeMachine { _, algorithm in algorithm == preferred ? 101 : 100 }
    let untuned = try machine.chooser(PlanOptions())
    untuned.tune([Self.layer()])
    #expect(untuned.choice(Self.layer()).algorithm == preferred && untuned.choice(Self.layer()).measurement == nil)
    #expect(machine.allRuns == 0 && machine.events.isEmpty)
    let tuned = try machine.chooser(PlanOptions(tuning: .fast))
    tuned.tune([Self.layer()])
    #expect(tuned.choice(Self.layer()).algorithm == preferred)
    #expect(tuned.choice(Self.layer(channels: 48)).measurement == nil)
  }

  @Test func winogradIsNotMeasuredWhereItIsOff() throws {
    let machine = FakeMachine { _, algorithm in algorithm.isDirectSum ? 10 : 1 }
    let chooser = try machine.chooser(PlanOptions(winograd: false, tuning: .full))
    chooser.tune([Self.layer()])
    #expect(chooser.choice(Self.layer()).algorithm.isDirectSum)
    #expect(machine.runs(.winograd2) == 0 && machine.runs(.winograd4) == 0 && machine.runs(.positionsInLanes) > 0)
  }

  /// A candidate that is far behind is not run again after its cold run and another; the others are run more often.
  @Test func whoIsFarBehindIsOut() throws {
    let machine = FakeMachine { _, algorithm in algorithm == .channelsInLanes ? 14 : algorithm == .winograd4 ? 10 : 11 }
    let chooser = try machine.chooser(PlanOptions(tuning: .fast))
    chooser.tune([Self.layer()])
    #expect(machine.runs(.channelsInLanes) == 2)
    #expect(machine.runs(.positionsInLanes) == 3 && machine.runs(.winograd4) == 3)
  }

  /// The heaviest layers are measured first; when the time is over the others keep the choice by arithmetic.
  @Test func timeIsBounded() throws {
    let machine = FakeMachine { _, _ in 100 }
    let rules = TuningRules(
      budget: .seconds(2), candidateBudget: .milliseconds(400), leastRounds: 3, mostRounds: 10, behind: 1.3)
    let chooser = try machine.chooser(PlanOptions(tuning: .fast), rules: rules)
    let start = machine.now
    let layers = (1...8).map { Self.layer(channels: 16 * $0) }
    chooser.tune(layers + layers)
    #expect(start.duration(to: machine.now) <= .milliseconds(2100))
    #expect(chooser.choice(layers[7]).measurement != nil)
    #expect(chooser.choice(layers[0]).measurement == nil)
    #expect(machine.notes.count == 1 && machine.notes[0].contains("of 8 layers are chosen by arithmetic"))
  }

  /// What a session measured another finds in the file; thorough measurements serve where quick ones are asked for.
  @Test func timingsSurviveInAFile() throws {
    try Self.withFolder { folder in
      let store = TimingStore(folder: folder, machine: Self.machine())
      #expect(store.read().layers.isEmpty && store.read().note == nil)
      let first = FakeMachine { _, algorithm in algorithm == .winograd2 ? 10 : 20 }
      let measuring = try first.chooser(PlanOptions(tuning: .full), store: store)
      measuring.tune([Self.layer()])
      #expect(first.notes.isEmpty && FileManager.default.fileExists(atPath: store.file.path))
      let second = FakeMachine { _, _ in 1 }
      for tuning in [PlanOptions.Tuning.fast, .full] {
        let reading = try second.chooser(PlanOptions(tuning: tuning), store: store)
        reading.tune([Self.layer()])
        #expect(reading.choice(Self.layer()).algorithm == .winograd2)
        #expect(reading.choice(Self.layer()).measurement == measuring.choice(Self.layer()).measurement)
      }
      #expect(second.allRuns == 0 && second.events.isEmpty)
      // Another layer joins those of the file.
      try second.chooser(PlanOptions(tuning: .fast), store: store).tune([Self.layer(size: 14)])
      #expect(store.read().layers.count == 2)
      // Quick measurements do not answer where thorough ones are asked for.
      let runs = second.allRuns
      try second.chooser(PlanOptions(tuning: .full), store: store).tune([Self.layer(size: 14)])
      #expect(second.allRuns > runs)
    }
  }

  /// A file that is damaged, or that tells of another processor, is passed over with a note, and written anew.
  @Test(arguments: [
    "", "{", "[1, 2]", "{\"machine\": 1, \"layers\": {}}",
    "{\"machine\": MACHINE, \"layers\": {\"a\": {\"tuning\": \"fast\", \"microseconds\": {\"direct\": -1}}}}",
    "{\"machine\": MACHINE, \"layers\": {\"a\": {\"tuning\": \"some\", \"microseconds\": {}}}}",
    "{\"machine\": FOREIGN, \"layers\": {}}", "{\"machine\": OLDER, \"layers\": {}}",
  ])
  func unusableFilesArePassedOver(text: String) throws {
    try Self.withFolder { folder in
      func json(_ machine: TimingStore.Machine) throws -> String {
        String(decoding: try JSONEncoder().encode(machine), as: UTF8.self)
      }
      let store = TimingStore(folder: folder, machine: Self.machine())
      let content = text.replacing("MACHINE", with: try json(Self.machine()))
        .replacing("FOREIGN", with: try json(Self.machine("Other"))).replacing(
          "OLDER", with: try json(Self.machine(kernels: 0)))
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(content.utf8).write(to: store.file)
      let machine = FakeMachine { _, algorithm in algorithm == .winograd2 ? 10 : 20 }
      let chooser = try machine.chooser(PlanOptions(tuning: .fast), store: store)
      chooser.tune([Self.layer()])
      #expect(chooser.choice(Self.layer()).algorithm == .winograd2)
      #expect(machine.notes.count == 1 && machine.notes[0].hasPrefix(store.file.path))
      #expect(store.read().layers.count == 1 && store.read().note == nil)
    }
  }

  /// Where no file can be written the measurements serve the session alone.
  @Test func anUnwritableFolderIsNoError() throws {
    try Self.withFolder { folder in
      try Data().write(to: folder)
      let machine = FakeMachine { _, algorithm in algorithm == .winograd2 ? 10 : 20 }
      let store = TimingStore(folder: folder.appending(path: "below"), machine: Self.machine())
      let chooser = try machine.chooser(PlanOptions(tuning: .fast), store: store)
      chooser.tune([Self.layer()])
      #expect(chooser.choice(Self.layer()).algorithm == .winograd2)
      #expect(machine.notes.count == 1 && machine.notes[0].contains("not kept"))
    }
  }

  @Test func theFolderFollowsTheEnvironment() {
    func folder(_ environment: [String: String]) -> String { TimingStore.folder(environment: environment).path }
    #expect(folder(["SWIFTINFER_CACHE": "/a/b", "XDG_CACHE_HOME": "/c"]) == "/a/b")
    #expect(folder(["SWIFTINFER_CACHE": "", "XDG_CACHE_HOME": "/c"]) == "/c/swiftinfer")
    #expect(folder(["XDG_CACHE_HOME": "relative"]) == folder([:]))
    #expect(folder([:]).hasSuffix("/.cache/swiftinfer"))
  }

  /// Convolutions that differ have texts that differ.
  @Test func shapesAreToldApart() {
    let plane = Self.layer()
    func shape(_ change: (inout [String: [Int]]) -> Void) -> ConvolutionShape {
      var sizes = [
        "input": [28, 28], "kernel": [3, 3], "stride": [1, 1], "dilation": [1, 1], "begin": [1, 1], "end": [1, 1],
      ]
      change(&sizes)
      func size(_ name: String) -> [Int] { sizes[name] ?? [] }
      return ConvolutionShape(
        batch: 1, inputChannels: 32, outputChannels: 32, groups: sizes["groups"]?.first ?? 1, input: size("input"),
        kernel: size("kernel"), stride: size("stride"), dilation: size("dilation"), padsBegin: size("begin"),
        padsEnd: size("end"))
    }
    let shapes = [
      plane, shape { $0["input"] = [28, 29] }, shape { $0["kernel"] = [3, 2] }, shape { $0["stride"] = [2, 1] },
      shape { $0["dilation"] = [1, 2] }, shape { $0["begin"] = [0, 0] }, shape { $0["end"] = [0, 0] },
      shape { $0["groups"] = [4] },
      shape { sizes in
        for (name, value) in [("input", 4), ("kernel", 1), ("stride", 1), ("dilation", 1), ("begin", 0), ("end", 0)] {
          sizes[name]?.insert(value, at: 0)
        }
      },
    ]
    #expect(Set(shapes.map(\.description)).count == shapes.count)
  }
}
