import CIntrinsics
import KernelTemplates

/// AVX2 with FMA: eight lanes, sixteen registers. A mask is a vector whose lanes are all ones or all zeros.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
public enum AVX2: ISA {
  public typealias F32 = __m256
  public typealias I32 = __m256i
  public typealias Mask = __m256

  @inlinable @inline(__always) public static var name: StaticString { "avx2" }
  @inlinable @inline(__always) public static var lanes: Int { 8 }
  @inlinable @inline(__always) public static var registers: Int { 16 }

  @inlinable @inline(__always) public static func load(_ p: UnsafePointer<Float>) -> F32 { _mm256_loadu_ps(p) }
  @inlinable @inline(__always) public static func store(_ p: UnsafeMutablePointer<Float>, _ v: F32) {
    _mm256_storeu_ps(p, v)
  }
  @inlinable @inline(__always) public static func load(_ p: UnsafePointer<Float>, _ mask: Mask) -> F32 {
    _mm256_maskload_ps(p, _mm256_castps_si256(mask))
  }
  @inlinable @inline(__always) public static func store(_ p: UnsafeMutablePointer<Float>, _ v: F32, _ mask: Mask) {
    _mm256_maskstore_ps(p, _mm256_castps_si256(mask), v)
  }
  @inlinable @inline(__always) public static func loadI32(_ p: UnsafePointer<Int32>) -> I32 {
    _mm256_loadu_si256(UnsafeRawPointer(p).assumingMemoryBound(to: __m256i_u.self))
  }
  @inlinable @inline(__always) public static func storeI32(_ p: UnsafeMutablePointer<Int32>, _ v: I32) {
    _mm256_storeu_si256(UnsafeMutableRawPointer(p).assumingMemoryBound(to: __m256i_u.self), v)
  }

