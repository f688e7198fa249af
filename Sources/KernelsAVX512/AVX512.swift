import CIntrinsics
import KernelTemplates

/// AVX-512 F, BW, DQ and VL: sixteen lanes, thirty-two registers, mask registers.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
public enum AVX512: ISA {
  public typealias F32 = __m512
  public typealias I32 = __m512i
  public typealias Mask = __mmask16

  @inlinable @inline(__always) public static var name: StaticString { "avx512" }
  @inlinable @inline(__always) public static var lanes: Int { 16 }
  @inlinable @inline(__always) public static var registers: Int { 32 }

  @inlinable @inline(__always) public static func load(_ p: UnsafePointer<Float>) -> F32 { _mm512_loadu_ps(p) }
  @inlinable @inline(__always) public static func store(_ p: UnsafeMutablePointer<Float>, _ v: F32) {
    _mm512_storeu_ps(p, v)
  }
  @inlinable @inline(__always) public static func load(_ p: UnsafePointer<Float>, _ mask: Mask) -> F32 {
    _mm512_maskz_loadu_ps(mask, p)
  }
  @inlinable @inline(__always) public static func store(_ p: UnsafeMutablePointer<Float>, _ v: F32, _ mask: Mask) {
    _mm512_mask_storeu_ps(p, mask, v)
  }
  @inlinable @inline(__always) public static func loadI32(_ p: UnsafePointer<Int32>) -> I32 { _mm512_loadu_si512(p) }
  @inlinable @inline(__always) public static func storeI32(_ p: UnsafeMutablePointer<Int32>, _ v: I32) {
    _mm512_storeu_si512(p, v)
  }

  @inlinable @inline(__always) public static func broadcast(_ x: Float) -> F32 { _mm512_set1_ps(x) }
  @inlinable @inline(__always) public static func broadcastI32(_ x: Int32) -> I32 { _mm512_set1_epi32(x) }
  @inlinable @inline(__always) public static func zero() -> F32 { _mm512_setzero_ps() }
  @inlinable @inline(__always) public static func mask(first n: Int) -> Mask {
    n <= 0 ? 0 : n >= 16 ? 0xFFFF : Mask(truncatingIfNeeded: (1 &<< n) &- 1)
  }
  @inlinable @inline(__always) public static func mask(from start: Int, to end: Int) -> Mask {
    mask(first: end) & ~mask(first: start)
  }

  @inlinable @inline(__always) public static func add(_ a: F32, _ b: F32) -> F32 { _mm512_add_ps(a, b) }
  @inlinable @inline(__always) public static func sub(_ a: F32, _ b: F32) -> F32 { _mm512_sub_ps(a, b) }
  @inlinable @inline(__always) public static func mul(_ a: F32, _ b: F32) -> F32 { _mm512_mul_ps(a, b) }
  @inlinable @inline(__always) public static func div(_ a: F32, _ b: F32) -> F32 { _mm512_div_ps(a, b) }
  @inlinable @inline(__always) public static func fma(_ a: F32, _ b: F32, _ c: F32) -> F32 { _mm512_fmadd_ps(a, b, c) }
  @inlinable @inline(__always) public static func fnma(_ a: F32, _ b: F32, _ c: F32) -> F32 {
    _mm512_fnmadd_ps(a, b, c)
  }
  @inlinable @inline(__always) public static func max(_ a: F32, _ b: F32) -> F32 { _mm512_max_ps(a, b) }
  @inlinable @inline(__always) public static func min(_ a: F32, _ b: F32) -> F32 { _mm512_min_ps(a, b) }
  @inlinable @inline(__always) public static func sqrt(_ a: F32) -> F32 { _mm512_sqrt_ps(a) }
  @inlinable @inline(__always) public static func abs(_ a: F32) -> F32 { _mm512_andnot_ps(_mm512_set1_ps(-0.0), a) }
  @inlinable @inline(__always) public static func neg(_ a: F32) -> F32 { _mm512_xor_ps(_mm512_set1_ps(-0.0), a) }
  @inlinable @inline(__always) public static func round(_ a: F32) -> F32 { isa_mm512_round_nearest_ps(a) }
  @inlinable @inline(__always) public static func floor(_ a: F32) -> F32 { isa_mm512_floor_ps(a) }

  @inlinable @inline(__always) public static func and(_ a: F32, _ b: F32) -> F32 { _mm512_and_ps(a, b) }
  @inlinable @inline(__always) public static func or(_ a: F32, _ b: F32) -> F32 { _mm512_or_ps(a, b) }
  @inlinable @inline(__always) public static func xor(_ a: F32, _ b: F32) -> F32 { _mm512_xor_ps(a, b) }

