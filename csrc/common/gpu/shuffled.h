// The CPU in the place of a GPU: runs what kernels run, lane by lane, in a shuffled order, with
// shared memory that holds random bytes at first. For tests, on machines without a GPU and under
// sanitizers; slow.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "common/gpu/block_program.h"

namespace fastpass {

class ShuffledLanes {
 public:
  explicit ShuffledLanes(std::uint64_t seed) : random_(seed) {}

  // functor(index) for every index in [0, count).
  template <typename Functor>
  void map(std::int64_t count, const Functor& functor) {
    order_.resize(static_cast<std::size_t>(std::min(count, kWindow)));
    // Windows from the last to the first, each shuffled: a permutation in little memory.
    for (std::int64_t end = count; end > 0; end -= std::min(end, kWindow)) {
      const std::int64_t begin = std::max<std::int64_t>(0, end - kWindow);
      shuffle(end - begin);
      for (std::int64_t i = 0; i < end - begin; ++i) functor(begin + order_[index(i)]);
    }
  }

  // As block_kernel: see Note [Block programs].
  template <typename Program>
  void run(int num_blocks, const Program& program) {
    shared_.resize(static_cast<std::size_t>(program.shared_bytes()) / sizeof(Unit) + 1);
    order_.resize(Program::kLanes);
    auto* shared = reinterpret_cast<std::uint8_t*>(shared_.data());
    for (int block = num_blocks - 1; block >= 0; --block) {
      std::fill_n(shared, shared_.size() * sizeof(Unit), std::uint8_t{0xA5});
      for (int step = 0; program.has_step(block, step, shared); ++step) {
        shuffle(Program::kLanes);
        for (int i = 0; i < Program::kLanes; ++i)
          program.run(block, step, order_[index(i)], shared);
      }
    }
  }

 private:
  static constexpr std::int64_t kWindow = 4096;
  struct alignas(16) Unit {
    std::uint8_t bytes[16];
  };

  static std::size_t index(std::int64_t value) { return static_cast<std::size_t>(value); }

  void shuffle(std::int64_t count) {
    const auto end = order_.begin() + count;
    std::iota(order_.begin(), end, 0);
    std::shuffle(order_.begin(), end, random_);
  }

  std::mt19937_64 random_;
  std::vector<int> order_;
  std::vector<Unit> shared_;
};

}  // namespace fastpass
