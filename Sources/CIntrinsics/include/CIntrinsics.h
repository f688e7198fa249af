/// The processor's vector intrinsics and feature queries for Swift. Declarations only: no kernel is written in C.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#endif
