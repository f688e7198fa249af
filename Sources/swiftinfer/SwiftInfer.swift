import ArgumentParser

@main
struct SwiftInfer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swiftinfer", abstract: "Runs ONNX models on CPUs and compares ways to deploy them.")
}
