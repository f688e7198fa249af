import Foundation
import Testing

/// Arguments that cannot be used: exit code 2, nothing on standard output, and one line that says what and the mend.
struct ArgumentTests {
  static let known =
    "wide_resnet101_2, resnext101_64x4d, bert-base, roberta-base, wide_resnet50_2, resnext50_32x4d, bert-small, "
    + "roberta-tiny, resnet50, mobilenet_v2, tiny-cnn, tiny-encoder"

  static let table: [(arguments: [String], message: String)] = [
    (["inspect"], "Missing expected argument '<model>'; see 'swiftinfer inspect --help'"),
    (["inspect", "a", "b"], "Unexpected argument 'b'; see 'swiftinfer inspect --help'"),
    (
      ["inspect", "zoo:resnet"],
      "no model of the zoo is named 'resnet'; known are \(known); see 'swiftinfer inspect --help'"
    ),
    (["run", "a", "--text-pair", "b"], "--text-pair needs --text; see 'swiftinfer run --help'"),
    (["run", "a", "--vocab", "b"], "--vocab needs --text; see 'swiftinfer run --help'"),
    (
      ["run", "a", "--text", "b", "--image", "c"],
      "--image and --text exclude each other; see 'swiftinfer run --help'"
    ),
    (["verify"], "Missing expected argument '<dir> ...'; see 'swiftinfer verify --help'"),
    (["verify", "a", "--threads", "0"], "--threads must be at least 1, found 0; see 'swiftinfer verify --help'"),
    (
      ["verify", "a", "--update-baseline"],
      "--update-baseline and --known-differences need --baseline; see 'swiftinfer verify --help'"
    ),
    (["latency", "a", "--runs", "0"], "--runs must be at least 1, found 0; see 'swiftinfer latency --help'"),
    (["latency", "a", "--warmup=-1"], "--warmup must be at least 0, found -1; see 'swiftinfer latency --help'"),
    (["latency", "a", "--threads", "0"], "--threads must be at least 1, found 0; see 'swiftinfer latency --help'"),
    (
      ["bench", "--operators", "qat"],
      "--operators takes identity, distilled, found 'qat'; see 'swiftinfer bench --help'"
    ),
    (["bench", "--operators", ""], "--operators takes identity, distilled, found ''; see 'swiftinfer bench --help'"),
    (
      ["latency", "a", "--runs", "9223372036854775807"],
      "--runs must be at most 1000000000, found 9223372036854775807; see 'swiftinfer latency --help'"
    ),
    (["run", "a", "--threads", "1025"], "--threads must be at most 1024, found 1025; see 'swiftinfer run --help'"),
    (
      ["verify", "a", "--timeout", "9223372036854775807"],
      "--timeout must be at most 1000000000, found 9223372036854775807; see 'swiftinfer verify --help'"
    ),
    (
      ["bench", "--repetitions", "9223372036854775807"],
      "--repetitions must be at most 1000000000, found 9223372036854775807; see 'swiftinfer bench --help'"
    ),
    (
      ["latency", "a", "--session", "often"],
      "The value 'often' is invalid for '--session <policy>'. Please provide one of 'resident' and 'per-request'; see 'swiftinfer latency --help'"
    ),
    (
      ["run", "a", "--tune", "much"],
      "The value 'much' is invalid for '--tune <effort>'. Please provide one of 'off', 'fast' or 'full'; see 'swiftinfer run --help'"
    ),
    (
      ["verify", "a", "--winograd", "1"],
      "The value '1' is invalid for '--winograd <on|off>'. Please provide one of 'on' and 'off'; see 'swiftinfer verify --help'"
    ),
    (["bench", "--budget", "nan"], "--budget must be at least 0, found nan; see 'swiftinfer bench --help'"),
    (["unknown"], "Unexpected argument 'unknown'; see 'swiftinfer --help'"),
    (["bench", "--inputs", "0"], "--inputs must be at least 1, found 0; see 'swiftinfer bench --help'"),
    (["zoo", "build", "resnet50"], "Missing expected argument '--output <file>'; see 'swiftinfer zoo build --help'"),
    (
      ["zoo", "build", "x", "-o", "y"],
      "no model of the zoo is named 'x'; known are \(known); see 'swiftinfer zoo build --help'"
    ),
  ]

