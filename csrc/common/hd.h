// FASTPASS_COLD keeps the rare case out of a loop, and out of its registers.
//
// FASTPASS_HD marks a function that is compiled for the CPU and, under nvcc, for the GPU as well.
#pragma once

#ifdef __CUDACC__
#define FASTPASS_HD __host__ __device__
#else
#define FASTPASS_HD
#endif

#define FASTPASS_COLD __attribute__((noinline))
