// Every build of decode_run() against decode_sequential_block(), on data that ends kReadAhead bytes
// before memory that must not be touched, with guard zones round the coefficients.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <memory>

#include "decode/entropy/fast_entropy_list.h"
#include "decode/syntax/block_group.h"
#include "support/check.h"
#include "support/random_huffman.h"
#include "support/slow_entropy.h"

namespace fastpass {
namespace {

using fastpass_test::BitList;
using fastpass_test::Bytes;
using fastpass_test::Coding;
using fastpass_test::random_spec;
using fastpass_test::SlowBlock;
using fastpass_test::SlowWalker;
using fastpass_test::spec_of;

std::vector<DecodeRun> decoders() {
  std::vector<DecodeRun> all = {plain_fast_entropy_decoder()};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("bmi2")) all.push_back(bmi2_fast_entropy_decoder());
#endif
  return all;
}

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
std::vector<std::int32_t> block_offsets() {
  std::vector<std::int32_t> offsets;
  for (int i = 0; i < kMaxBlocks; ++i) {
    offsets.push_back((1 + i / kGroupBlocks * 2) * kGroupCoefficients + i % kGroupBlocks * 8);
  }
  return offsets;
}

const std::vector<std::int32_t> offsets = block_offsets();

std::size_t place_of(int block, int natural) {
  return static_cast<std::size_t>(offsets[static_cast<std::size_t>(block)] +
                                  natural / 8 * kGroupStride + natural % 8);
}

std::vector<std::int16_t> empty_chunk() {
  std::vector<std::int16_t> memory((2 * kMaxBlocks / kGroupBlocks + 1) * kGroupCoefficients,
                                   kGuard);
  for (int i = 0; i < kMaxBlocks; ++i) {
    for (int k = 0; k < 64; ++k) memory[place_of(i, k)] = 0;
  }
  return memory;
}

const std::vector<std::int16_t> empty = empty_chunk();

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

Plan plan_of(const std::vector<const Coding*>& codings, int num_mcus) {
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
Outcome decode_fast(DecodeRun decode_run, const Plan& plan, const std::uint8_t* begin,
                    std::size_t size, int mcus_per_call) {
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
    outcome.end = decode_run(&run);
    run.offsets += run.num_mcus * run.offsets_per_mcu;
  }
  outcome.position = run.cursor.position(begin);
  std::copy(std::begin(run.dc), std::end(run.dc), outcome.dc);
  return outcome;
}

// entropy.h on the same data; only of data that have no fault.
void read_coefficients(const Plan& plan, const Bytes& data, Outcome* outcome) {
  const Bytes bytes = fastpass_test::stuffed(data);
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

Outcome decode_slowly(const Plan& plan, const Bytes& data, const Bytes& behind) {
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
  std::vector<DecodeRun> builds = decoders();
  MemoryEnd memory;
  int num_ends[4] = {};

  // All builds, whole and in pieces, with and without AC.
  RunEnd check(const Plan& plan, const Bytes& data, const Bytes& behind) {
    const Outcome wanted = decode_slowly(plan, data, behind);
    ++num_ends[static_cast<int>(wanted.end)];
    const std::uint8_t* begin = memory.put(data, behind);
    for (const DecodeRun build : builds) {
      for (const int mcus_per_call : {plan.num_mcus, 1}) {
        const Outcome got = decode_fast(build, plan, begin, data.size(), mcus_per_call);
        check_outcome(got, wanted, data.size());
        if (wanted.end == RunEnd::kDone) CHECK(got.chunk.memory == wanted.chunk.memory);
      }
      check_without_ac(build, plan, begin, data.size(), wanted);
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

  static void check_without_ac(DecodeRun build, Plan plan, const std::uint8_t* begin,
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

Bytes random_bytes(std::mt19937* random, std::size_t size) {
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>((*random)());
  return bytes;
}

// Behind the data: zeros, ones, or anything.
Bytes any_behind(std::mt19937* random) {
  const unsigned kind = (*random)() % 4;
  if (kind < 2) return Bytes(kReadAhead, kind == 0 ? 0x00 : 0xFF);
  return random_bytes(random, kReadAhead);
}

Coding standard_coding(std::size_t i) {
  const fastpass_test::StandardSpecs specs = fastpass_test::standard_specs();
  return {specs.dc[i], specs.ac[i]};
}

Coding random_coding(std::mt19937* random, int round) {
  const bool is_complete = round % 4 != 0;
  return {random_spec(random, 1 + round % 12, is_complete, fastpass_test::random_dc_symbol),
          random_spec(random, 1 + round % 10, is_complete, fastpass_test::random_ac_symbol)};
}

void test_random_bits(Bench* bench) {
  std::mt19937 random(1);
  const auto standard = std::make_unique<Coding>(standard_coding(0));
  for (int round = 0; round < 3000; ++round) {
    const auto made = std::make_unique<Coding>(random_coding(&random, round));
    const Coding* coding = round % 3 == 0 ? standard.get() : made.get();
    const Bytes data = random_bytes(&random, random() % 120);
    bench->check(plan_of({coding, coding}, 1 + static_cast<int>(random() % 4)), data,
                 any_behind(&random));
  }
  for (const int count : bench->num_ends) CHECK(count > 100);  // every way to end
}

void test_written_streams(Bench* bench) {
  std::mt19937 random(2);
  int num_done = 0;
  for (int round = 0; round < 1500; ++round) {
    const auto first = std::make_unique<Coding>(round % 5 == 0 ? standard_coding(0)
                                                               : random_coding(&random, round));
    const auto second = std::make_unique<Coding>(round % 5 == 0 ? standard_coding(1)
                                                                : random_coding(&random, round));
    if (first->dc_codes.empty() || first->ac_codes.empty()) continue;
    if (second->dc_codes.empty() || second->ac_codes.empty()) continue;
    const Plan plan = plan_of({first.get(), first.get(), second.get()}, 1 + round % 6);
    BitList bits;
    for (int i = 0; i < 3 * plan.num_mcus; ++i) {
      fastpass_test::put_random_block(i % 3 < 2 ? *first : *second, &random, &bits);
    }
    num_done += bench->check(plan, bits.bytes(), any_behind(&random)) == RunEnd::kDone;
  }
  CHECK(num_done > 500);
}

// A tree of short codes: two coefficients in nearly every look-up.
std::unique_ptr<Coding> short_coding() {
  return std::make_unique<Coding>(
      spec_of({1, 2}, {0, 3}),
      spec_of({2, 2, 3, 3, 4, 4, 5, 6}, {0x01, 0x00, 0x11, 0x02, 0xF0, 0x05, 0xF1, 0x0A}));
}

// 63 coefficients or runs up to there, and then everything that ten bits can be.
void test_what_follows_a_full_block(Bench* bench) {
  const auto coding = short_coding();
  const Plan plan = plan_of({coding.get()}, 1);
  for (int shift = 0; shift < 8; ++shift) {
    for (const int last : {0x01, 0x02, 0x05, 0x0A, 0x11, 0xF1, 0xF0}) {
      BitList block;
      coding->put_dc(3, 5, &block);
      const int num_before = 62 - (last >> 4);
      for (int k = 0; k < num_before; ++k) {
        coding->put_ac(k < shift ? 0x02 : 0x01, 1, &block);  // another phase of the look-ups
      }
      coding->put_ac(last, 0x155, &block);
      for (std::uint32_t next = 0; next < 1024; next += last == 0x01 ? 1 : 7) {
        BitList bits = block;
        bits.put(next, 10);
        CHECK(bench->check(plan, bits.bytes(), Bytes(kReadAhead)) == RunEnd::kDone);
      }
    }
  }
}

// EOB at every position, reached by coefficients, by runs, or by both.
void test_every_end_of_block(Bench* bench) {
  const auto short_codes = short_coding();
  const auto standard = std::make_unique<Coding>(standard_coding(0));
  for (const Coding* coding : std::vector<const Coding*>{short_codes.get(), standard.get()}) {
    for (int end = 1; end < 64; ++end) {
      for (const int num_runs : {0, 1, 2, 3}) {
        if (1 + 16 * num_runs > end) continue;
        BitList bits;
        for (int i = 0; i < 2; ++i) {
          coding->put_dc(3, 2, &bits);
          for (int run = 0; run < num_runs; ++run) coding->put_ac(0xF0, 0, &bits);
          for (int k = 1 + 16 * num_runs; k < end; ++k) coding->put_ac(0x01, 0, &bits);
          coding->put_ac(0x00, 0, &bits);
        }
        CHECK(bench->check(plan_of({coding}, 2), bits.bytes(), Bytes(kReadAhead, 0xFF)) ==
              RunEnd::kDone);
      }
    }
  }
}

// Runs that leave the block, from every position.
void test_long_blocks(Bench* bench) {
  const auto coding = short_coding();
  for (int position = 1; position < 64; ++position) {
    for (const int symbol : {0xF0, 0xF1, 0x11}) {
      BitList bits;
      coding->put_dc(0, 0, &bits);
      for (int k = 1; k < position; ++k) coding->put_ac(0x01, 1, &bits);
      coding->put_ac(symbol, 1, &bits);
      if (position + (symbol >> 4) < 63) coding->put_ac(0x00, 0, &bits);
      bits.put(0, 32);
      const bool is_long = position + (symbol >> 4) > 63;
      CHECK(bench->check(plan_of({coding.get()}, 1), bits.bytes(), Bytes(kReadAhead)) ==
            (is_long ? RunEnd::kLongBlock : RunEnd::kDone));
    }
  }
}

// Sound data cut off after every byte: nothing but kOutOfData, whatever lies behind.
void test_truncation(Bench* bench) {
  std::mt19937 random(3);
  const auto standard = std::make_unique<Coding>(standard_coding(0));
  for (int round = 0; round < 12; ++round) {
    const Plan plan = plan_of({standard.get(), standard.get()}, 3);
    BitList bits;
    for (int i = 0; i < 6; ++i) fastpass_test::put_random_block(*standard, &random, &bits);
    for (std::size_t size = 0; size < bits.bytes().size(); ++size) {
      const Bytes data(bits.bytes().begin(), bits.bytes().begin() + static_cast<long>(size));
      const std::uint8_t* begin = bench->memory.put(data, any_behind(&random));
      for (const DecodeRun build : bench->builds) {
        Outcome got = decode_fast(build, plan, begin, size, 3);
        CHECK(got.end == RunEnd::kOutOfData && got.chunk.has_intact_guards());
      }
    }
    CHECK(bench->check(plan, bits.bytes(), any_behind(&random)) == RunEnd::kDone);
  }
}

// The most bits that a block can have, again and again, none of them there.
void test_the_longest_blocks_behind_the_end(Bench* bench) {
  const auto coding = std::make_unique<Coding>(spec_of({16}, {15}), spec_of({16}, {0x0F}));
  const Bytes zeros(kReadAhead);  // code 0 everywhere: 64 times 31 bits
  for (std::size_t size = 0; size < 300; ++size) {
    CHECK(bench->check(plan_of({coding.get()}, 20), Bytes(size), zeros) == RunEnd::kOutOfData);
  }
}

// As many bits as look-ups may use between two refills: the longest DC, then 18 bits each.
void test_the_longest_lookups(Bench* bench) {
  std::mt19937 random(4);
  for (const auto& dc : {spec_of({16}, {15}), spec_of({8}, {11}), spec_of({9}, {11})}) {
    const auto coding = std::make_unique<Coding>(dc, spec_of({2, 3, 8}, {0x00, 0x01, 0x0A}));
    for (int round = 0; round < 200; ++round) {
      BitList bits;
      for (int block = 0; block < 4; ++block) {
        coding->put_dc(coding->dc_codes[0].symbol, random(), &bits);
        const int num_values = round % 8 == 0 ? 63 : static_cast<int>(random() % 8);
        for (int k = 0; k < num_values; ++k) {
          coding->put_ac(random() % 8 == 0 ? 0x01 : 0x0A, random(), &bits);
        }
        if (num_values < 63) coding->put_ac(0x00, 0, &bits);
      }
      CHECK(bench->check(plan_of({coding.get()}, 4), bits.bytes(), Bytes(kReadAhead)) ==
            RunEnd::kDone);
    }
  }
}

// All sizes, from their smallest to their largest values, with short and with long codes.
void test_dc(Bench* bench) {
  std::vector<std::uint8_t> symbols;
  for (std::uint8_t size = 0; size < 16; ++size) symbols.push_back(size);
  for (const int length : {4, 5, 8, 9, 10, 16}) {
    const auto coding = std::make_unique<Coding>(spec_of(std::vector<int>(16, length), symbols),
                                                 spec_of({1}, {0x00}));
    for (int size = 0; size < 16; ++size) {
      const std::uint32_t half = size == 0 ? 0 : 1u << (size - 1);
      for (const std::uint32_t value : {0u, half - (half > 0), half, 2 * half - (half > 0)}) {
        for (const std::int32_t before : {0, 1000, INT_MAX - 3, INT_MIN + 3, 32760}) {
          BitList bits;
          for (int i = 0; i < 4; ++i) {
            coding->put_dc(size, value, &bits);
            coding->put_ac(0, 0, &bits);
          }
          Plan plan = plan_of({coding.get(), coding.get()}, 2);
          for (std::int32_t& dc : plan.dc) dc = before;
          CHECK(bench->check(plan, bits.bytes(), Bytes(kReadAhead, 0xFF)) == RunEnd::kDone);
        }
      }
    }
  }
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::Bench bench;
  fastpass::test_random_bits(&bench);
  fastpass::test_written_streams(&bench);
  fastpass::test_what_follows_a_full_block(&bench);
  fastpass::test_every_end_of_block(&bench);
  fastpass::test_long_blocks(&bench);
  fastpass::test_truncation(&bench);
  fastpass::test_the_longest_blocks_behind_the_end(&bench);
  fastpass::test_the_longest_lookups(&bench);
  fastpass::test_dc(&bench);
  return RESULT();
}