  @Test(arguments: table)
  func unusableArguments(arguments: [String], message: String) throws {
    let outcome = try Program.swiftinfer(arguments)
    #expect(outcome.errors == "swiftinfer: \(message)\n")
    #expect(outcome.exitCode == 2)
    #expect(outcome.output.isEmpty)
  }

  /// Arguments that only the model tells to be wrong.
  @Test func argumentsThatDoNotFitTheModel() throws {
    try withTemporaryFolder { folder in
      let model = try SmallModel(in: folder)
      let table: [(arguments: [String], message: String)] = [
        (["latency", model.file, "--shape", "x=2x4"], "shape 2x4: input 'x' takes 2x3"),
        (["latency", model.file, "--shape", "z=1"], "input 'z': the model has no such input; it takes x"),
        (
          ["latency", model.file, "--shape", "x=2,3"], "--shape x=2,3: expected sizes joined by x, such as 1x3x224x224"
        ),
        (["run", model.file, "--input", "x"], "'x': expected NAME=VALUE"),
        (["run", model.file, "--input", "z=z.npy"], "--input z=z.npy: the model takes x"),
        (["run", model.file], "input 'x', which is float[2x3]: no value is given; use --input x=FILE"),
        (
          ["run", model.file, "--input", "x=\(model.input)", "--input", "x=\(model.input)"],
          "--input x=\(model.input): input 'x' has a file already"
        ),
        (
          ["latency", model.file, "--shape", "x=2x3", "--shape", "x=2x3"],
          "--shape x=2x3: input 'x' has a shape already"
        ),
        (
          ["run", model.file, "--image", "a.jpg"],
          "--image: the model does not take one float image, [1x3xHEIGHTxWIDTH]"
        ),
        (
          ["bench", model.file, "--operators", "distilled"],
          "--operators distilled: no model has a student (see 'swiftinfer zoo list')"
        ),
        (
          ["run", model.file, "--text", "t"],
          "--text: input 'x' does not take tokens, [batch x length]; give it by --input x=FILE"
        ),
      ]
      for (arguments, message) in table {
        var arguments = arguments
        if arguments.contains("--text") { arguments += ["--vocab", try vocabulary(in: folder)] }
        let outcome = try Program.swiftinfer(arguments)
        #expect(outcome.errors == "swiftinfer: \(message)\n")
        #expect(outcome.exitCode == 2)
      }
    }
  }

  private func vocabulary(in folder: URL) throws -> String {
    let file = folder.appending(path: "vocab.txt")
    try Data("[PAD]\n[UNK]\n[CLS]\n[SEP]\n".utf8).write(to: file)
    return file.path
  }

  @Test(arguments: [
    (["inspect", "/absent.onnx"], "/absent.onnx: cannot read: No such file or directory"),
    (["verify", "/absent"], "/absent: cannot read: no such folder"),
    (["run", "zoo:tiny-cnn", "--image", "/absent.jpg"], "/absent.jpg: cannot read: No such file or directory"),
    (["run", "zoo:tiny-cnn", "--image", "/dev/zero"], "/dev/zero: cannot read: not a regular file"),
    (["run", "zoo:tiny-cnn", "--input", "input=/tmp"], "/tmp: a tensor's file ends in .npy or .pb"),
    (
      ["latency", "zoo:tiny-cnn", "--input", "input=/absent.npy"], "/absent.npy: cannot read: No such file or directory"
    ),
    (
      ["run", "zoo:tiny-encoder", "--text", "a", "--vocab", "/absent"],
      "/absent: cannot read: No such file or directory"
    ),
    (["bench", "--data", "/absent"], "/absent: no image (.jpg, .png) and no pairs.tsv found"),
  ])
  func failuresNameTheFile(arguments: [String], message: String) throws {
    let outcome = try Program.swiftinfer(arguments)
    #expect(outcome.errors == "swiftinfer: \(message)\n")
    #expect(outcome.exitCode == 1)
    #expect(outcome.output.isEmpty)
  }
}
