import CIntrinsics

/// Swift's `SIMD4` alone: four lanes, for processors without a tuned table, and arm64's NEON.
///
/// On arm64 `fma` rounds once; on x86, where a baseline processor has no fused multiply-add, it rounds twice.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
public enum Portable: ISA {
  public typealias F32 = SIMD4<Float>
  public typealias I32 = SIMD4<Int32>
  public typealias Mask = SIMDMask<SIMD4<Int32>>

  @inlinable @inline(__always) public static var name: StaticString { "portable" }
  @inlinable @inline(__always) public static var lanes: Int { 4 }
  @inlinable @inline(__always) public static var registers: Int {
    #if arch(arm64)
      32
    #else
      16
    #endif
  }

  @inlinable @inline(__always) public static func load(_ p: UnsafePointer<Float>) -> F32 {
    UnsafeRawPointer(p).loadUnaligned(as: F32.self)
  }
  @inlinable @inline(__always) public static func store(_ p: UnsafeMutablePointer<Float>, _ v: F32) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: F32.self)
  }
  @inlinable @inline(__always) public static func loadI32(_ p: UnsafePointer<Int32>) -> I32 {
    UnsafeRawPointer(p).loadUnaligned(as: I32.self)
  }
  @inlinable @inline(__always) public static func storeI32(_ p: UnsafeMutablePointer<Int32>, _ v: I32) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: I32.self)
  }

  @inlinable @inline(__always) public static func broadcast(_ x: Float) -> F32 { F32(repeating: x) }
  @inlinable @inline(__always) public static func broadcastI32(_ x: Int32) -> I32 { I32(repeating: x) }
  @inlinable @inline(__always) public static func zero() -> F32 { F32() }
  @inlinable @inline(__always) public static func mask(first n: Int) -> Mask {
    I32(0, 1, 2, 3) .< I32(repeating: Int32(truncatingIfNeeded: n))
  }
  @inlinable @inline(__always) public static func mask(from start: Int, to end: Int) -> Mask {
    mask(first: end) .& .!mask(first: start)
  }

  @inlinable @inline(__always) public static func add(_ a: F32, _ b: F32) -> F32 { a + b }
  @inlinable @inline(__always) public static func sub(_ a: F32, _ b: F32) -> F32 { a - b }
  @inlinable @inline(__always) public static func mul(_ a: F32, _ b: F32) -> F32 { a * b }
  @inlinable @inline(__always) public static func div(_ a: F32, _ b: F32) -> F32 { a / b }
  @inlinable @inline(__always) public static func max(_ a: F32, _ b: F32) -> F32 { b.replacing(with: a, where: a .> b) }
  @inlinable @inline(__always) public static func min(_ a: F32, _ b: F32) -> F32 { b.replacing(with: a, where: a .< b) }
  @inlinable @inline(__always) public static func sqrt(_ a: F32) -> F32 { a.squareRoot() }
  @inlinable @inline(__always) public static func abs(_ a: F32) -> F32 { bitsAsF32(bitsAsI32(a) & 0x7FFF_FFFF) }
  @inlinable @inline(__always) public static func neg(_ a: F32) -> F32 { -a }

  @inlinable @inline(__always) public static func and(_ a: F32, _ b: F32) -> F32 {
    bitsAsF32(bitsAsI32(a) & bitsAsI32(b))
  }
  @inlinable @inline(__always) public static func or(_ a: F32, _ b: F32) -> F32 {
    bitsAsF32(bitsAsI32(a) | bitsAsI32(b))
  }
  @inlinable @inline(__always) public static func xor(_ a: F32, _ b: F32) -> F32 {
    bitsAsF32(bitsAsI32(a) ^ bitsAsI32(b))
  }

  @inlinable @inline(__always) public static func less(_ a: F32, _ b: F32) -> Mask { a .< b }
  @inlinable @inline(__always) public static func lessOrEqual(_ a: F32, _ b: F32) -> Mask { a .<= b }
  @inlinable @inline(__always) public static func equal(_ a: F32, _ b: F32) -> Mask { a .== b }
  @inlinable @inline(__always) public static func isNaN(_ a: F32) -> Mask { a .!= a }
  @inlinable @inline(__always) public static func greaterI32(_ a: I32, _ b: I32) -> Mask { a .> b }
  @inlinable @inline(__always) public static func equalI32(_ a: I32, _ b: I32) -> Mask { a .== b }
  @inlinable @inline(__always) public static func select(_ mask: Mask, _ a: F32, _ b: F32) -> F32 {
    b.replacing(with: a, where: mask)
  }
  @inlinable @inline(__always) public static func andMask(_ a: Mask, _ b: Mask) -> Mask { a .& b }
  @inlinable @inline(__always) public static func orMask(_ a: Mask, _ b: Mask) -> Mask { a .| b }
  @inlinable @inline(__always) public static func anyMask(_ mask: Mask) -> Bool { Swift.any(mask) }

  @inlinable @inline(__always) public static func addI32(_ a: I32, _ b: I32) -> I32 { a &+ b }
  @inlinable @inline(__always) public static func subI32(_ a: I32, _ b: I32) -> I32 { a &- b }
  @inlinable @inline(__always) public static func mulI32(_ a: I32, _ b: I32) -> I32 { a &* b }
  @inlinable @inline(__always) public static func minI32(_ a: I32, _ b: I32) -> I32 {
    b.replacing(with: a, where: a .< b)
  }
  @inlinable @inline(__always) public static func maxI32(_ a: I32, _ b: I32) -> I32 {
    b.replacing(with: a, where: a .> b)
  }
  @inlinable @inline(__always) public static func andI32(_ a: I32, _ b: I32) -> I32 { a & b }
  @inlinable @inline(__always) public static func orI32(_ a: I32, _ b: I32) -> I32 { a | b }
  @inlinable @inline(__always) public static func xorI32(_ a: I32, _ b: I32) -> I32 { a ^ b }
  @inlinable @inline(__always) public static func shiftLeft(_ a: I32, _ bits: Int) -> I32 {
    a &<< Int32(truncatingIfNeeded: bits)
  }
  @inlinable @inline(__always) public static func shiftRight(_ a: I32, _ bits: Int) -> I32 {
    a &>> Int32(truncatingIfNeeded: bits)
  }
  @inlinable @inline(__always) public static func shiftRightLogical(_ a: I32, _ bits: Int) -> I32 {
    I32(truncatingIfNeeded: SIMD4<UInt32>(truncatingIfNeeded: a) &>> UInt32(truncatingIfNeeded: bits))
  }

  @inlinable @inline(__always) public static func bitsAsI32(_ a: F32) -> I32 { unsafeBitCast(a, to: I32.self) }
  @inlinable @inline(__always) public static func bitsAsF32(_ a: I32) -> F32 { unsafeBitCast(a, to: F32.self) }

  @inlinable @inline(__always) public static func even(_ a: F32, _ b: F32) -> F32 {
    SIMD8(lowHalf: a, highHalf: b).evenHalf
  }
  @inlinable @inline(__always) public static func shiftIn(_ a: F32, _ x: F32) -> F32 { SIMD4(x[3], a[0], a[1], a[2]) }
  @inlinable @inline(__always) public static func odd(_ a: F32, _ b: F32) -> F32 {
    SIMD8(lowHalf: a, highHalf: b).oddHalf
  }
  @inlinable @inline(__always) public static func sum(_ a: F32) -> Float { (a[0] + a[2]) + (a[1] + a[3]) }
  @inlinable @inline(__always) public static func maximum(_ a: F32) -> Float {
    Swift.max(Swift.max(a[0], a[2]), Swift.max(a[1], a[3]))
  }
  @inlinable @inline(__always) public static func minimum(_ a: F32) -> Float {
    Swift.min(Swift.min(a[0], a[2]), Swift.min(a[1], a[3]))
  }

  @inlinable @inline(__always) public static func load(_ p: UnsafePointer<Float>, _ mask: Mask) -> F32 {
    var v = F32()
    if mask[0] { v[0] = p[0] }
    if mask[1] { v[1] = p[1] }
    if mask[2] { v[2] = p[2] }
    if mask[3] { v[3] = p[3] }
    return v
  }

  @inlinable @inline(__always) public static func store(_ p: UnsafeMutablePointer<Float>, _ v: F32, _ mask: Mask) {
    if mask[0] { p[0] = v[0] }
    if mask[1] { p[1] = v[1] }
    if mask[2] { p[2] = v[2] }
    if mask[3] { p[3] = v[3] }
  }

  @inlinable @inline(__always) public static func fma(_ a: F32, _ b: F32, _ c: F32) -> F32 {
    #if arch(arm64)
      c.addingProduct(a, b)
    #else
      a * b + c
    #endif
  }

  @inlinable @inline(__always) public static func fnma(_ a: F32, _ b: F32, _ c: F32) -> F32 {
    #if arch(arm64)
      c.addingProduct(-a, b)
    #else
      c - a * b
    #endif
  }

  // Adding and taking away 1.5 * 2^23 rounds to a whole number, ties to even, below 2^22; beyond 2^23 every float is whole.
  @inlinable @inline(__always) public static func round(_ a: F32) -> F32 {
    let magic = F32(repeating: 8_388_608)
    let magnitude = abs(a)
    let rounded = (magnitude + magic) - magic
    let whole = magnitude.replacing(with: rounded, where: magnitude .< magic)
    return or(whole, and(a, F32(repeating: -0.0)))
  }

  @inlinable @inline(__always) public static func floor(_ a: F32) -> F32 {
    let nearest = round(a)
    return nearest.replacing(with: nearest - 1, where: nearest .> a)
  }

  @inlinable @inline(__always) public static func convertToI32(_ a: F32) -> I32 { truncateToI32(round(a)) }

  @inlinable @inline(__always) public static func truncateToI32(_ a: F32) -> I32 {
    #if arch(x86_64)
      unsafeBitCast(_mm_cvttps_epi32(a), to: I32.self)  // SSE2 is every x86-64 processor's
    #else
      I32(truncatingIfNeeded: a)
    #endif
  }

  @inlinable @inline(__always) public static func convertToF32(_ a: I32) -> F32 { F32(a) }
}
