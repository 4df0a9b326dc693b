// A batch of JPEGs to RGB pixels in the memory of a device.
#pragma once

#include <vector>

#include "common/device.h"
#include "common/status.h"
#include "common/view.h"
#include "decode/image_plan.h"

namespace fastpass {

struct DecodePasses;

// Launches the passes of a planned batch: on a GPU (decode_cuda.cu), or on the CPU in its place
// (decode_twin.cpp), lane by lane in a shuffled order.
class DecodeKernels {
 public:
  virtual ~DecodeKernels() = default;
  virtual Status run(const DecodePasses& passes, Stream stream) = 0;
};

// One per batch in flight. Its memory grows to the largest batch seen and stays.
class BatchDecoder {
 public:
  BatchDecoder(Device* device, DecodeKernels* kernels);
  ~BatchDecoder();
  BatchDecoder(const BatchDecoder&) = delete;
  BatchDecoder& operator=(const BatchDecoder&) = delete;

  // Copies the bytes of all images into pinned memory and queues on `stream` everything that turns
  // them into pixels; does not wait. outputs[i]: device memory of 3 * height * width bytes for
  // image i, or nullptr for memory of the decoder's own, valid until the next queue().
  Status queue(const std::vector<const ImagePlan*>& plans,
               const std::vector<std::uint8_t*>& outputs, Stream stream);
  // Of device memory; rows without padding.
  ImageView pixels(int image) const;

  // What follows is known when an event that was recorded behind queue() has happened.
  //
  // The device met something in this image that it does not decode, damage above all: its pixels
  // mean nothing, and the CPU has the last word (its pixels, or its error with the byte offset).
  bool is_given_up(int image) const;
  // Puts the CPU's pixels there.
  Status replace(int image, const ImageView& pixels, Stream stream);
};

}  // namespace fastpass
