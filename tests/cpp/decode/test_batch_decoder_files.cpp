// BatchDecoder on the twin of a GPU against the CPU backend: real photos and hostile files.
#include <random>
#include <vector>

#include "decode/probe/probe_formats.h"
#include "support/batch_decode.h"
#include "support/jpeg_files.h"
#include "support/shared_data.h"

namespace fastpass {
namespace {

using fastpass_test::BatchItem;
using fastpass_test::BatchTally;
using fastpass_test::random_crop;
using fastpass_test::span_of;
using fastpass_test::TwinBatch;

// Each photo whole without an index, and a crop of it with one at a scale that changes from photo
// to photo; all of both must be decoded on the device.
void test_photos(const char* folder, const char* suffix, std::size_t stride) {
  TwinBatch batch(9);
  std::mt19937 random(9);
  const auto paths = fastpass_test::shared_files(folder, suffix);
  for (std::size_t i = 0; i < paths.size(); i += stride) {
    BatchItem whole;
    whole.jpeg = fastpass_test::read_file(paths[i]);
    whole.options.scale_denominator = 1 << i % 2;
    BatchItem part = whole;
    CHECK(build_seek_index(span_of(part.jpeg), &part.index).ok());
    part.options.scale_denominator = 1 << i % 4;
    ImageInfo info;
    CHECK(probe_jpeg(span_of(part.jpeg), &info).ok());
    const int denominator = part.options.scale_denominator;
    part.options.crop = random_crop(random(), (info.width + denominator - 1) / denominator,
                                    (info.height + denominator - 1) / denominator);
    const BatchTally tally = batch.check({whole, part});
    if (tally.same != 2) std::fprintf(stderr, "not decoded: %s\n", paths[i].c_str());
    CHECK(tally.same == 2);
  }
}

void test_hostile_files() {
  TwinBatch batch(10);
  const auto files = fastpass_test::read_files(fastpass_test::hostile_folder());
  CHECK(!files.empty() || !fastpass_test::is_shared_required());
  std::vector<BatchItem> items;
  for (const auto& file : files) {
    BatchItem item;
    item.jpeg = file.bytes;
    item.options.max_pixels = 4'000'000;
    items.push_back(item);
    CHECK(build_seek_index(span_of(item.jpeg), &item.index).ok());
    if (!item.index.empty()) items.push_back(item);
  }
  const BatchTally tally = batch.check(items);
  if (!files.empty()) CHECK(tally.same > 0 && tally.refused > 0);
  std::fprintf(stderr, "hostile files: %d decoded, %d by the CPU, %d given up, %d refused\n",
               tally.same, tally.on_cpu, tally.given_up, tally.refused);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_photos("photos_imagenet200", ".JPEG", 4);
  fastpass::test_photos("photos_clothing_cc0", ".jpg", 20);
  fastpass::test_photos("photos_highres", ".jpg", 2);
  fastpass::test_hostile_files();
  return RESULT();
}