  @inlinable @inline(__always) public static func less(_ a: F32, _ b: F32) -> Mask { isa_mm512_cmplt_ps(a, b) }
  @inlinable @inline(__always) public static func lessOrEqual(_ a: F32, _ b: F32) -> Mask { isa_mm512_cmple_ps(a, b) }
  @inlinable @inline(__always) public static func equal(_ a: F32, _ b: F32) -> Mask { isa_mm512_cmpeq_ps(a, b) }
  @inlinable @inline(__always) public static func isNaN(_ a: F32) -> Mask { isa_mm512_cmpunord_ps(a, a) }
  @inlinable @inline(__always) public static func greaterI32(_ a: I32, _ b: I32) -> Mask { isa_mm512_cmpgt_epi32(a, b) }
  @inlinable @inline(__always) public static func equalI32(_ a: I32, _ b: I32) -> Mask { isa_mm512_cmpeq_epi32(a, b) }
  @inlinable @inline(__always) public static func select(_ mask: Mask, _ a: F32, _ b: F32) -> F32 {
    _mm512_mask_blend_ps(mask, b, a)
  }
  @inlinable @inline(__always) public static func andMask(_ a: Mask, _ b: Mask) -> Mask { a & b }
  @inlinable @inline(__always) public static func orMask(_ a: Mask, _ b: Mask) -> Mask { a | b }
  @inlinable @inline(__always) public static func anyMask(_ mask: Mask) -> Bool { mask != 0 }

  @inlinable @inline(__always) public static func addI32(_ a: I32, _ b: I32) -> I32 { _mm512_add_epi32(a, b) }
  @inlinable @inline(__always) public static func subI32(_ a: I32, _ b: I32) -> I32 { _mm512_sub_epi32(a, b) }
  @inlinable @inline(__always) public static func mulI32(_ a: I32, _ b: I32) -> I32 { _mm512_mullo_epi32(a, b) }
  @inlinable @inline(__always) public static func minI32(_ a: I32, _ b: I32) -> I32 { _mm512_min_epi32(a, b) }
  @inlinable @inline(__always) public static func maxI32(_ a: I32, _ b: I32) -> I32 { _mm512_max_epi32(a, b) }
  @inlinable @inline(__always) public static func andI32(_ a: I32, _ b: I32) -> I32 { _mm512_and_epi32(a, b) }
  @inlinable @inline(__always) public static func orI32(_ a: I32, _ b: I32) -> I32 { _mm512_or_epi32(a, b) }
  @inlinable @inline(__always) public static func xorI32(_ a: I32, _ b: I32) -> I32 { _mm512_xor_epi32(a, b) }
  @inlinable @inline(__always) public static func shiftLeft(_ a: I32, _ bits: Int) -> I32 {
    _mm512_slli_epi32(a, UInt32(truncatingIfNeeded: bits))
  }
  @inlinable @inline(__always) public static func shiftRight(_ a: I32, _ bits: Int) -> I32 {
    _mm512_srai_epi32(a, UInt32(truncatingIfNeeded: bits))
  }
  @inlinable @inline(__always) public static func shiftRightLogical(_ a: I32, _ bits: Int) -> I32 {
    _mm512_srli_epi32(a, UInt32(truncatingIfNeeded: bits))
  }

  @inlinable @inline(__always) public static func convertToI32(_ a: F32) -> I32 { _mm512_cvtps_epi32(a) }
  @inlinable @inline(__always) public static func truncateToI32(_ a: F32) -> I32 { _mm512_cvttps_epi32(a) }
  @inlinable @inline(__always) public static func convertToF32(_ a: I32) -> F32 { _mm512_cvtepi32_ps(a) }
  @inlinable @inline(__always) public static func bitsAsI32(_ a: F32) -> I32 { _mm512_castps_si512(a) }
  @inlinable @inline(__always) public static func bitsAsF32(_ a: I32) -> F32 { _mm512_castsi512_ps(a) }

  @inlinable @inline(__always) public static func even(_ a: F32, _ b: F32) -> F32 {
    _mm512_permutex2var_ps(a, _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0), b)
  }
  @inlinable @inline(__always) public static func odd(_ a: F32, _ b: F32) -> F32 {
    _mm512_permutex2var_ps(a, _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1), b)
  }
  @inlinable @inline(__always) public static func shiftIn(_ a: F32, _ x: F32) -> F32 { isa_mm512_shift_in_ps(a, x) }
  @inlinable @inline(__always) public static func sum(_ a: F32) -> Float { _mm512_reduce_add_ps(a) }
  @inlinable @inline(__always) public static func maximum(_ a: F32) -> Float { _mm512_reduce_max_ps(a) }
  @inlinable @inline(__always) public static func minimum(_ a: F32) -> Float { _mm512_reduce_min_ps(a) }
}
