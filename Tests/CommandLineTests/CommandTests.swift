import Foundation
import Graph
import TestSupport
import Testing

/// Each command, run on a small model.
struct CommandTests {
  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func inspectTellsWhatTheModelIsMadeOf() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let outcome = try Program.swiftinfer("inspect", model.file, "--json")
      let document = try object(outcome.output)
      #expect(document["opset"] as? Int == 17)
      #expect(document["operators"] as? [String: Int] == ["Relu": 1])
      #expect(document["unsupported"] as? [String] == [])
      for (key, value) in [("parameters", 0), ("macs", 0), ("sparsity", 0)] { #expect(document[key] as? Int == value) }
      for (key, name) in [("inputs", "x"), ("outputs", "y")] {
        let ports = try #require(document[key] as? [[String: Any]])
        #expect(ports.count == 1 && ports[0]["name"] as? String == name)
        #expect(ports[0]["type"] as? String == "float" && ports[0]["shape"] as? [Int] == [2, 3])
      }
      #expect(outcome.errors.isEmpty)
      let plan = try Program.swiftinfer("inspect", model.file, "--plan")
      #expect(plan.exitCode == 0 && plan.output.contains("Relu"))
    }
  }

  /// Names in a file may hold what ends lines and moves a terminal's cursor.
  @Test func anErrorIsOnePlainLine() throws {
    try withTemporaryFolder { folder in
      var graph = Graph(name: "names")
      let x = graph.addInput(name: "x", type: .tensor(.float32, [2]))
      graph.addOutput(
        graph.append(
          OperatorID("Mystery", domain: "org.example", version: 1), name: "a\nb\u{1B}[31m", inputs: [x], output: "y"))
      let file = folder.appending(path: "model.onnx").path
      try Model(graph: graph).write(to: file)
      let outcome = try Program.swiftinfer("latency", file)
      #expect(outcome.exitCode == 1 && outcome.errors.contains(#"node 'a\nb\u{1B}[31m'"#))
      #expect(outcome.errors.filter { $0 == "\n" }.count == 1 && outcome.errors.hasSuffix("\n"))
    }
  }

  @Test func anInputIsGivenOnce() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let image = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "BenchTests/Fixtures/images/alpha.png").path
      let outcome = try Program.swiftinfer(
        "run", "zoo:tiny-cnn", "--input", "input=\(model.input)", "--image", image)
      #expect(outcome.exitCode == 2 && outcome.output.isEmpty)
      #expect(
        outcome.errors == "swiftinfer: --image \(image): input 'input' has a file already, by --input\n")
    }
  }

  /// A plan tells what was measured, and a second time nothing is.
  ///
  /// A damaged file is worth a note.
  @Test func plansTellWhatWasMeasured() throws {
    try withTemporaryFolder { folder in
      let cache = ["SWIFTINFER_CACHE": folder.path]
      let arguments = ["inspect", "zoo:tiny-cnn", "--plan", "--threads", "1", "--tune", "fast"]
      let first = try Program.swiftinfer(arguments + ["--json"], environment: cache)
      #expect(first.exitCode == 0 && first.errors.contains("tune 1/"))
      let steps = try #require(try object(first.output)["steps"] as? [[String: Any]])
      let measured = steps.compactMap { $0["measurement"] as? [String: Any] }
      #expect(!measured.isEmpty)
      for measurement in measured {
        #expect(measurement["shape"] is String && measurement["preferred"] is String)
        let timings = try #require(measurement["timings"] as? [[String: Any]])
        #expect(timings.count > 1 && timings.allSatisfy { $0["kernel"] is String && $0["microseconds"] is Double })
      }
      let second = try Program.swiftinfer(arguments + ["--json"], environment: cache)
      #expect(second.output == first.output && second.errors.isEmpty)
      let table = try Program.swiftinfer(arguments, environment: cache)
      #expect(table.output.contains("measured, microseconds") && table.output.contains("winograd4 "))

      let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      let file = try #require(files.first { $0.lastPathComponent.hasPrefix("timings-") })
      try Data("{".utf8).write(to: file)
      let third = try Program.swiftinfer(arguments, environment: cache)
      #expect(third.exitCode == 0)
      #expect(
        third.errors.hasPrefix("swiftinfer: note: ") && third.errors.contains(": damaged; layers are measured anew"))
    }
  }

  @Test func winogradMayBeSwitchedOff() throws {
    let arguments = ["inspect", "zoo:tiny-cnn", "--plan", "--threads", "1"]
    #expect(try Program.swiftinfer(arguments + ["--winograd", "off"]).output.contains("winograd") == false)
  }

  @Test func runWritesOutputs() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let outputs = folder.appending(path: "made/outputs")
      let outcome = try Program.swiftinfer(
        "run", model.file, "--input", "x=\(model.input)", "--output-dir", outputs.path)
      #expect(outcome.errors.isEmpty)
      #expect(outcome.exitCode == 0 && outcome.output.contains("0 0 1 2 3 4"))
      // What was written can be read again.
      let file = outputs.appending(path: "y.npy").path
      let again = try Program.swiftinfer("run", model.file, "--input", "x=\(file)", "--json")
      let document = try object(again.output)
      let output = try #require((document["outputs"] as? [[String: Any]])?.first)
      #expect(output["first"] as? [String] == ["0", "0", "1", "2", "3", "4"])
    }
  }

  /// Nobody would know of a result that was not written.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")), arguments: [["zoo", "list"], ["--help"]])
  func outputThatCannotBeWrittenIsAnError(arguments: [String]) throws {
    let outcome = try Program.swiftinfer(arguments, output: URL(filePath: "/dev/full"))
    #expect(outcome.exitCode == 1)
    #expect(outcome.errors == "swiftinfer: standard output: cannot write: No space left on device\n")
  }

  @Test(arguments: ["--isolate", "--no-isolate"])
  func verifyJudgesCases(isolation: String) throws {
    try withTemporaryFolder { folder in
      _ = try SmallModel(in: folder.appending(path: "right"))
      _ = try SmallModel(in: folder.appending(path: "wrong"), expected: [0, 0, 1, 2, 3, 5])
      let right = try Program.swiftinfer("verify", folder.appending(path: "right").path, isolation)
      #expect(right.exitCode == 0)
      #expect(right.output == "pass        right\n1 cases: 1 passed, 0 failed, 0 unsupported, 0 errors\n")
      let both = try Program.swiftinfer("verify", folder.path, "--json", isolation)
      #expect(both.exitCode == 1)
      let document = try object(both.output)
      #expect(
        document["passed"] as? Int == 1 && document["failed"] as? Int == 1 && document["unsupported"] as? Int == 0)
      let wrong = try #require((document["cases"] as? [[String: Any]])?.last)
      #expect(wrong["name"] as? String == "wrong" && wrong["status"] as? String == "fail")
      #expect(
        wrong["detail"] as? String
          == "test_data_set_0: output 'y': 1 of 6 elements differ, worst [1, 2]: expected 5, found 4")
    }
  }

  @Test func verifyHoldsCasesAgainstABaseline() throws {
    try withTemporaryFolder { folder in
      let (cases, baseline) = (folder.appending(path: "cases"), folder.appending(path: "passing.txt").path)
      _ = try SmallModel(in: cases.appending(path: "right"))
      let update = try Program.swiftinfer("verify", cases.path, "--baseline", baseline, "--update-baseline")
      #expect(update.exitCode == 0)
      #expect(try String(contentsOfFile: baseline, encoding: .utf8) == "right\n")
      _ = try SmallModel(in: cases.appending(path: "wrong"), expected: [0, 0, 1, 2, 3, 5])
      let wrong = try Program.swiftinfer("verify", cases.path, "--baseline", baseline)
      #expect(wrong.exitCode == 1 && wrong.errors.contains("swiftinfer: wrong gives a wrong output: "))
      let known = folder.appending(path: "known.txt")
      try Data("wrong it is on purpose\n".utf8).write(to: known)
      let accepted = try Program.swiftinfer(
        "verify", cases.path, "--baseline", baseline, "--known-differences", known.path)
      #expect(accepted.exitCode == 0)
      try Data("absent\nright\n".utf8).write(to: URL(filePath: baseline))
      let missing = try Program.swiftinfer(
        "verify", cases.path, "--baseline", baseline, "--known-differences", known.path)
      #expect(missing.exitCode == 1)
      #expect(missing.errors.hasSuffix("swiftinfer: absent must pass: it did not run\n"))
    }
  }

  @Test(arguments: ["resident", "per-request"])
  func latencyPrintsItsContract(session: String) throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let outcome = try Program.swiftinfer(
        "latency", model.file, "--runs", "3", "--warmup", "1", "--threads", "1", "--session", session, "--profile",
        "--json")
      let document = try object(outcome.output)
      #expect(document["model"] as? String == model.file)
      #expect(document["threads"] as? Int == 1 && document["runs"] as? Int == 3)
      for key in ["load_ms", "first_run_ms", "peak_memory_bytes"] { #expect((document[key] as? Double ?? 0) > 0) }
      let latency = try #require(document["latency_ms"] as? [String: Double])
      #expect(Set(latency.keys) == ["min", "median", "mean", "p90", "p99", "max"])
      #expect(document["isa"] is String)
      #expect((document["layers"] as? [[String: Any]])?.count == 1)
    }
  }

  @Test func latencyUsesTheKernelsThatTheEnvironmentNames() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let arguments = ["latency", model.file, "--runs", "1", "--warmup", "0", "--json"]
      let portable = try Program.swiftinfer(arguments, environment: ["SWIFTINFER_ISA": "portable"])
      #expect(try object(portable.output)["isa"] as? String == "portable")
      let unknown = try Program.swiftinfer(arguments, environment: ["SWIFTINFER_ISA": "nonsense"])
      #expect(unknown.exitCode == 1)
      #expect(unknown.errors.contains("nonsense"))
    }
  }

  @Test func zooModelsBecomeFiles() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "tiny.onnx").path
      #expect(try Program.swiftinfer("zoo", "build", "tiny-cnn", "-o", file).exitCode == 0)
      let document = try object(try Program.swiftinfer("inspect", file, "--json").output)
      #expect((document["operators"] as? [String: Int])?["Conv"] ?? 0 > 0)
      let unwritable = try Program.swiftinfer("zoo", "build", "tiny-cnn", "-o", "/absent/tiny.onnx")
      #expect(unwritable.exitCode == 1)
      #expect(unwritable.errors.hasPrefix("swiftinfer: /absent/tiny.onnx: cannot write"))
    }
    let list = try object(try Program.swiftinfer("zoo", "list", "--json").output)
    let models = try #require(list["models"] as? [[String: Any]])
    #expect(models.count == 12)
    for model in models {
      #expect(model["name"] is String && model["inputs"] is String)
      for key in ["parameters", "macs"] { #expect((model[key] as? Int ?? 0) > 0) }
    }
  }

  @Test func benchSeparatesTheParts() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let outcome = try Program.swiftinfer(
        "bench", model.file, "--inputs", "2", "--repetitions", "2", "--warmup", "1", "--threads", "1", "--json")
      #expect(outcome.exitCode == 0)
      let document = try object(outcome.output)
      let experiment = try #require((document["experiments"] as? [[String: Any]])?.first)
      #expect(experiment["model"] as? String == "model" && experiment["operator"] as? String == "identity")
      let measurement = try #require(experiment["measurement"] as? [String: Any])
      #expect(measurement["requests"] as? Int == 4 && measurement["inputs"] as? String == "made-up tensors")
      for key in ["load_ms", "preprocessing_ms", "compute_ms", "postprocessing_ms", "total_ms"] {
        #expect((measurement[key] as? [String: Double])?.count == 6)
      }
      let leftOut = try #require(document["left_out"] as? [String])
      #expect(leftOut.contains("real inputs, in place of made-up tensors: model"))
      #expect(outcome.errors == "bench 1/1 model, Identity\n")
    }
  }

  @Test func benchReportsAFailedExperiment() throws {
    let outcome = try Program.swiftinfer("bench", "/absent.onnx")
    #expect(outcome.exitCode == 1)
    let failure = "absent, Identity: /absent.onnx: cannot read: No such file or directory"
    #expect(outcome.output.contains("failed: \(failure)"))
    #expect(outcome.errors.hasSuffix("swiftinfer: \(failure)\n"))
  }

  /// A worker left behind would go on for hours.
  ///
  /// SIGKILL leaves its parent no time to stop it.
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/stat")), .timeLimit(.minutes(1)),
    arguments: [SIGINT, SIGTERM, SIGKILL])
  func anInterruptedBenchLeavesNoWorker(signal: Int32) throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let bench = try Program.swiftinfer.start(
        "bench", model.file, "--inputs", "1000000", "--repetitions", "1000", "--budget", "0", "--threads", "1")
      var worker: pid_t?
      while worker == nil && bench.isRunning { worker = children(of: bench.processIdentifier).first }
      let child = try #require(worker)
      kill(bench.processIdentifier, signal)
      bench.waitUntilExit()
      #expect(bench.terminationStatus == (signal == SIGKILL ? SIGKILL : 128 + signal))
      // Init takes the worker over and may be slow to bury it.
      while let state = status(of: child)?.state, state != "Z" { usleep(1000) }
    }
  }

  /// Processes whose parent is another.
  private func children(of parent: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { status(of: $0)?.parent == parent }
  }

  /// What Linux tells of a process behind its name in parentheses; nil if it is gone.
  private func status(of process: pid_t) -> (state: String, parent: pid_t)? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 1,
      let parent = pid_t(fields[1])
    else { return nil }
    return (String(fields[0]), parent)
  }

  @Test func theExampleRuns() throws {
    let outcome = try Program.example()
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.hasPrefix("output: class "))
  }
}
