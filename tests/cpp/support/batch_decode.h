// A batch through BatchDecoder on the twin of a GPU, and the CPU's word on the same files.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "common/gpu/device_twin.h"
#include "decode/decoder_registry.h"
#include "decode/gpu/batch_decoder.h"
#include "decode/gpu/gpu_passes.h"
#include "decode/seek_scan.h"
#include "support/check.h"

namespace fastpass_test {

using Bytes = std::vector<std::uint8_t>;

inline fastpass::Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

inline bool is_same(const fastpass::ImageView& a, const fastpass::ImageView& b) {
  if (a.width != b.width || a.height != b.height) return false;
  for (int y = 0; y < a.height; ++y) {
    if (std::memcmp(a.row(y), b.row(y), 3 * static_cast<std::size_t>(a.width)) != 0) return false;
  }
  return true;
}

struct BatchItem {
  Bytes jpeg;
  Bytes index;  // empty: none
  fastpass::DecodeOptions options;

  // As often as it is copied or moved, the bytes may have moved too.
  fastpass::DecodeOptions own_options() const {
    fastpass::DecodeOptions own = options;
    own.seek_index = span_of(index);
    return own;
  }
};

struct BatchTally {
  int same = 0;      // decoded on the device, with the CPU's pixels
  int on_cpu = 0;    // planned as kPixels
  int given_up = 0;  // by the device
  int refused = 0;   // by the planner, with the CPU's words
};

class TwinBatch {
 public:
  explicit TwinBatch(std::uint64_t seed = 1)
      : kernels_(fastpass::make_twin_decode_kernels(seed)), decoder_(&device_, kernels_.get()) {}

  // Everything but what the device gives up must be what the CPU says.
  BatchTally check(const std::vector<BatchItem>& items) {
    BatchTally tally;
    std::vector<std::unique_ptr<fastpass::ImagePlan>> owned;
    std::vector<const fastpass::ImagePlan*> plans;
    std::vector<const BatchItem*> planned;
    for (const BatchItem& item : items) {
      auto plan = std::make_unique<fastpass::ImagePlan>();
      const fastpass::Status status =
          planner_.plan(span_of(item.jpeg), item.own_options(), plan.get());
      if (!status.ok()) {
        const fastpass::Status expected = decode(item);
        CHECK(!expected.ok());
        CHECK(status.message() == expected.message());
        CHECK(status.byte_offset() == expected.byte_offset());
        ++tally.refused;
        continue;
      }
      plans.push_back(plan.get());
      planned.push_back(&item);
      owned.push_back(std::move(plan));
    }
    const std::vector<std::uint8_t*> outputs(plans.size(), nullptr);
    CHECK(decoder_.queue(plans, outputs, nullptr).ok());
    for (std::size_t i = 0; i < plans.size(); ++i) {
      if (decoder_.is_given_up(static_cast<int>(i))) {
        ++tally.given_up;
        continue;
      }
      const fastpass::Status status = decode(*planned[i]);
      CHECK(status.ok());
      if (!status.ok()) continue;
      CHECK(is_same(decoder_.pixels(static_cast<int>(i)), expected_.view()));
      const bool is_on_cpu = plans[i]->coding == fastpass::PlannedCoding::kPixels;
      ++(is_on_cpu ? tally.on_cpu : tally.same);
    }
    return tally;
  }

  std::size_t bytes_held() const { return decoder_.bytes_held(); }

 private:
  fastpass::Status decode(const BatchItem& item) {
    return cpu_->decode(span_of(item.jpeg), item.own_options(), &expected_);
  }

  fastpass::TwinDevice device_;
  std::unique_ptr<fastpass::DecodeKernels> kernels_;
  fastpass::BatchDecoder decoder_;
  fastpass::ImagePlanner planner_;
  std::unique_ptr<fastpass::Decoder> cpu_ = fastpass::make_decoder("auto");
  fastpass::PixelBuffer expected_;
};

inline fastpass::CropBox random_crop(unsigned draw, int width, int height) {
  fastpass::CropBox crop;
  crop.top = static_cast<int>(draw % static_cast<unsigned>(height));
  crop.left = static_cast<int>(draw / 7 % static_cast<unsigned>(width));
  crop.height = 1 + static_cast<int>(draw / 31 % static_cast<unsigned>(height - crop.top));
  crop.width = 1 + static_cast<int>(draw / 101 % static_cast<unsigned>(width - crop.left));
  return crop;
}

}  // namespace fastpass_test
