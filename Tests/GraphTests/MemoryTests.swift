#if os(Linux)
  import Foundation
  import Graph
  import Testing

  /// Whatever a file says, reading it takes memory in proportion to its size.
  ///
  /// Each file is read in a process of its own, to which the system gives no more private memory than the bound: an
  /// allocation beyond it ends the process, used or not.
  struct MemoryTests {
    /// Bytes for each byte of the file, and for a file of any size: see `UnpackedMessage`, `TensorReader`, `GraphReader`.
    private static let (factor, allowance) = (64, 64 << 20)

    /// Ends the process if it takes this much more memory than now.
    private static func limitMemory(growth: Int) throws {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmData:") })
      let kilobytes = try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
      let bytes = rlim_t(kilobytes * 1024 + growth)
      var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) == 0)
    }

    private static func repeated(_ count: Int, _ message: ProtoBytes) -> ProtoBytes {
      ProtoBytes([ProtoBytes](repeating: message, count: count))
    }

    /// Files of about a megabyte, made of what is smallest in a file and largest in memory; and small ones that lie.
    private static let files: [(name: String, make: @Sendable () -> [UInt8])] = [
      ("empty nodes", { ProtoBytes.model(graph: repeated(500_000, .message(1))) }),
      ("empty initializers", { ProtoBytes.model(graph: repeated(500_000, .message(5))) }),
      ("empty inputs", { ProtoBytes.model(graph: repeated(500_000, .message(11))) }),
      ("empty sparse initializers", { ProtoBytes.model(graph: repeated(500_000, .message(15))) }),
      ("smallest nodes", { ProtoBytes.model(graph: repeated(200_000, .message(1, .text(4, "F")))) }),
      (
        "one node with many inputs",
        { ProtoBytes.model(graph: .message(1, repeated(500_000, .text(1, "")), .text(4, "F"))) }
      ),
      (
        "smallest inputs",
        { ProtoBytes.model(graph: ProtoBytes((0..<100_000).map { .message(11, .text(1, "\($0)")) })) }
      ),
      (
        "smallest initializers",
        {
          ProtoBytes.model(
            graph: ProtoBytes((0..<60_000).map { .initializer(.tensor(1, [0], name: "\($0)")) }))
        }
      ),
      (
        "a tensor of many dimensions",
        {
          let dims = ProtoBytes.packed(1, [Int](repeating: 1, count: 1_000_000))
          return ProtoBytes.model(graph: .message(5, dims, .int(2, 1), .text(8, "w"), .data(9, [0, 0, 0, 0])))
        }
      ),
      (
        "many strings",
        {
          ProtoBytes.model(
            graph: .initializer(.tensor(8, [500_000], name: "w", repeated(500_000, .text(6, "")))))
        }
      ),
      (
        "many attributes",
        {
          let attributes = ProtoBytes((0..<80_000).map { .message(5, .text(1, "\($0)"), .int(3, 1), .int(20, 2)) })
          return ProtoBytes.model(graph: .node("F", [], ["y"], attributes: attributes))
        }
      ),
      (
        "many numbers in an attribute",
        {
          let ints = ProtoBytes.message(
            5, .text(1, "a"), .int(20, 7), .packed(8, [Int](repeating: 1, count: 1_000_000)))
          return ProtoBytes.model(graph: .node("F", [], ["y"], attributes: ints))
        }
      ),
      (
        "packed numbers of a byte as int64",
        {
          let ones = ProtoBytes.packed(7, [Int](repeating: 1, count: 1_000_000))
          return ProtoBytes.model(graph: .initializer(.tensor(7, [1_000_000], name: "w", ones)))
        }
      ),
      ("a raw tensor that lies", { lie(.tensor(1, [1 << 40], name: "w", .data(9, [0, 0, 0, 0]))) }),
      ("a typed tensor that lies", { lie(.tensor(7, [1 << 30], name: "w", .packed(7, [1, 2, 3]))) }),
      ("strings that lie", { lie(.tensor(8, [1 << 30], name: "w", .text(6, "one"))) }),
      ("a length that lies", { lie(.tensor(1, [1 << 28], name: "w", .data(9, [0], claimedLength: 1 << 30))) }),
      (
        "sparse tensors",
        {
          ProtoBytes.model(
            graph: ProtoBytes(
              (0..<1_000).map {
                .message(
                  15, .message(1, .tensor(1, [1], name: "w\($0)", .data(9, [0, 0, 0, 0]))),
                  .message(2, .tensor(7, [1], .packed(7, [0]))), .int(3, 1 << 20))
              }))
        }
      ),
      (
        "many calls of a large function",
        {
          let nodes = (0..<10_000).map { ProtoBytes.node("Neg", ["x"], ["y\($0)"], field: 7) }
          let function = ProtoBytes([.text(1, "f"), .text(10, "local"), .text(4, "x"), .text(5, "y1")] + nodes)
          return ProtoBytes.model(
            functions: [function], graph: .input("x"),
            ProtoBytes((0..<30_000).map { .node("f", ["x"], ["z\($0)"], domain: "local") }))
        }
      ),
      (
        "functions that call functions",
        {
          let functions = (0..<30).map { level in
            ProtoBytes(
              [.text(1, "f\(level)"), .text(10, "local"), .text(4, "x"), .text(5, "y9")]
                + (0..<10).map {
                  .node("f\(level + 1)", ["x"], ["y\($0)"], domain: level < 29 ? "local" : "", field: 7)
                })
          }
          return ProtoBytes.model(
            functions: functions, graph: .input("x"), .node("f0", ["x"], ["y"], domain: "local"))
        }
      ),
    ]

    private static func lie(_ tensor: ProtoBytes) -> [UInt8] { ProtoBytes.model(graph: .initializer(tensor)) }

    @Test(arguments: files.indices)
    func readingIsBounded(index: Int) async {
      await #expect(processExitsWith: .success, "\(Self.files[index].name)") { [index = index as Int] in
        let bytes = Self.files[index].make()
        try Self.limitMemory(growth: Self.allowance + Self.factor * bytes.count)
        _ = try? Model(bytes: bytes, source: "m.onnx")
      }
    }

    /// The bound holds: twice as much ends the process.
    @Test func theBoundBinds() async {
      await #expect(processExitsWith: .failure) {
        try Self.limitMemory(growth: Self.allowance)
        let array = [UInt8](repeating: 1, count: 2 * Self.allowance)
        print(array.count)
      }
    }
  }
#endif
