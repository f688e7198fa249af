// Classifies with a model of the zoo, or with the ONNX file named on the command line:
//
//     swift run classify
//     swift run classify resnet50.onnx

import Engine
import Graph
import Zoo

@main
struct Classify {
  static func main() throws {
    let compiled =
      if let path = CommandLine.arguments.dropFirst().first {
        try CompiledModel(contentsOf: path)
      } else {
        try CompiledModel(ZooModel.tinyCNN.build())
      }
    let session = try Session(compiled, options: SessionOptions(threads: 2))

    let graph = compiled.model.graph
    guard let input = graph.inputs.first, let sizes = graph[input].type?.shape?.sizes else {
      print("the model's first input has no fixed shape")
      return
    }
    // A real program puts pixels here.
    let image = Tensor(shape: sizes, of: Float.self) { pixels in
      for index in pixels.indices { pixels[index] = Float(index % 255) / 255 - 0.5 }
    }
    let outputs = try session.run([graph[input].name: image])
    for name in graph.outputNames {
      guard let scores = outputs[name]?.elements(Float.self),
        let best = scores.indices.max(by: { scores[$0] < scores[$1] })
      else { continue }
      print("\(name): class \(best) of \(scores.count), score \(scores[best])")
    }
  }
}
