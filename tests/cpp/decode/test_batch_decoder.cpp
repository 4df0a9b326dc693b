// BatchDecoder on the twin of a GPU, lanes in a shuffled order, against the CPU backend: made files
// of every kind, whole, scaled, cropped, with and without index.
#include <algorithm>
#include <random>
#include <vector>

#include "support/batch_decode.h"
#include "support/made_jpeg.h"

namespace fastpass {
namespace {

using fastpass_test::BatchItem;
using fastpass_test::BatchTally;
using fastpass_test::Bytes;
using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;
using fastpass_test::random_crop;
using fastpass_test::span_of;
using fastpass_test::TwinBatch;

const std::vector<std::vector<int>> kFactors = {
    {1, 1, 1, 1, 1, 1}, {2, 1, 1, 1, 1, 1}, {2, 2, 1, 1, 1, 1}, {1, 2, 1, 1, 1, 1},
    {4, 1, 1, 1, 1, 1}, {2, 2, 2, 1, 1, 2}, {4, 2, 1, 1, 1, 1}};

BatchItem item_of(const MadeJpeg& made, bool has_index) {
  BatchItem item;
  item.jpeg = make_jpeg(made);
  if (has_index) CHECK(build_seek_index(span_of(item.jpeg), &item.index).ok());
  return item;
}

// The file at every scale, whole and in a crop.
void add_options(const BatchItem& item, int width, int height, unsigned draw,
                 std::vector<BatchItem>* items) {
  for (const int denominator : {1, 2, 4, 8}) {
    BatchItem own = item;
    own.options.scale_denominator = denominator;
    items->push_back(own);
    own.options.crop = random_crop(draw, (width + denominator - 1) / denominator,
                                   (height + denominator - 1) / denominator);
    items->push_back(own);
  }
}

void test_samplings() {
  TwinBatch batch;
  std::mt19937 random(3);
  for (const auto& factors : kFactors) {
    std::vector<BatchItem> items;
    for (const int interval : {0, 1, 7}) {
      for (const bool has_index : {false, true}) {
        MadeJpeg made;
        made.width = 211;
        made.height = 133;
        made.factors = factors;
        made.restart_interval = interval;
        add_options(item_of(made, has_index), made.width, made.height, random(), &items);
      }
    }
    const BatchTally tally = batch.check(items);
    CHECK(tally.same == static_cast<int>(items.size()));
  }
}

void test_kinds() {
  TwinBatch batch;
  std::mt19937 random(4);
  std::vector<BatchItem> items;
  MadeJpeg gray;
  gray.num_components = 1;
  gray.factors = {1, 1};
  gray.width = 300;
  gray.height = 200;
  add_options(item_of(gray, false), 300, 200, random(), &items);
  add_options(item_of(gray, true), 300, 200, random(), &items);
  MadeJpeg cmyk = gray;
  cmyk.num_components = 4;
  cmyk.factors = {1, 1, 1, 1, 1, 1, 1, 1};
  const BatchItem indexed_cmyk = item_of(cmyk, true);
  CHECK(!indexed_cmyk.index.empty());
  add_options(indexed_cmyk, 300, 200, random(), &items);
  MadeJpeg progressive = gray;
  progressive.num_components = 3;
  progressive.factors = {2, 2, 1, 1, 1, 1};
  progressive.is_progressive = true;
  add_options(item_of(progressive, false), 300, 200, random(), &items);
  MadeJpeg optimized = progressive;
  optimized.is_progressive = false;
  optimized.is_optimized = true;
  add_options(item_of(optimized, false), 300, 200, random(), &items);
  MadeJpeg deep = optimized;
  deep.is_optimized = false;  // else all its blocks have the same codes
  deep.has_16_bit_quant = true;
  deep.quality = 1;
  add_options(item_of(deep, false), 300, 200, random(), &items);
  MadeJpeg tiny = optimized;
  tiny.width = tiny.height = 1;
  add_options(item_of(tiny, false), 1, 1, random(), &items);
  CHECK(batch.check(items).same == static_cast<int>(items.size()));
  // Blocks that cannot be told apart without an index.
  CHECK(batch.check({item_of(cmyk, false)}).on_cpu == 1);
  MadeJpeg arithmetic = optimized;
  arithmetic.is_optimized = false;
  arithmetic.is_arithmetic = true;
  CHECK(batch.check({item_of(arithmetic, false)}).on_cpu == 1);
}

// Long scans: many parts, and guesses that must be corrected.
void test_long_scans() {
  for (const std::uint64_t seed : {1, 2, 3}) {
    TwinBatch batch(seed);
    std::vector<BatchItem> items;
    for (const int quality : {20, 85, 99}) {
      MadeJpeg made;
      made.width = 700;
      made.height = 500;
      made.quality = quality;
      made.seed = static_cast<unsigned int>(seed);
      items.push_back(item_of(made, false));
      made.restart_interval = 44;
      items.push_back(item_of(made, false));
    }
    CHECK(batch.check(items).same == static_cast<int>(items.size()));
  }
}

// Bytes behind the end of the image are no data, whatever they look like.
void test_what_follows_the_end() {
  MadeJpeg made;
  made.width = 320;
  made.height = 240;
  TwinBatch batch;
  std::vector<BatchItem> items;
  for (const int num_bytes : {1, 127, 128, 129, 50000}) {
    BatchItem item = item_of(made, false);
    std::mt19937 random(5);
    for (int i = 0; i < num_bytes; ++i) item.jpeg.push_back(static_cast<std::uint8_t>(random()));
    items.push_back(item);
    item = item_of(made, false);
    item.jpeg.resize(item.jpeg.size() - 2);  // no EOI
    items.push_back(item);
  }
  // A second image, as cameras append it.
  BatchItem twice = item_of(made, false);
  const Bytes first = twice.jpeg;
  twice.jpeg.insert(twice.jpeg.end(), first.begin(), first.end());
  items.push_back(twice);
  CHECK(batch.check(items).same == static_cast<int>(items.size()));
}

// Damage is the CPU's to name, and no neighbor's.
void test_damage() {
  TwinBatch batch;
  std::mt19937 random(6);
  int num_given_up = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<BatchItem> items;
    for (int i = 0; i < 4; ++i) {
      MadeJpeg made;
      made.width = 150;
      made.height = 100;
      made.factors = kFactors[random() % kFactors.size()];
      made.restart_interval = i == 1 ? 5 : 0;
      BatchItem item = item_of(made, i == 2);
      if (i != 3) {
        for (int k = 0; k < 3; ++k) {
          const std::size_t at = 620 + random() % (item.jpeg.size() - 620);
          item.jpeg[at] = static_cast<std::uint8_t>(random());
        }
      }
      items.push_back(item);
    }
    const BatchTally tally = batch.check(items);
    num_given_up += tally.given_up + tally.refused;
    CHECK(tally.same >= 1);
  }
  CHECK(num_given_up > 20);
}

void test_truncation() {
  TwinBatch batch;
  MadeJpeg made;
  made.width = 200;
  made.height = 150;
  for (const int interval : {0, 9}) {
    made.restart_interval = interval;
    const BatchItem whole = item_of(made, false);
    for (std::size_t size = 630; size + 2 < whole.jpeg.size(); size += 97) {
      BatchItem item = whole;
      item.jpeg.resize(size);
      const BatchTally tally = batch.check({item, whole});
      CHECK(tally.same == 1);
      CHECK(tally.given_up + tally.refused == 1);
    }
  }
}

void test_memory_stays_flat() {
  TwinBatch batch;
  MadeJpeg large;
  large.width = 400;
  large.height = 300;
  MadeJpeg small;
  const std::vector<BatchItem> first = {item_of(large, false), item_of(large, true)};
  const std::vector<BatchItem> second = {item_of(small, false), item_of(small, true)};
  batch.check(first);
  const std::size_t held = batch.bytes_held();
  for (int i = 0; i < 5; ++i) {
    batch.check(second);
    batch.check(first);
    CHECK(batch.bytes_held() == held);
  }
  CHECK(batch.check({}).same == 0);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_samplings();
  fastpass::test_kinds();
  fastpass::test_long_scans();
  fastpass::test_what_follows_the_end();
  fastpass::test_damage();
  fastpass::test_truncation();
  fastpass::test_memory_stays_flat();
  return RESULT();
}
