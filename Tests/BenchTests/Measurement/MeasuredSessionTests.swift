import Bench
import Engine
import Graph
import Testing
import Zoo

struct MeasuredSessionTests {
  /// Two at a time would double the peak memory that is reported.
  @Test func aSessionIsGoneBeforeTheNextIsMade() throws {
    let model = try ZooModel.tinyCNN.build()
    weak var last: Session?
    var made = 0
    var current = MeasuredSession {
      #expect(last == nil)
      let session = try Session(CompiledModel(model), options: SessionOptions(threads: 1))
      (last, made) = (session, made + 1)
      return session
    }
    for _ in 0..<3 {
      current.close()
      #expect(try current() === current())
    }
    #expect(made == 3)
  }
}
