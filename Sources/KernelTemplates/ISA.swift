/// The vector primitives of one instruction set, which every kernel template is written in.
///
/// A conformer is a caseless enum in a module compiled with that instruction set's flags; each primitive is one intrinsic. A
/// template is an `@inlinable @inline(__always)` generic function over `I: ISA` and compiles to the conformer's instructions
/// where a kernel table names it:
///
///     public enum Scale<I: ISA> {
///       @inlinable @inline(__always)
///       public static func run(_ x: UnsafeMutablePointer<Float>, count: Int, by factor: Float) {
///         let f = I.broadcast(factor)
///         let whole = count / I.lanes * I.lanes
///         var i = 0
///         while i < whole {
///           I.store(x + i, I.mul(I.load(x + i), f))
///           i += I.lanes
///         }
///         let rest = I.mask(first: count - whole)
///         I.store(x + whole, I.mul(I.load(x + whole, rest), f), rest)
///       }
///     }
///
/// Rules for code that is compiled with an instruction set's flags:
/// - Pointers, `InlineArray`, integers and the primitives only. `Array`, `String`, closures that escape, existentials and
///   generic standard-library algorithms make the compiler emit *shared* specialisations and metadata accessors, of which
///   the linker keeps one copy for the whole program: that copy may then hold AVX-512 instructions and crash an older
///   processor in unrelated code. `nm` on the
///   module's objects must list no weak (W, V) symbol but those that name the instruction set's own type.
/// - No arithmetic on generic `SIMD` types: without the conformer's primitives the code falls to scalar loops.
/// - Loops are `while` loops or `for` over a range of constants that unrolls; a register tile is
///   `InlineArray<MR, InlineArray<NR, I.F32>>` with integer generic parameters.
///
/// Masked loads and stores never touch the lanes that are off, not even to fault, so a vector may reach past a buffer's end.
public protocol ISA: SendableMetatype {
  /// A vector of `lanes` single-precision numbers.
  associatedtype F32: BitwiseCopyable
  /// A vector of `lanes` 32-bit integers.
  associatedtype I32: BitwiseCopyable
  /// One truth value per lane.
  associatedtype Mask

  /// The instruction set's name, as `SWIFTINFER_ISA` spells it.
  static var name: StaticString { get }
  /// 32-bit lanes in a vector.
  static var lanes: Int { get }
  /// Vector registers: what a register tile has to fit.
  static var registers: Int { get }

  // MARK: Memory. No pointer needs more than the element's alignment.

  /// p[0 ..< lanes].
  static func load(_ p: UnsafePointer<Float>) -> F32
  /// Writes p[0 ..< lanes].
  static func store(_ p: UnsafeMutablePointer<Float>, _ v: F32)
  /// The lanes that are on; zero in the others.
  static func load(_ p: UnsafePointer<Float>, _ mask: Mask) -> F32
  /// Writes the lanes that are on.
  static func store(_ p: UnsafeMutablePointer<Float>, _ v: F32, _ mask: Mask)
  /// Transposes a square of lanes x lanes elements, whose rows are so many elements apart. The two do not overlap.
  static func transpose(
    _ from: UnsafePointer<Float>, _ fromStride: Int, _ to: UnsafeMutablePointer<Float>, _ toStride: Int)
  /// In every quad of lanes, transposes the square that the four vectors' quads form. It undoes itself.
  static func transposeQuads(_ v: InlineArray<4, F32>) -> InlineArray<4, F32>
  /// In every quad of lanes, the first two of a and the first two of b.
  static func firstPairs(_ a: F32, _ b: F32) -> F32
  /// In every quad of lanes, the last two of a and the last two of b.
  static func lastPairs(_ a: F32, _ b: F32) -> F32
  /// p[0 ..< lanes].
  static func loadI32(_ p: UnsafePointer<Int32>) -> I32
  /// Writes p[0 ..< lanes].
  static func storeI32(_ p: UnsafeMutablePointer<Int32>, _ v: I32)

  // MARK: Constants

  /// `x` in every lane.
  static func broadcast(_ x: Float) -> F32
  /// `x` in every lane.
  static func broadcastI32(_ x: Int32) -> I32
  /// Positive zero in every lane.
  static func zero() -> F32
  /// Lanes 0 ..< n on; `n` of 0 or less is none, of `lanes` or more is all.
  static func mask(first n: Int) -> Mask
  /// Lanes `start` ..< `end` on; either may lie before the first lane or behind the last.
  static func mask(from start: Int, to end: Int) -> Mask

  // MARK: Arithmetic

