// Block programs on the CPU: every lane of every step runs once, in an order that differs, with
// barriers between steps; and a program that lacks one is found out.
#include <numeric>
#include <vector>

#include "common/gpu/device_twin.h"
#include "common/gpu/shuffled.h"
#include "support/check.h"

namespace fastpass {
namespace {

// The sum of 64 values per block, by halves: one step per halving.
struct SumProgram {
  static constexpr int kLanes = 64;
  const unsigned* values;
  unsigned* sums;
  bool forgets_a_barrier;

  std::size_t shared_bytes() const { return kLanes * sizeof(unsigned); }
  bool has_step(int, int step, const std::uint8_t*) const {
    return step < (forgets_a_barrier ? 1 : 8);
  }
  void run(int block, int step, int lane, std::uint8_t* shared) const {
    unsigned* sum = &shared_as<unsigned>(shared);
    if (step == 0) sum[lane] = values[block * kLanes + lane];
    if (forgets_a_barrier) {
      for (int half = kLanes / 2; half > 0; half /= 2) {
        if (lane < half) sum[lane] += sum[lane + half];
      }
    } else if (step > 0 && step < 7 && lane < kLanes >> step) {
      sum[lane] += sum[lane + (kLanes >> step)];
    }
    if (step == (forgets_a_barrier ? 0 : 7) && lane == 0) sums[block] = sum[0];
  }
};

bool sums_are_right(bool forgets_a_barrier) {
  constexpr int kBlocks = 5;
  std::vector<unsigned> values(kBlocks * 64), sums(kBlocks);
  std::iota(values.begin(), values.end(), 1u);
  ShuffledLanes lanes(7);
  lanes.run(kBlocks, SumProgram{values.data(), sums.data(), forgets_a_barrier});
  for (int block = 0; block < kBlocks; ++block) {
    const auto first = static_cast<unsigned>(block * 64 + 1);
    if (sums[static_cast<std::size_t>(block)] != 64 * first + 63 * 32) return false;
  }
  return true;
}

struct Note {
  std::vector<int>* visits;
  std::vector<std::int64_t>* order;
  void operator()(std::int64_t index) const {
    ++(*visits)[static_cast<std::size_t>(index)];
    order->push_back(index);
  }
};

void test_map_visits_everything_once() {
  for (const std::int64_t count : {0, 1, 100, 10000}) {
    std::vector<int> visits(static_cast<std::size_t>(count));
    std::vector<std::int64_t> order;
    ShuffledLanes lanes(3);
    lanes.map(count, Note{&visits, &order});
    for (const int visit : visits) CHECK(visit == 1);
    if (count >= 100) CHECK(!std::is_sorted(order.begin(), order.end()));
  }
}

void test_twin_memory() {
  TwinDevice device;
  void* memory = nullptr;
  CHECK(device.allocate(1000, &memory).ok());
  CHECK(reinterpret_cast<std::uintptr_t>(memory) % 256 == 0);
  CHECK(static_cast<std::uint8_t*>(memory)[999] != 0);
  CHECK(device.clear(memory, 1000, nullptr).ok());
  const std::uint8_t sent[3] = {1, 2, 3};
  std::uint8_t back[3] = {};
  CHECK(device.copy_to_device(memory, sent, 3, nullptr).ok());
  CHECK(device.copy_to_host(back, memory, 3, nullptr).ok());
  CHECK(back[0] == 1 && back[2] == 3);
  device.free(memory);
}

}  // namespace
}  // namespace fastpass

int main() {
  CHECK(fastpass::sums_are_right(false));
  CHECK(!fastpass::sums_are_right(true));
  fastpass::test_map_visits_everything_once();
  fastpass::test_twin_memory();
  return RESULT();
}
