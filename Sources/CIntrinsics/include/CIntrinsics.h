/// The processor's vector intrinsics and feature queries for Swift. Declarations only: no kernel is written in C.
///
/// An intrinsic that the compiler's header defines as a macro (its operand must be a constant) is not imported into Swift; each
/// of those that a kernel needs has a function of the same name with the prefix `isa` here, one per constant.
#pragma once

/// Asks for a cache line that will be read soon, into the second-level cache. Any address does.
static inline __attribute__((always_inline, nodebug)) void isa_prefetch(const void *p) { __builtin_prefetch(p, 0, 2); }
/// Asks for a cache line that will be read at once, into the first-level cache. Any address does.
static inline __attribute__((always_inline, nodebug)) void isa_prefetch_near(const void *p) { __builtin_prefetch(p, 0, 3); }

#if defined(__x86_64__)
#include <immintrin.h>

#define ISA_AVX2 static inline __attribute__((always_inline, nodebug, target("avx2,fma")))
#define ISA_AVX512 static inline __attribute__((always_inline, nodebug, target("avx512f,avx512bw,avx512dq,avx512vl")))

ISA_AVX2 __m256 isa_mm256_round_nearest_ps(__m256 a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
ISA_AVX2 __m256 isa_mm256_floor_ps(__m256 a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
ISA_AVX2 __m256 isa_mm256_cmplt_ps(__m256 a, __m256 b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
ISA_AVX2 __m256 isa_mm256_cmple_ps(__m256 a, __m256 b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
ISA_AVX2 __m256 isa_mm256_cmpeq_ps(__m256 a, __m256 b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
ISA_AVX2 __m256 isa_mm256_cmpunord_ps(__m256 a, __m256 b) { return _mm256_cmp_ps(a, b, _CMP_UNORD_Q); }
ISA_AVX2 __m256 isa_mm256_shuffle_even_ps(__m256 a, __m256 b) { return _mm256_shuffle_ps(a, b, 0x88); }
ISA_AVX2 __m256 isa_mm256_shuffle_odd_ps(__m256 a, __m256 b) { return _mm256_shuffle_ps(a, b, 0xDD); }
ISA_AVX2 __m256i isa_mm256_permute4x64_0213(__m256i a) { return _mm256_permute4x64_epi64(a, 0xD8); }
ISA_AVX2 __m128 isa_mm256_low_ps(__m256 a) { return _mm256_extractf128_ps(a, 0); }
ISA_AVX2 __m128 isa_mm256_high_ps(__m256 a) { return _mm256_extractf128_ps(a, 1); }
ISA_AVX2 __m256 isa_mm256_low_halves_ps(__m256 a, __m256 b) { return _mm256_permute2f128_ps(a, b, 0x20); }
ISA_AVX2 __m256 isa_mm256_high_halves_ps(__m256 a, __m256 b) { return _mm256_permute2f128_ps(a, b, 0x31); }
ISA_AVX2 __m256 isa_mm256_shift_in_ps(__m256 a, __m256 x) {
  const __m256i from = _mm256_castps_si256(a);
  const __m256i before = _mm256_permute2x128_si256(_mm256_castps_si256(x), from, 0x21);
  return _mm256_castsi256_ps(_mm256_alignr_epi8(from, before, 12));
}

ISA_AVX512 __m512 isa_mm512_even_quarters_ps(__m512 a, __m512 b) { return _mm512_shuffle_f32x4(a, b, 0x88); }
ISA_AVX512 __m512 isa_mm512_odd_quarters_ps(__m512 a, __m512 b) { return _mm512_shuffle_f32x4(a, b, 0xDD); }
ISA_AVX512 __m512 isa_mm512_shift_in_ps(__m512 a, __m512 x) {
  return _mm512_castsi512_ps(_mm512_alignr_epi32(_mm512_castps_si512(a), _mm512_castps_si512(x), 15));
}
ISA_AVX512 __m512 isa_mm512_round_nearest_ps(__m512 a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
ISA_AVX512 __m512 isa_mm512_floor_ps(__m512 a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
ISA_AVX512 __mmask16 isa_mm512_cmplt_ps(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
ISA_AVX512 __mmask16 isa_mm512_cmple_ps(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
ISA_AVX512 __mmask16 isa_mm512_cmpeq_ps(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
ISA_AVX512 __mmask16 isa_mm512_cmpunord_ps(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q); }
ISA_AVX512 __mmask16 isa_mm512_cmpgt_epi32(__m512i a, __m512i b) { return _mm512_cmp_epi32_mask(a, b, _MM_CMPINT_NLE); }
ISA_AVX512 __mmask16 isa_mm512_cmpeq_epi32(__m512i a, __m512i b) { return _mm512_cmp_epi32_mask(a, b, _MM_CMPINT_EQ); }
ISA_AVX512 float isa_mm512_reduce_min_ps(__m512 a) { return _mm512_reduce_min_ps(a); }

/// What the processor and the operating system let a program use.
typedef struct {
  int avx2;     ///< AVX2, FMA and F16C, with the operating system saving the ymm registers.
  int avx512;   ///< AVX-512 F, BW, DQ and VL, with the zmm and mask registers saved.
  int vnni;     ///< AVX-512 VNNI.
  int avxvnni;  ///< AVX-VNNI, the 256-bit form.
} ISAFeatures;

#include <cpuid.h>

static inline ISAFeatures isa_features(void) {
  ISAFeatures features = {0, 0, 0, 0};
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return features;
  const unsigned needed = (1u << 12) | (1u << 27) | (1u << 28) | (1u << 29);  // FMA, OSXSAVE, AVX, F16C
  if ((c & needed) != needed) return features;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 0x6) != 0x6) return features;
  unsigned a7, b7, c7, d7;
  if (!__get_cpuid_count(7, 0, &a7, &b7, &c7, &d7)) return features;
  features.avx2 = (b7 >> 5) & 1;
  const unsigned avx512 = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);  // F, DQ, BW, VL
  features.avx512 = features.avx2 && (b7 & avx512) == avx512 && (low & 0xE0) == 0xE0;
  features.vnni = features.avx512 && ((c7 >> 11) & 1);
  if (__get_cpuid_count(7, 1, &a7, &b7, &c7, &d7)) features.avxvnni = features.avx2 && ((a7 >> 4) & 1);
  return features;
}
#endif
