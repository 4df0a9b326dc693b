// What one image of a batch asks of the device: found out on the CPU, from the headers alone where
// that is possible.
#pragma once

#include <cstdint>

#include "common/status.h"
#include "common/view.h"
#include "decode/crop_box.h"
#include "decode/decoder.h"

namespace fastpass {

// Who does the entropy decoding.
enum class PlannedCoding : std::uint8_t {
  kIndexed,       // the device, a lane for every entry of the seek index that the crop needs
  kScan,          // the device, which finds out by itself where lanes may start
  kCoefficients,  // the CPU: progressive files, and those of several scans
  kPixels,        // the CPU, and all that follows as well: what only a CPU backend decodes
};

// Borrows the bytes of the file and of its index, which must outlive it.
struct ImagePlan {
  PlannedCoding coding = PlannedCoding::kPixels;
  Span jpeg;
  DecodeOptions options;
  CropBox crop;  // resolved: of the image at 1 / scale_denominator; its size is the result's
};

// One per thread.
class ImagePlanner {
 public:
  // Reads the headers and does the CPU's share of the decoding; refuses what the CPU backend
  // refuses, with its words. `plan` may be reused from image to image and keeps its memory.
  Status plan(Span jpeg, const DecodeOptions& options, ImagePlan* plan);
};

}  // namespace fastpass
