// FASTPASS_AVX2_CLONE compiles a function twice, for AVX2 and for the baseline; the loader of the
// program picks one. Both must give the same bits: for loops of integers, and of floats where each
// result has a fixed order of sums and the file is built with -ffp-contract=off.
// FASTPASS_WIDE_CLONE: the same, and for AVX-512 where the compiler can.
// FASTPASS_POPCNT_CLONE: the same, with and without an instruction that counts bits.
#pragma once

// Sanitizers instrument the function that picks, before their run time is up.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FASTPASS_AVX2_CLONE __attribute__((target_clones("avx2", "default")))
#define FASTPASS_POPCNT_CLONE __attribute__((target_clones("popcnt", "default")))
#if __GNUC__ >= 12
#define FASTPASS_WIDE_CLONE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define FASTPASS_WIDE_CLONE FASTPASS_AVX2_CLONE
#endif
#else
#define FASTPASS_AVX2_CLONE
#define FASTPASS_WIDE_CLONE
#define FASTPASS_POPCNT_CLONE
#endif
