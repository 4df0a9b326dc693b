// A bench for the builds of decode_run(): data that end kReadAhead bytes before memory that must
// not be touched, guard zones round the coefficients, and decode_sequential_block() beside them.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "decode/entropy/entropy_routines.h"
#include "decode/syntax/block_group.h"
#include "support/check.h"
#include "support/random_huffman.h"
#include "support/slow_entropy.h"

namespace fastpass_test {

using namespace fastpass;  // a test of its own insides

// Memory whose last readable byte is followed by a page that traps.
class MemoryEnd {
 public:
  MemoryEnd() {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* memory =
        mmap(nullptr, kSize + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(static_cast<char*>(memory) + kSize, page, PROT_NONE) != 0)
      std::abort();
    end_ = static_cast<std::uint8_t*>(memory) + kSize;
  }
  std::uint8_t* put(const Bytes& data, const Bytes& behind) {
    if (data.size() + behind.size() > kSize) std::abort();
    std::uint8_t* begin = end_ - behind.size() - data.size();
    std::copy(data.begin(), data.end(), begin);
    std::copy(behind.begin(), behind.end(), end_ - behind.size());
    return begin;
  }

 private:
  static constexpr std::size_t kSize = 1 << 20;
  std::uint8_t* end_ = nullptr;
};

constexpr std::int16_t kGuard = 0x5A5A;
constexpr int kMaxBlocks = 64;

// Blocks side by side in groups, every second group a guard, as are both ends.
inline std::vector<std::int32_t> block_offsets() {
  std::vector<std::int32_t> offsets;
  for (int i = 0; i < kMaxBlocks; ++i) {
    offsets.push_back((1 + i / kGroupBlocks * 2) * kGroupCoefficients + i % kGroupBlocks * 8);
  }
  return offsets;
}

inline const std::vector<std::int32_t> offsets = block_offsets();

inline std::size_t place_of(int block, int natural) {
  return static_cast<std::size_t>(offsets[static_cast<std::size_t>(block)] +
                                  natural / 8 * kGroupStride + natural % 8);
}

inline std::vector<std::int16_t> empty_chunk() {
  std::vector<std::int16_t> memory((2 * kMaxBlocks / kGroupBlocks + 1) * kGroupCoefficients,
                                   kGuard);
  for (int i = 0; i < kMaxBlocks; ++i) {
    for (int k = 0; k < 64; ++k) memory[place_of(i, k)] = 0;
  }
  return memory;
}

inline const std::vector<std::int16_t> empty = empty_chunk();

struct Chunk {
  std::int16_t* at(int block, int natural) { return &memory[place_of(block, natural)]; }
  bool has_intact_guards() const {
    for (std::size_t i = 0; i < memory.size(); ++i) {
      if (empty[i] == kGuard && memory[i] != kGuard) return false;
    }
    return true;
  }

