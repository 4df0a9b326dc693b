// Every build of decode_run() against decode_sequential_block(): see support/entropy_bench.h.
#include <climits>
#include <cstdio>
#include <memory>

#include "support/entropy_bench.h"

namespace fastpass_test {
namespace {

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
  const StandardSpecs specs = standard_specs();
  return {specs.dc[i], specs.ac[i]};
}

Coding random_coding(std::mt19937* random, int round) {
  const bool is_complete = round % 4 != 0;
  return {random_spec(random, 1 + round % 12, is_complete, random_dc_symbol),
          random_spec(random, 1 + round % 10, is_complete, random_ac_symbol)};
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
      put_random_block(i % 3 < 2 ? *first : *second, &random, &bits);
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
    for (int i = 0; i < 6; ++i) put_random_block(*standard, &random, &bits);
    for (std::size_t size = 0; size < bits.bytes().size(); ++size) {
      const Bytes data(bits.bytes().begin(), bits.bytes().begin() + static_cast<long>(size));
      const std::uint8_t* begin = bench->memory.put(data, any_behind(&random));
      for (const EntropyRoutines* build : bench->builds) {
        Outcome got = decode_fast(*build, plan, begin, size, 3);
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
}  // namespace fastpass_test

int main() {
  using namespace fastpass_test;
  Bench bench;
  for (const EntropyRoutines* build : bench.builds) std::printf("%s\n", build->name);
  test_random_bits(&bench);
  test_written_streams(&bench);
  test_what_follows_a_full_block(&bench);
  test_every_end_of_block(&bench);
  test_long_blocks(&bench);
  test_truncation(&bench);
  test_the_longest_blocks_behind_the_end(&bench);
  test_the_longest_lookups(&bench);
  test_dc(&bench);
  return RESULT();
}
