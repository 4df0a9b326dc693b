// Decodes a batch of JPEGs to RGB pixels in the memory of a GPU.
#pragma once

#include <cstdint>
#include <vector>

#include "common/gpu/device.h"
#include "common/gpu/growing_memory.h"
#include "common/status.h"
#include "common/view.h"
#include "decode/gpu/decode_layout.h"
#include "decode/gpu/gpu_image_plan.h"
#include "decode/gpu/gpu_passes.h"

namespace fastpass {

// One per batch in flight. Its memory grows to the largest batch seen and stays.
class BatchDecoder {
 public:
  BatchDecoder(Device* device, DecodeKernels* kernels);
  BatchDecoder(const BatchDecoder&) = delete;
  BatchDecoder& operator=(const BatchDecoder&) = delete;

  // Copies the bytes of all images into pinned memory and queues on `stream` everything that turns
  // them into pixels; does not wait. outputs[i]: GPU memory of 3 * height * width bytes for
  // image i, or nullptr for memory of the decoder's own, valid until the next queue(). What the
  // queue() before this one has queued must have happened.
  Status queue(const std::vector<const ImagePlan*>& plans,
               const std::vector<std::uint8_t*>& outputs, Stream stream);
  // Of GPU memory; rows without padding.
  ImageView pixels(int image) const { return pixels_[static_cast<std::size_t>(image)]; }

  // What follows is known when an event that was recorded behind queue() has happened.
  //
  // The GPU met something in this image that it does not decode, damage above all. Its pixels mean
  // nothing; the CPU decodes the image, or says what is wrong with it.
  bool is_given_up(int image) const;
  // Puts the CPU's pixels there; `pixels` may go once the call has returned.
  Status replace(int image, const ImageView& pixels, Stream stream);

  // Of the GPU and of pinned memory, for tests that memory stays flat.
  std::size_t bytes_held() const;

 private:
  Status reserve();
  void point_at_outputs(const std::vector<const ImagePlan*>& plans,
                        const std::vector<std::uint8_t*>& outputs);
  void fill_upload(const std::vector<const ImagePlan*>& plans);
  void fill_image(const ImagePlan& plan, std::size_t index, GpuImage* image);
  void fill_data(const ImagePlan& plan, const ImageSections& sections, GpuImage* image);
  void fill_tasks(const std::vector<const ImagePlan*>& plans);
  Status copy_decoded(const std::vector<const ImagePlan*>& plans, Stream stream);

  template <typename Value>
  Value* pinned(const Section& section) {
    return reinterpret_cast<Value*>(upload_pinned_.data() + section.offset);
  }
  template <typename Value>
  Value* on_gpu(const Section& section) {
    return reinterpret_cast<Value*>(upload_.data() + section.offset);
  }

  Device* const device_;
  DecodeKernels* const kernels_;
  DecodeLayout layout_;
  DecodePasses passes_;
  GrowingMemory upload_pinned_;
  GrowingMemory upload_;
  GrowingMemory coefficients_;
  GrowingMemory samples_;
  GrowingMemory own_pixels_;
  GrowingMemory parts_;
  GrowingMemory given_up_;
  GrowingMemory given_up_pinned_;
  GrowingMemory replacement_pinned_;
  std::size_t replacement_used_ = 0;
  std::vector<ImageView> pixels_;
};

}  // namespace fastpass
