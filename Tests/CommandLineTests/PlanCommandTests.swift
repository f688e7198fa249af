import Foundation
import Graph
import Testing

/// Plan files on the command line.
struct PlanCommandTests {
  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func commandsTakeAPlanInTheModelsPlace() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      // Its name says nothing.
      let plan = folder.appending(path: "model.bin").path
      let made = try Program.swiftinfer("compile", model.file, "-o", plan, "--threads", "1")
      #expect(made.exitCode == 0 && made.output.isEmpty && made.errors.hasPrefix("\(plan): \(model.file), "))

      let run = ["run", "--input", "x=\(model.input)", "--json"]
      #expect(try Program.swiftinfer(run + [plan]).output == Program.swiftinfer(run + [model.file]).output)
      let latency = try Program.swiftinfer("latency", plan, "--runs", "2", "--warmup", "1", "--json")
      #expect(try object(latency.output)["model"] as? String == plan)
      let steps = try Program.swiftinfer("inspect", plan, "--plan")
      #expect(try steps.output == Program.swiftinfer("inspect", model.file, "--plan").output)

      let summary = try object(Program.swiftinfer("inspect", plan, "--json").output)
      #expect(summary["operators"] as? [String: Int] == ["Relu": 1] && summary["opset"] as? Int == 17)
      let facts = try #require(summary["plan"] as? [String: Any])
      #expect(facts["source"] as? String == model.file && facts["threads"] as? Int == 1)
      #expect(facts["inputs"] as? [[String]] == [["float[2x3]"]] && facts["isa"] is String)
      #expect(try Program.swiftinfer("inspect", plan).output.contains("compiled    float[2x3]"))
    }
  }

  @Test func aPlanKeepsItsOwnChoices() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let plan = folder.appending(path: "model.plan").path
      _ = try Program.swiftinfer("compile", model.file, "-o", plan)
      let reason = "\(plan) is a plan file and has its own choice; compile the model with this one"
      for (option, name) in [
        (["--winograd", "off"], "--winograd"), (["--tune", "off"], "--tune"),
        (["--no-optimize"], "--optimize, --no-optimize"), (["--padding-skip", "on"], "--padding-skip"),
      ] {
        let outcome = try Program.swiftinfer(["latency", plan] + option)
        #expect(outcome.exitCode == 2 && outcome.errors == "swiftinfer: \(name): \(reason)\n")
      }
      let again = try Program.swiftinfer("compile", plan, "-o", plan)
      #expect(again.exitCode == 2 && again.errors.contains("expected a model to compile"))
      // Sizes are the plan's; `inspect --plan` takes others.
      let sized = try Program.swiftinfer("inspect", plan, "--shape", "x=2x3")
      #expect(sized.exitCode == 2)
    }
  }

  /// Sizes that are not given are those that the plan was compiled for, first of all.
  @Test func aPlanIsMeasuredInItsOwnSizes() throws {
    try withTemporaryFolder { folder in
      var graph = Graph(name: "free")
      let x = graph.addInput(name: "x", type: .tensor(.float32, [.symbol("n"), .symbol("m")]))
      graph.addOutput(graph.append(OperatorID("Relu", version: 14), name: "relu", inputs: [x], output: "y"))
      let model = folder.appending(path: "model.onnx").path
      try Model(graph: graph).write(to: model)
      let plan = folder.appending(path: "model.plan").path
      _ = try Program.swiftinfer("compile", model, "-o", plan, "--shape", "x=3x5", "--shape", "x=2x7")
      func output(_ arguments: String...) throws -> String? {
        let latency = ["latency", plan, "--runs", "1", "--warmup", "0", "--profile", "--json"]
        let layers = try object(Program.swiftinfer(latency + arguments).output)["layers"] as? [[String: Any]]
        return layers?.first?["output"] as? String
      }
      #expect(try output() == "float[3x5]")
      #expect(try output("--shape", "x=4x6") == "float[4x6]")
      func steps(_ arguments: String...) throws -> String {
        try Program.swiftinfer(["inspect", plan, "--plan"] + arguments).output
      }
      #expect(try steps().contains("3x5"))
      #expect(try steps("--shape", "x=4x6").contains("4x6"))
    }
  }

  /// Nobody gave the sizes that the model cannot take: the error says which they were, and how to give others.
  @Test func sizesThatWereAssumedAreNamed() throws {
    try withTemporaryFolder { folder in
      var graph = Graph(name: "free")
      let x = graph.addInput(name: "x", type: .tensor(.float32, [.symbol("n"), .symbol("m")]))
      let y = graph.addInput(name: "y", type: .tensor(.float32, [3, 5]))
      graph.addOutput(graph.append(OperatorID("MatMul", version: 13), name: "product", inputs: [x, y], output: "z"))
      let model = folder.appending(path: "model.onnx").path
      try Model(graph: graph).write(to: model)
      for arguments in [
        ["compile", model, "-o", model + ".plan"], ["inspect", model, "--plan"], ["latency", model, "--runs", "1"],
      ] {
        let outcome = try Program.swiftinfer(arguments)
        #expect(outcome.exitCode == 1 && outcome.errors.contains("node 'product'"))
        #expect(
          outcome.errors.hasSuffix(
            "; the model leaves sizes of inputs open, assumed were x=1x128: give others by --shape\n"))
        #expect(try Program.swiftinfer(arguments + ["--shape", "x=2x3"]).exitCode == 0)
        let given = try Program.swiftinfer(arguments + ["--shape", "x=2x4"])
        #expect(given.exitCode == 1 && !given.errors.contains("assumed"))
      }
    }
  }

  /// Plans of the cache tell of their model what they hold.
  @Test func everyPlanCanBeInspected() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let cache = folder.appending(path: "cache")
      let run = ["run", model.file, "--plan-cache", "--input", "x=\(model.input)"]
      _ = try Program.swiftinfer(run, environment: ["SWIFTINFER_CACHE": cache.path])
      let plan = try #require(
        try FileManager.default.contentsOfDirectory(at: cache, includingPropertiesForKeys: nil).first?.path)
      let text = try Program.swiftinfer("inspect", plan)
      #expect(text.exitCode == 0 && text.output.contains("operators   Relu 1"))
      #expect(text.output.contains("compiled    float[2x3]") && !text.output.contains("sparsity"))
      let summary = try object(Program.swiftinfer("inspect", plan, "--json").output)
      #expect(summary["operators"] as? [String: Int] == ["Relu": 1] && summary["opset"] as? Int == 17)
      #expect((summary["plan"] as? [String: Any])?["source"] as? String == model.file)
    }
  }

  @Test func aStalePlanIsNotInspected() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let plan = folder.appending(path: "model.plan").path
      _ = try Program.swiftinfer("compile", model.file, "-o", plan)
      let bytes = try Data(contentsOf: URL(filePath: model.file))
      try (bytes + bytes).write(to: URL(filePath: model.file))
      for arguments in [[], ["--plan"], ["--json"]] {
        let outcome = try Program.swiftinfer(["inspect", plan] + arguments)
        #expect(outcome.exitCode == 1 && outcome.errors.contains("\(plan): stale: \(model.file) changed its size"))
      }
    }
  }

  @Test func theModelIsNoPlaceForItsPlan() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let bytes = try Data(contentsOf: URL(filePath: model.file))
      let link = folder.appending(path: "link").path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "model.onnx")
      for output in [model.file, link] {
        let outcome = try Program.swiftinfer("compile", model.file, "-o", output)
        #expect(outcome.exitCode == 2 && outcome.output.isEmpty)
        #expect(
          outcome.errors == "swiftinfer: option 'output': expected a file that the model is not read from, "
            + "found \(output), which is \(model.file)\n")
        #expect(try Data(contentsOf: URL(filePath: model.file)) == bytes)
      }
    }
  }

  /// A file that grows beyond what the process may write is an error, and no plan is missed.
  @Test func aLimitOfFileSizesIsAnError() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "model.onnx").path
      #expect(try Program.swiftinfer("zoo", "build", "tiny-cnn", "-o", model).exitCode == 0)
      let plan = folder.appending(path: "model.plan").path
      func limited(_ arguments: String) throws -> Program.Outcome {
        try Program.shell(
          ["-c", "ulimit -f 16; exec '\(Program.swiftinfer.executable.path)' \(arguments)"],
          environment: ["SWIFTINFER_CACHE": folder.appending(path: "cache").path])
      }
      let compiled = try limited("compile '\(model)' -o '\(plan)'")
      #expect(compiled.exitCode == 1 && compiled.errors.contains("\(plan): cannot write: "))
      let latency = try limited("latency '\(model)' --plan-cache --runs 1 --warmup 0")
      #expect(latency.exitCode == 0 && latency.errors.contains("the plan is not kept: "))
      #expect(!FileManager.default.fileExists(atPath: plan))
    }
  }

  @Test func aFaultyPlanIsAnErrorOfOneLine() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let plan = folder.appending(path: "model.plan").path
      _ = try Program.swiftinfer("compile", model.file, "-o", plan)
      let whole = try Data(contentsOf: URL(filePath: plan))
      try whole.dropLast().write(to: URL(filePath: plan))
      let cut = try Program.swiftinfer("latency", plan)
      #expect(cut.exitCode == 1)
      #expect(
        cut.errors == "swiftinfer: \(plan): damaged: it has \(whole.count - 1) bytes instead of \(whole.count); "
          + "compile the model anew (swiftinfer compile MODEL -o \(plan))\n")
      try whole.write(to: URL(filePath: plan))
      let foreign = try Program.swiftinfer(
        ["latency", plan, "--runs", "1"], environment: ["SWIFTINFER_ISA": "openblas"])
      #expect(foreign.exitCode == 1 && foreign.errors.contains(": foreign: its instruction set is "))
      // One that nobody has is no reason to compile anew.
      let unknown = try Program.swiftinfer(["latency", plan], environment: ["SWIFTINFER_ISA": "bogus"])
      #expect(
        try unknown.exitCode == 1
          && unknown.errors
            == Program.swiftinfer(
              ["latency", model.file], environment: ["SWIFTINFER_ISA": "bogus"]
            ).errors
      )
    }
  }

  @Test func plansAreKeptInTheCacheFolder() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let cache = folder.appending(path: "cache")
      let environment = ["SWIFTINFER_CACHE": cache.path]
      func plans() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: cache, includingPropertiesForKeys: nil)
      }
      let latency = ["latency", model.file, "--plan-cache", "--threads", "1", "--runs", "1", "--warmup", "0", "--json"]
      #expect(try Program.swiftinfer(latency, environment: environment).exitCode == 0)
      #expect(try plans().count == 1)
      let run = ["run", model.file, "--plan-cache", "--threads", "1", "--input", "x=\(model.input)"]
      let first = try Program.swiftinfer(run, environment: environment)
      #expect(first.exitCode == 0 && first.errors.isEmpty)
      #expect(try plans().count == 1)
      let plan = try #require(try plans().first)
      try Data(try Data(contentsOf: plan).dropLast(5)).write(to: plan)
      let second = try Program.swiftinfer(run, environment: environment)
      #expect(second.output == first.output && second.exitCode == 0)
      #expect(
        second.errors.hasPrefix("swiftinfer: note: \(plan.path): damaged: ")
          && second.errors.hasSuffix("; it is made anew\n"))
      #expect(try Program.swiftinfer(run, environment: environment).errors.isEmpty)

      // Another number of threads takes the same plan.
      _ = try Program.swiftinfer(run + ["--threads", "2"], environment: environment)
      #expect(try plans().count == 1)

      let zoo = try Program.swiftinfer(["latency", "zoo:tiny-cnn", "--plan-cache"], environment: environment)
      #expect(zoo.exitCode == 2 && zoo.errors.contains("--plan-cache: zoo:tiny-cnn is no file"))
      for models in [[], ["zoo:tiny-cnn"]] {
        let bench = try Program.swiftinfer(["bench"] + models + ["--plan-cache"], environment: environment)
        #expect(bench.exitCode == 2 && bench.errors.contains("--plan-cache: models of the zoo are no files"))
      }
    }
  }
}
