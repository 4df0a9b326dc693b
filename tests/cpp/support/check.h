// The whole test framework: CHECK prints what failed and where; the program's exit code tells.
#pragma once

#include <cstdio>

namespace fastpass_test {
inline int num_failures = 0;
}

#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++fastpass_test::num_failures;                                       \
    }                                                                      \
  } while (false)

// Use as: int main() { test_a(); test_b(); return RESULT(); }
#define RESULT() (fastpass_test::num_failures == 0 ? 0 : 1)