  std::vector<std::int16_t> memory = empty;
};

struct Plan {
  std::vector<BlockOfMcu> blocks;
  int num_mcus = 1;
  std::int32_t dc[kMaxComponents] = {};
  int num_blocks() const { return static_cast<int>(blocks.size()); }
};

inline Plan plan_of(const std::vector<const Coding*>& codings, int num_mcus) {
  Plan plan;
  for (std::size_t i = 0; i < codings.size(); ++i) {
    plan.blocks.push_back({&codings[i]->tables, static_cast<int>(i) % 3, true});
  }
  plan.num_mcus = num_mcus;
  return plan;
}

struct Outcome {
  RunEnd end = RunEnd::kDone;
  std::int64_t position = 0;  // in bits
  std::int32_t dc[kMaxComponents] = {};
  Chunk chunk;
};

// In pieces of `mcus_per_call`.
inline Outcome decode_fast(const EntropyRoutines& build, const Plan& plan,
                           const std::uint8_t* begin, std::size_t size, int mcus_per_call) {
  Outcome outcome;
  McuRun run;
  run.blocks = plan.blocks.data();
  run.num_blocks = run.offsets_per_mcu = plan.num_blocks();
  run.offsets = offsets.data();
  run.coefficients = outcome.chunk.memory.data();
  run.cursor.next = begin;
  run.end = begin + size;
  std::copy(std::begin(plan.dc), std::end(plan.dc), run.dc);
  for (int done = 0; done < plan.num_mcus && outcome.end == RunEnd::kDone; done += run.num_mcus) {
    run.num_mcus = std::min(mcus_per_call, plan.num_mcus - done);
    outcome.end = build.decode_run(&run);
    run.offsets += run.num_mcus * run.offsets_per_mcu;
  }
  outcome.position = run.cursor.position(begin);
  std::copy(std::begin(run.dc), std::end(run.dc), outcome.dc);
  return outcome;
}

// entropy.h on the same data; only of data that have no fault.
inline void read_coefficients(const Plan& plan, const Bytes& data, Outcome* outcome) {
  const Bytes bytes = stuffed(data);
  BitReader reader = make_bit_reader(bytes.data(), bytes.size(), 0);
  std::copy(std::begin(plan.dc), std::end(plan.dc), outcome->dc);
  for (int i = 0; i < plan.num_mcus * plan.num_blocks(); ++i) {
    const BlockOfMcu& block = plan.blocks[static_cast<std::size_t>(i % plan.num_blocks())];
    decode_sequential_block(reader, block.tables->dc, block.tables->ac,
                            &outcome->dc[block.component], zigzag_offsets().offset,
                            outcome->chunk.at(i, 0));
  }
  // The reader loads ahead, so that it may have met the end, but nothing else.
  CHECK(!reader.has_run_out &&
        (reader.damage == DamageKind::kNone || reader.damage == DamageKind::kEndOfFile));
}

inline Outcome decode_slowly(const Plan& plan, const Bytes& data, const Bytes& behind) {
  Outcome outcome;
  Bytes all = data;
  all.insert(all.end(), behind.begin(), behind.end());
  const SlowWalker walker(std::move(all));
  const auto num_bits = static_cast<std::int64_t>(8 * data.size());
  for (int i = 0; i < plan.num_mcus * plan.num_blocks(); ++i) {
    const BlockOfMcu& block = plan.blocks[static_cast<std::size_t>(i % plan.num_blocks())];
    const SlowBlock walked = walker.walk(*block.tables, outcome.position);
    outcome.position = walked.position;
    outcome.end = walked.position > num_bits ? RunEnd::kOutOfData : walked.end;
    if (outcome.end != RunEnd::kDone) return outcome;
  }
  read_coefficients(plan, data, &outcome);
  return outcome;
}

struct Bench {
  const std::vector<const EntropyRoutines*>& builds = available_entropy_routines();
  MemoryEnd memory;
  int num_ends[4] = {};

  // All builds, whole and in pieces, with and without AC.
  RunEnd check(const Plan& plan, const Bytes& data, const Bytes& behind) {
    const Outcome wanted = decode_slowly(plan, data, behind);
    ++num_ends[static_cast<int>(wanted.end)];
    const std::uint8_t* begin = memory.put(data, behind);
    for (const EntropyRoutines* build : builds) {
      for (const int mcus_per_call : {plan.num_mcus, 1}) {
        const Outcome got = decode_fast(*build, plan, begin, data.size(), mcus_per_call);
        check_outcome(got, wanted, data.size());
        if (wanted.end == RunEnd::kDone) CHECK(got.chunk.memory == wanted.chunk.memory);
      }
      check_without_ac(*build, plan, begin, data.size(), wanted);
    }
    return wanted.end;
  }

  static void check_outcome(Outcome got, const Outcome& wanted, std::size_t size) {
    // Of a fault so close to the end that bits behind it were looked at, both names are right.
    const bool is_near_end =
        wanted.position + kMaxLookupBits > static_cast<std::int64_t>(8 * size) &&
        wanted.end != RunEnd::kDone;
    CHECK(got.end == wanted.end || (is_near_end && got.end == RunEnd::kOutOfData));
    CHECK(got.chunk.has_intact_guards());
    if (wanted.end == RunEnd::kDone) {
      CHECK(got.position == wanted.position);
      CHECK(std::equal(std::begin(got.dc), std::end(got.dc), wanted.dc));
    }
  }

  static void check_without_ac(const EntropyRoutines& build, Plan plan, const std::uint8_t* begin,
                               std::size_t size, Outcome wanted) {
    for (BlockOfMcu& block : plan.blocks) block.wants_ac = false;
    Outcome got = decode_fast(build, plan, begin, size, plan.num_mcus);
    check_outcome(got, wanted, size);
    if (wanted.end != RunEnd::kDone) return;
    for (int i = 0; i < plan.num_mcus * plan.num_blocks(); ++i) {
      CHECK(*got.chunk.at(i, 0) == *wanted.chunk.at(i, 0));
      for (int k = 1; k < 64; ++k) CHECK(*got.chunk.at(i, k) == 0);
    }
  }
};

}  // namespace fastpass_test
