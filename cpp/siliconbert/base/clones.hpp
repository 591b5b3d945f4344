// SILICONBERT_CLONES before a function: it is compiled for AVX-512, AVX2 and the baseline, and the
// processor's best version is picked when the library is loaded. All versions give the same bits (no fused
// contraction, no re-association), unless the function itself asks for a reduction.
#pragma once

// The sanitizers instrument the resolvers that pick a version, which then run too early; sanitized builds
// take the baseline.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define SILICONBERT_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SILICONBERT_CLONES
#endif