  @inlinable @inline(__always) public static func broadcast(_ x: Float) -> F32 { _mm256_set1_ps(x) }
  @inlinable @inline(__always) public static func broadcastI32(_ x: Int32) -> I32 { _mm256_set1_epi32(x) }
  @inlinable @inline(__always) public static func zero() -> F32 { _mm256_setzero_ps() }
  @inlinable @inline(__always) public static func mask(first n: Int) -> Mask {
    let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(Int32(truncatingIfNeeded: n)), lane))
  }
  @inlinable @inline(__always) public static func mask(from start: Int, to end: Int) -> Mask {
    _mm256_andnot_ps(mask(first: start), mask(first: end))
  }

  @inlinable @inline(__always) public static func add(_ a: F32, _ b: F32) -> F32 { _mm256_add_ps(a, b) }
  @inlinable @inline(__always) public static func sub(_ a: F32, _ b: F32) -> F32 { _mm256_sub_ps(a, b) }
  @inlinable @inline(__always) public static func mul(_ a: F32, _ b: F32) -> F32 { _mm256_mul_ps(a, b) }
  @inlinable @inline(__always) public static func div(_ a: F32, _ b: F32) -> F32 { _mm256_div_ps(a, b) }
  @inlinable @inline(__always) public static func fma(_ a: F32, _ b: F32, _ c: F32) -> F32 { _mm256_fmadd_ps(a, b, c) }
  @inlinable @inline(__always) public static func fnma(_ a: F32, _ b: F32, _ c: F32) -> F32 {
    _mm256_fnmadd_ps(a, b, c)
  }
  @inlinable @inline(__always) public static func max(_ a: F32, _ b: F32) -> F32 { _mm256_max_ps(a, b) }
  @inlinable @inline(__always) public static func min(_ a: F32, _ b: F32) -> F32 { _mm256_min_ps(a, b) }
  @inlinable @inline(__always) public static func sqrt(_ a: F32) -> F32 { _mm256_sqrt_ps(a) }
  @inlinable @inline(__always) public static func abs(_ a: F32) -> F32 { _mm256_andnot_ps(_mm256_set1_ps(-0.0), a) }
  @inlinable @inline(__always) public static func neg(_ a: F32) -> F32 { _mm256_xor_ps(_mm256_set1_ps(-0.0), a) }
  @inlinable @inline(__always) public static func round(_ a: F32) -> F32 { isa_mm256_round_nearest_ps(a) }
  @inlinable @inline(__always) public static func floor(_ a: F32) -> F32 { isa_mm256_floor_ps(a) }

  @inlinable @inline(__always) public static func and(_ a: F32, _ b: F32) -> F32 { _mm256_and_ps(a, b) }
  @inlinable @inline(__always) public static func or(_ a: F32, _ b: F32) -> F32 { _mm256_or_ps(a, b) }
  @inlinable @inline(__always) public static func xor(_ a: F32, _ b: F32) -> F32 { _mm256_xor_ps(a, b) }

  @inlinable @inline(__always) public static func less(_ a: F32, _ b: F32) -> Mask { isa_mm256_cmplt_ps(a, b) }
  @inlinable @inline(__always) public static func lessOrEqual(_ a: F32, _ b: F32) -> Mask { isa_mm256_cmple_ps(a, b) }
  @inlinable @inline(__always) public static func equal(_ a: F32, _ b: F32) -> Mask { isa_mm256_cmpeq_ps(a, b) }
  @inlinable @inline(__always) public static func isNaN(_ a: F32) -> Mask { isa_mm256_cmpunord_ps(a, a) }
  @inlinable @inline(__always) public static func greaterI32(_ a: I32, _ b: I32) -> Mask {
    _mm256_castsi256_ps(_mm256_cmpgt_epi32(a, b))
  }
  @inlinable @inline(__always) public static func equalI32(_ a: I32, _ b: I32) -> Mask {
    _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b))
  }
  @inlinable @inline(__always) public static func select(_ mask: Mask, _ a: F32, _ b: F32) -> F32 {
    _mm256_blendv_ps(b, a, mask)
  }
  @inlinable @inline(__always) public static func andMask(_ a: Mask, _ b: Mask) -> Mask { _mm256_and_ps(a, b) }
  @inlinable @inline(__always) public static func orMask(_ a: Mask, _ b: Mask) -> Mask { _mm256_or_ps(a, b) }
  @inlinable @inline(__always) public static func anyMask(_ mask: Mask) -> Bool { _mm256_movemask_ps(mask) != 0 }

  @inlinable @inline(__always) public static func addI32(_ a: I32, _ b: I32) -> I32 { _mm256_add_epi32(a, b) }
  @inlinable @inline(__always) public static func subI32(_ a: I32, _ b: I32) -> I32 { _mm256_sub_epi32(a, b) }
  @inlinable @inline(__always) public static func mulI32(_ a: I32, _ b: I32) -> I32 { _mm256_mullo_epi32(a, b) }
  @inlinable @inline(__always) public static func minI32(_ a: I32, _ b: I32) -> I32 { _mm256_min_epi32(a, b) }
  @inlinable @inline(__always) public static func maxI32(_ a: I32, _ b: I32) -> I32 { _mm256_max_epi32(a, b) }
  @inlinable @inline(__always) public static func andI32(_ a: I32, _ b: I32) -> I32 { _mm256_and_si256(a, b) }
  @inlinable @inline(__always) public static func orI32(_ a: I32, _ b: I32) -> I32 { _mm256_or_si256(a, b) }
  @inlinable @inline(__always) public static func xorI32(_ a: I32, _ b: I32) -> I32 { _mm256_xor_si256(a, b) }
  @inlinable @inline(__always) public static func shiftLeft(_ a: I32, _ bits: Int) -> I32 {
    _mm256_slli_epi32(a, Int32(truncatingIfNeeded: bits))
  }
  @inlinable @inline(__always) public static func shiftRight(_ a: I32, _ bits: Int) -> I32 {
    _mm256_srai_epi32(a, Int32(truncatingIfNeeded: bits))
  }
  @inlinable @inline(__always) public static func shiftRightLogical(_ a: I32, _ bits: Int) -> I32 {
    _mm256_srli_epi32(a, Int32(truncatingIfNeeded: bits))
  }

  @inlinable @inline(__always) public static func convertToI32(_ a: F32) -> I32 { _mm256_cvtps_epi32(a) }
  @inlinable @inline(__always) public static func truncateToI32(_ a: F32) -> I32 { _mm256_cvttps_epi32(a) }
  @inlinable @inline(__always) public static func convertToF32(_ a: I32) -> F32 { _mm256_cvtepi32_ps(a) }
  @inlinable @inline(__always) public static func bitsAsI32(_ a: F32) -> I32 { _mm256_castps_si256(a) }
  @inlinable @inline(__always) public static func bitsAsF32(_ a: I32) -> F32 { _mm256_castsi256_ps(a) }

  @inlinable @inline(__always) public static func even(_ a: F32, _ b: F32) -> F32 {
    _mm256_castsi256_ps(isa_mm256_permute4x64_0213(_mm256_castps_si256(isa_mm256_shuffle_even_ps(a, b))))
  }
  @inlinable @inline(__always) public static func odd(_ a: F32, _ b: F32) -> F32 {
    _mm256_castsi256_ps(isa_mm256_permute4x64_0213(_mm256_castps_si256(isa_mm256_shuffle_odd_ps(a, b))))
  }
  @inlinable @inline(__always) public static func shiftIn(_ a: F32, _ x: F32) -> F32 { isa_mm256_shift_in_ps(a, x) }
  @inlinable @inline(__always) public static func sum(_ a: F32) -> Float {
    let four = _mm_add_ps(isa_mm256_low_ps(a), isa_mm256_high_ps(a))
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four))
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
  }
  @inlinable @inline(__always) public static func maximum(_ a: F32) -> Float {
    let four = _mm_max_ps(isa_mm256_low_ps(a), isa_mm256_high_ps(a))
    let two = _mm_max_ps(four, _mm_movehl_ps(four, four))
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
  }
  @inlinable @inline(__always) public static func minimum(_ a: F32) -> Float {
    let four = _mm_min_ps(isa_mm256_low_ps(a), isa_mm256_high_ps(a))
    let two = _mm_min_ps(four, _mm_movehl_ps(four, four))
    return _mm_cvtss_f32(_mm_min_ss(two, _mm_movehdup_ps(two)))
  }
}