  /// a + b, rounded to nearest, as all arithmetic here.
  static func add(_ a: F32, _ b: F32) -> F32
  /// a - b.
  static func sub(_ a: F32, _ b: F32) -> F32
  /// a * b.
  static func mul(_ a: F32, _ b: F32) -> F32
  /// a / b, correctly rounded.
  static func div(_ a: F32, _ b: F32) -> F32
  /// a * b + c, rounded once where the instruction set has it; twice on the portable x86 one.
  static func fma(_ a: F32, _ b: F32, _ c: F32) -> F32
  /// c - a * b, as `fma`.
  static func fnma(_ a: F32, _ b: F32, _ c: F32) -> F32
  /// The larger; `b` if either is NaN. So `max(bound, x)` passes a NaN of x on.
  static func max(_ a: F32, _ b: F32) -> F32
  /// The smaller; `b` if either is NaN.
  static func min(_ a: F32, _ b: F32) -> F32
  /// The square root, correctly rounded; NaN below zero.
  static func sqrt(_ a: F32) -> F32
  /// The sign bit cleared, of a NaN too.
  static func abs(_ a: F32) -> F32
  /// The sign bit flipped, of zero and NaN too.
  static func neg(_ a: F32) -> F32
  /// To the nearest whole number, ties to even.
  static func round(_ a: F32) -> F32
  /// To the nearest whole number that is not greater.
  static func floor(_ a: F32) -> F32

  // MARK: Bits

  /// The bits that both have.
  static func and(_ a: F32, _ b: F32) -> F32
  /// The bits that either has.
  static func or(_ a: F32, _ b: F32) -> F32
  /// The bits that one of them has and the other has not.
  static func xor(_ a: F32, _ b: F32) -> F32

  // MARK: Comparison. False where either is NaN, but for `isNaN`.

  /// a < b.
  static func less(_ a: F32, _ b: F32) -> Mask
  /// a <= b.
  static func lessOrEqual(_ a: F32, _ b: F32) -> Mask
  /// a == b; the two zeros are equal.
  static func equal(_ a: F32, _ b: F32) -> Mask
  /// Lanes that hold a NaN.
  static func isNaN(_ a: F32) -> Mask
  /// a > b, signed.
  static func greaterI32(_ a: I32, _ b: I32) -> Mask
  /// a == b.
  static func equalI32(_ a: I32, _ b: I32) -> Mask
  /// `a` where the mask is on, `b` elsewhere.
  static func select(_ mask: Mask, _ a: F32, _ b: F32) -> F32
  /// Lanes that are on in both.
  static func andMask(_ a: Mask, _ b: Mask) -> Mask
  /// Lanes that are on in either.
  static func orMask(_ a: Mask, _ b: Mask) -> Mask
  /// Whether a lane is on.
  static func anyMask(_ mask: Mask) -> Bool

  // MARK: Integers

  /// a + b modulo 2³².
  static func addI32(_ a: I32, _ b: I32) -> I32
  /// a - b modulo 2³².
  static func subI32(_ a: I32, _ b: I32) -> I32
  /// The low 32 bits of a * b.
  static func mulI32(_ a: I32, _ b: I32) -> I32
  /// The smaller, signed.
  static func minI32(_ a: I32, _ b: I32) -> I32
  /// The larger, signed.
  static func maxI32(_ a: I32, _ b: I32) -> I32
  /// The bits that both have.
  static func andI32(_ a: I32, _ b: I32) -> I32
  /// The bits that either has.
  static func orI32(_ a: I32, _ b: I32) -> I32
  /// The bits that one of them has and the other has not.
  static func xorI32(_ a: I32, _ b: I32) -> I32
  /// `bits` is a constant of 0 ... 31.
  static func shiftLeft(_ a: I32, _ bits: Int) -> I32
  /// Arithmetic: copies the sign in. `bits` is a constant of 0 ... 31.
  static func shiftRight(_ a: I32, _ bits: Int) -> I32
  /// Logical: zeros in. `bits` is a constant of 0 ... 31.
  static func shiftRightLogical(_ a: I32, _ bits: Int) -> I32

  // MARK: Conversion

  /// To the nearest, ties to even. Out of range or NaN: unspecified.
  static func convertToI32(_ a: F32) -> I32
  /// Towards zero. Out of range or NaN: unspecified.
  static func truncateToI32(_ a: F32) -> I32
  /// The nearest number, ties to even; signed.
  static func convertToF32(_ a: I32) -> F32
  /// The same bits.
  static func bitsAsI32(_ a: F32) -> I32
  /// The same bits.
  static func bitsAsF32(_ a: I32) -> F32

  // MARK: Across lanes

  /// Lanes 0, 2, 4, … of `a` and then of `b`.
  static func even(_ a: F32, _ b: F32) -> F32
  /// Lanes 1, 3, 5, … of `a` and then of `b`.
  static func odd(_ a: F32, _ b: F32) -> F32
  /// The last lane of `x`, and then all lanes of `a` but the last.
  static func shiftIn(_ a: F32, _ x: F32) -> F32
  /// The sum of all lanes, added in pairs: the order differs by instruction set.
  static func sum(_ a: F32) -> Float
  /// The largest lane; unspecified if one is NaN.
  static func maximum(_ a: F32) -> Float
  /// The smallest lane; unspecified if one is NaN.
  static func minimum(_ a: F32) -> Float
}

extension ISA {
  /// p[0], p[2], p[4], …; reads all of p[0 ..< 2 * lanes].
  @inlinable @inline(__always)
  public static func loadEven(_ p: UnsafePointer<Float>) -> F32 { even(load(p), load(p + lanes)) }
}
