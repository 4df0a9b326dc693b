// Byte stuffing removed at once against byte by byte.
#include <algorithm>
#include <random>
#include <vector>

#include "decode/syntax/unstuff.h"
#include "support/check.h"

namespace fastpass {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct SlowClean {
  Bytes bytes;
  std::vector<std::size_t> ends;  // [n]: input bytes that the first n output bytes stand for
  std::size_t end = 0;
};

SlowClean unstuff_slowly(const Bytes& data) {
  SlowClean clean;
  clean.ends.push_back(0);
  for (std::size_t i = 0; i < data.size();) {
    std::size_t step = 1;
    if (data[i] == 0xFF) {
      if (i + 1 == data.size() || data[i + 1] != 0) break;
      step = 2;
    }
    clean.bytes.push_back(data[i]);
    clean.end = i += step;
    clean.ends.push_back(i);
  }
  return clean;
}

constexpr std::uint8_t kGuard = 0xA5;

void check(const Bytes& data) {
  const SlowClean wanted = unstuff_slowly(data);
  const Span span{data.data(), data.size()};
  Bytes out(data.size() + 16, kGuard);
  const CleanData clean = remove_stuffing(span, out.data() + 8);
  CHECK(clean.size == wanted.bytes.size() && clean.end == wanted.end);
  Bytes expected(out.size(), kGuard);
  std::copy(wanted.bytes.begin(), wanted.bytes.end(), expected.begin() + 8);
  CHECK(out == expected);  // and nothing else is written
  for (std::size_t n = 0; n < wanted.ends.size(); ++n) {
    CHECK(stuffed_size({data.data(), clean.end}, n) == wanted.ends[n]);
  }
}

void test_random_data() {
  constexpr std::uint8_t kOften[] = {0xFF, 0x00, 0xFF, 0x00, 0xD0, 0xD7, 0xD9, 0x7F};
  std::mt19937 random(1);
  for (int round = 0; round < 30000; ++round) {
    Bytes data(random() % 101);
    const unsigned oddness = 1 + random() % 20;  // how often FF is followed by what ends the data
    for (std::size_t i = 0; i < data.size(); ++i) {
      data[i] = random() % 3 == 0 ? kOften[random() % 8] : static_cast<std::uint8_t>(random());
      if (i > 0 && data[i - 1] == 0xFF && random() % oddness != 0) data[i] = 0;
    }
    if (!data.empty() && round % 4 == 0) data.back() = 0xFF;
    check(data);
  }
}

void test_every_short_string() {
  constexpr std::uint8_t kBytes[] = {0xFF, 0x00, 0xD3, 0x41};
  for (std::size_t size = 0; size <= 7; ++size) {
    for (unsigned which = 0; which < 1u << 2 * size; ++which) {
      Bytes data(size);
      for (std::size_t i = 0; i < size; ++i) data[i] = kBytes[which >> 2 * i & 3];
      check(data);
    }
  }
}

void test_no_memory_at_all() {
  const CleanData clean = remove_stuffing({}, nullptr);
  CHECK(clean.size == 0 && clean.end == 0);
  CHECK(stuffed_size({}, 0) == 0 && stuffed_size({}, 5) == 0);
}

// Behind the end of the data there is nothing to count.
void test_more_bytes_than_there_are() {
  const Bytes data = {1, 0xFF, 0, 2, 0xFF, 0};
  for (std::size_t n = 4; n < 9; ++n) CHECK(stuffed_size({data.data(), data.size()}, n) == 6);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_random_data();
  fastpass::test_every_short_string();
  fastpass::test_no_memory_at_all();
  fastpass::test_more_bytes_than_there_are();
  return RESULT();
}
