// What a GPU has to do for one image of a batch. The CPU finds this out, from the headers alone
// where that is possible.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/crop_box.h"
#include "common/status.h"
#include "common/view.h"
#include "decode/decoder.h"
#include "decode/entropy/coefficient_decoder.h"
#include "decode/entropy/coefficient_image.h"
#include "decode/gpu/gpu_image.h"
#include "decode/pixel_buffer.h"
#include "decode/seek/seek_index.h"
#include "decode/syntax/jpeg_markers.h"

namespace fastpass {

// Who does the entropy decoding.
enum class PlannedCoding : std::uint8_t {
  kIndexed,       // the device, a lane for every entry of the seek index that the crop needs
  kScan,          // the device, which finds out by itself where lanes may start
  kCoefficients,  // the CPU: progressive files, and those of several scans
  // The CPU, and all that follows as well: what only a CPU backend decodes, damage that is known
  // beforehand, and scans without an index whose blocks all have the same codes.
  kPixels,
};

// The distinct Huffman tables of a scan.
using GpuHuffmanTables = std::vector<HuffmanTable>;

// Borrows the bytes of the file and of its index, which must outlive it.
struct ImagePlan {
  PlannedCoding coding = PlannedCoding::kPixels;
  Span jpeg;
  DecodeOptions options;
  CropBox crop;  // resolved: of the image at 1 / scale_denominator; its size is the result's

  // All but the pointers; offsets and sizes within `jpeg`.
  GpuImage image;
  std::shared_ptr<const GpuHuffmanTables> tables;
  int dc_table[kMaxComponents] = {};  // of a component, in `tables`
  int ac_table[kMaxComponents] = {};
  std::vector<std::int32_t> entries;       // kIndexed: of the seek index
  std::vector<ScanSegment> segments;       // kScan
  std::vector<std::int16_t> coefficients;  // kCoefficients: component by component
  PixelBuffer pixels;                      // kPixels
};

// One per thread.
class ImagePlanner {
 public:
  ImagePlanner();
  // Does the CPU's share of the decoding; refuses what the CPU backend
  // refuses, with its words. `plan` may be reused from image to image and keeps its memory.
  Status plan(const JpegHeaders& headers, const DecodeOptions& options, ImagePlan* plan);
  // For callers that have not looked at the headers.
  Status plan(Span jpeg, const DecodeOptions& options, ImagePlan* plan);

 private:
  // False: the CPU decodes it, and finds out what is wrong with it.
  bool plan_for_gpu(const JpegHeaders& headers, ImagePlan* plan);
  bool is_acceptable(const ImagePlan& plan) const;
  bool plan_geometry(ImagePlan* plan) const;
  bool plan_coding(ImagePlan* plan);
  void plan_tables(ImagePlan* plan);
  bool plan_spans(ImagePlan* plan);
  bool plan_scan(ImagePlan* plan) const;
  bool plan_coefficients(ImagePlan* plan);

  struct KnownTables {
    std::vector<HuffmanSpec> specs;
    std::shared_ptr<const GpuHuffmanTables> tables;
  };

  MarkerReader markers_;
  SeekIndexView index_;
  KnownTables known_;  // of the last image: many files have the same
  CoefficientDecoder coefficient_decoder_;
  CoefficientImage coefficient_image_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace fastpass
