// What the decode benchmark hands to a native loop: plain C, so that ctypes can fill it in. Timing
// loops live in C++ because a call from Python costs microseconds and a fresh array page faults.
#pragma once

#include <time.h>

#include <cstddef>
#include <cstdint>

struct DecodeJob {
  const std::uint8_t* jpeg;
  std::size_t jpeg_size;
  const std::uint8_t* index;  // seek index, or none
  std::size_t index_size;
  // The region wanted, in pixels of the scaled image; height 0: all of it.
  std::int32_t top;
  std::int32_t left;
  std::int32_t height;
  std::int32_t width;
  std::int32_t scale_denominator;
};

struct PassResult {
  double seconds;       // processor time of the calling thread in the loop
  std::int32_t failed;  // position of the job that failed, -1: none
  char message[228];    // of that failure
};

// Processor time of this thread: other processes on the machine do not count.
inline double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
