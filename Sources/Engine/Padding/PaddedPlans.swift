import Graph
import Synchronization

/// The plans of a padded graph for the numbers of tokens that requests have, made when they first occur.
final class PaddedPlans: Sendable {
  private let graph: PaddedGraph
  private let compiler: PlanCompiler
  private let plans = PlanCache<Int>(capacity: PaddedPlans.capacity)
  private let isRefused = Mutex(false)

  /// Plans at most: their steps, and constants that are cut with the tokens, such as tables of positions; weights and arenas are
  /// shared.
  static let capacity = 16

  init(of graph: PaddedGraph, compiler: PlanCompiler) {
    self.graph = graph
    self.compiler = compiler
  }

  /// The executor for so many tokens; nil if the graph does not compile when cut, so that it must be run whole.
  func executor(for length: Int) -> PlanExecutor? {
    guard !isRefused.withLock({ $0 }) else { return nil }
    do throws(GraphError) {
      return try plans.executor(for: length) { () throws(GraphError) in
        PlanExecutor(plan: try compiler.plan(for: graph.cut(to: length)), kernels: compiler.kernels)
      }
    } catch {
      isRefused.withLock { $0 = true }
      return nil
    }
  }
}

// MARK: - Requests as values

extension PaddedPlans {
  /// The tokens to compute, if those behind are hidden in every text; nil to compute all.
  func length(of inputs: [RuntimeValue]) -> Int? {
    guard let mask = inputs[graph.mask].tensor, case .bytes(let storage) = mask.contents else { return nil }
    return graph.length(of: UnsafeRawBufferPointer(start: storage.base, count: mask.byteCount))
  }

  /// The inputs without the tokens from `length` on.
  func cut(_ inputs: [RuntimeValue], to length: Int) -> [RuntimeValue] {
    inputs.indices.map { index in
      guard let axis = graph.inputAxes[index], let tensor = inputs[index].tensor,
        case .bytes(let storage) = tensor.contents
      else { return inputs[index] }
      var shape = tensor.shape
      shape[axis] = length
      let part = TensorStorage(byteCount: tensor.byteCount / graph.tokens * length) { part in
        graph.copy(
          input: index, UnsafeRawBufferPointer(start: storage.base, count: tensor.byteCount), cutTo: length, into: part)
      }
      return .tensor(Tensor(dataType: tensor.dataType, shape: shape, storage: part))
    }
  }
}

// MARK: - Requests in memory

extension PaddedPlans {
  /// The tokens to compute, if those behind are hidden in every text; nil to compute all.
  func length(of inputs: [UnsafeMutableRawBufferPointer]) -> Int? {
    graph.length(of: UnsafeRawBufferPointer(inputs[graph.mask]))
  }

  /// Copies the inputs without the tokens from `length` on.
  func cut(_ inputs: [UnsafeMutableRawBufferPointer], to length: Int, into parts: [UnsafeMutableRawBufferPointer]) {
    for index in inputs.indices {
      graph.copy(input: index, UnsafeRawBufferPointer(inputs[index]), cutTo: length, into: parts[index])
    }
  }
}
