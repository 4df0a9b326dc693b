// FASTPASS_COLD keeps the rare case out of a loop, and out of its registers.
//
// FASTPASS_HD marks a function that is compiled for the CPU and, under nvcc, for the GPU as well.
// FASTPASS_HD_INLINE: the same, always inlined on the GPU, where a call passes data through memory.
#pragma once

#ifdef __CUDACC__
#define FASTPASS_HD __host__ __device__
#define FASTPASS_HD_INLINE __host__ __device__ __forceinline__
#else
#define FASTPASS_HD
#define FASTPASS_HD_INLINE inline
#endif

#define FASTPASS_COLD __attribute__((noinline))

namespace fastpass {

// The same pointer, known to be into the GPU's memory and not into that which a block shares. Where
// the compiler does not know, the GPU finds out at every access, which takes longer.
template <typename Value>
FASTPASS_HD inline Value* device_memory(Value* pointer) {
#ifdef __CUDA_ARCH__
  __builtin_assume(__isGlobal(pointer));
#endif
  return pointer;
}

// The bytes of a word in the opposite order.
FASTPASS_HD inline unsigned int swap_bytes(unsigned int word) {
#ifdef __CUDA_ARCH__
  return __byte_perm(word, 0, 0x0123);
#else
  return __builtin_bswap32(word);
#endif
}

FASTPASS_HD inline int count_bits(unsigned long long word) {
#ifdef __CUDA_ARCH__
  return __popcll(word);
#else
  return __builtin_popcountll(word);
#endif
}

// Adds to memory that other lanes of the block or of the launch add to as well, and returns the
// value from before. On the CPU lanes run one after the other, so a plain addition will do.
FASTPASS_HD inline unsigned int atomic_add(unsigned int* total, unsigned int value) {
#ifdef __CUDA_ARCH__
  return atomicAdd(total, value);
#else
  const unsigned int before = *total;
  *total += value;
  return before;
#endif
}

FASTPASS_HD inline unsigned long long atomic_add(unsigned long long* total,
                                                 unsigned long long value) {
#ifdef __CUDA_ARCH__
  return atomicAdd(total, value);
#else
  const unsigned long long before = *total;
  *total += value;
  return before;
#endif
}

// As atomic_add(): keeps the smaller of the two.
FASTPASS_HD inline void atomic_min(unsigned int* least, unsigned int value) {
#ifdef __CUDA_ARCH__
  atomicMin(least, value);
#else
  if (value < *least) *least = value;
#endif
}

}  // namespace fastpass
