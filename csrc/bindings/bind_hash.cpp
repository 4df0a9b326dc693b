// Hashes of images, encoded or decoded: where decode and curate meet.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bindings/buffers.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "common/parallel_for.h"
#include "common/xxhash64.h"
#include "curate/image_statistics.h"
#include "curate/pdq.h"
#include "curate/small_hashes.h"
#include "decode/decoder_pool.h"
#include "decode/probe.h"

namespace fastpass {
namespace {

namespace py = pybind11;
using PixelArray = py::array_t<std::uint8_t, py::array::c_style>;

constexpr int kPixelHashBytes = 16;
// pdq_fast: a JPEG is decoded so small, but no smaller.
constexpr int kFewestFastPixels = 256;

constexpr std::array<const char*, kNumDihedrals> kDihedralNames = {
    "",        ":rotate90", ":rotate180",  ":rotate270",
    ":flip_x", ":flip_y",   ":flip_plus1", ":flip_minus1"};

enum class Kind { kPdq, kPdqFast, kAverage, kDifference, kPerceptual, kWavelet, kPixels };

struct HashKind {
  Kind kind = Kind::kPdq;
  Dihedral dihedral = Dihedral::kOriginal;
  int num_bytes = kPdqBytes;
};

std::map<std::string, HashKind> known_kinds() {
  std::map<std::string, HashKind> kinds = {
      {"ahash", {Kind::kAverage, {}, kSmallHashBytes}},
      {"dhash", {Kind::kDifference, {}, kSmallHashBytes}},
      {"phash", {Kind::kPerceptual, {}, kSmallHashBytes}},
      {"whash", {Kind::kWavelet, {}, kSmallHashBytes}},
      {"pixels", {Kind::kPixels, {}, kPixelHashBytes}},
  };
  for (std::size_t i = 0; i < kDihedralNames.size(); ++i) {
    const auto dihedral = static_cast<Dihedral>(i);
    kinds[std::string("pdq") + kDihedralNames[i]] = {Kind::kPdq, dihedral, kPdqBytes};
    kinds[std::string("pdq_fast") + kDihedralNames[i]] = {Kind::kPdqFast, dihedral, kPdqBytes};
  }
  return kinds;
}

// An encoded image, or pixels where `jpeg` is empty.
struct HashJob {
  std::unique_ptr<BorrowedBytes> jpeg;
  ImageView pixels;
  Status status;
};

// What is written, a row per image.
struct HashRows {
  std::vector<HashKind> kinds;
  std::vector<std::uint8_t*> codes;  // [kind]: [image, bytes]
  std::int32_t* quality = nullptr;   // -1: no PDQ wanted
  std::int32_t* quality_fast = nullptr;
  std::int32_t* height = nullptr;
  std::int32_t* width = nullptr;
  float* statistics = nullptr;  // [image, 5]; nullptr: not wanted
  std::int64_t max_pixels = kDefaultMaxPixels;

  bool has(Kind kind) const {
    return std::any_of(kinds.begin(), kinds.end(),
                       [kind](const HashKind& each) { return each.kind == kind; });
  }
  bool needs_colors() const {
    return statistics != nullptr ||
           std::any_of(kinds.begin(), kinds.end(),
                       [](const HashKind& each) { return each.kind != Kind::kPdqFast; });
  }
};

// One per thread.
class RowHasher {
 public:
  explicit RowHasher(const HashRows& rows) : rows_(rows), decoder_("auto") {}

  Status hash(const HashJob& job, std::size_t row) {
    ImageView colors = job.pixels;
    int height = colors.height, width = colors.width;
    if (job.jpeg) {
      const Span bytes = job.jpeg->span();
      ImageInfo info;
      FASTPASS_RETURN_IF_ERROR(probe(bytes, &info));
      height = info.height;
      width = info.width;
      if (rows_.needs_colors()) {
        DecodeOptions options;
        options.max_pixels = rows_.max_pixels;
        FASTPASS_RETURN_IF_ERROR(decoder_.get()->decode(bytes, options, &pixels_));
        colors = pixels_.view();
      }
      if (rows_.has(Kind::kPdqFast)) FASTPASS_RETURN_IF_ERROR(sample_fast(bytes, height, width));
    } else if (rows_.has(Kind::kPdqFast)) {
      pdq_.sample_by_weights(colors, height, width, 1, &fast_samples_);
    }
    rows_.height[row] = height;
    rows_.width[row] = width;
    prepare(colors, row);
    for (std::size_t i = 0; i < rows_.kinds.size(); ++i) {
      const HashKind& kind = rows_.kinds[i];
      write(kind, colors, rows_.codes[i] + row * static_cast<std::size_t>(kind.num_bytes));
    }
    return {};
  }

 private:
  // The Y of a JPEG at the smallest scale that leaves enough.
  Status sample_fast(Span bytes, int height, int width) {
    DecodeOptions options;
    options.max_pixels = rows_.max_pixels;
    options.luma_only = true;
    const int side = std::min(height, width);
    while (options.scale_denominator < 8 &&
           side / (2 * options.scale_denominator) >= kFewestFastPixels) {
      options.scale_denominator *= 2;
    }
    FASTPASS_RETURN_IF_ERROR(decoder_.get()->decode(bytes, options, &fast_pixels_));
    pdq_.sample_by_weights(fast_pixels_.view(), height, width, options.scale_denominator,
                           &fast_samples_);
    return {};
  }

  // What several kinds have in common.
  void prepare(const ImageView& colors, std::size_t row) {
    if (rows_.has(Kind::kPdq)) {
      pdq_.sample(colors, &samples_);
      frequencies_ = pdq_frequencies(samples_);
      rows_.quality[row] = pdq_quality(samples_);
    }
    if (rows_.has(Kind::kPdqFast)) {
      fast_frequencies_ = pdq_frequencies(fast_samples_);
      rows_.quality_fast[row] = pdq_quality(fast_samples_);
    }
    const bool needs_gray = rows_.statistics != nullptr || rows_.has(Kind::kAverage) ||
                            rows_.has(Kind::kDifference) || rows_.has(Kind::kPerceptual) ||
                            rows_.has(Kind::kWavelet);
    if (needs_gray) gray_.assign(colors);
    if (rows_.statistics == nullptr) return;
    const ImageStatistics measured = measure_image(colors, gray_);
    float* out = rows_.statistics + 5 * row;
    out[0] = measured.brightness;
    out[1] = measured.entropy;
    out[2] = measured.laplacian_variance;
    out[3] = measured.saturation;
    out[4] = measured.is_single_color ? 1.0f : 0.0f;
  }

  void write(const HashKind& kind, const ImageView& colors, std::uint8_t* out) {
    switch (kind.kind) {
      case Kind::kPdq:
        return put(pdq_code(frequencies_, kind.dihedral), out);
      case Kind::kPdqFast:
        return put(pdq_code(fast_frequencies_, kind.dihedral), out);
      case Kind::kAverage:
        return put(small_.average(gray_), out);
      case Kind::kDifference:
        return put(small_.difference(gray_), out);
      case Kind::kPerceptual:
        return put(small_.perceptual(gray_), out);
      case Kind::kWavelet:
        return put(small_.wavelet(gray_), out);
      case Kind::kPixels:
        return put_pixels(colors, out);
    }
  }

  template <typename Code>
  static void put(const Code& code, std::uint8_t* out) {
    std::copy(code.begin(), code.end(), out);
  }

  // Two XXH64 of the pixels, from seeds that the size is part of.
  static void put_pixels(const ImageView& colors, std::uint8_t* out) {
    const Span bytes = {colors.data, static_cast<std::size_t>(colors.stride) *
                                         static_cast<std::size_t>(colors.height)};
    const std::uint64_t size =
        static_cast<std::uint64_t>(colors.height) << 32 | static_cast<std::uint64_t>(colors.width);
    for (std::uint64_t i = 0; i < 2; ++i) {
      const std::uint64_t hash = xxhash64(bytes, 2 * size + i);
      std::memcpy(out + 8 * i, &hash, sizeof(hash));
    }
  }

  const HashRows& rows_;
  const DecoderLease decoder_;
  PixelBuffer pixels_, fast_pixels_;
  GrayImage gray_;
  PdqHasher pdq_;
  SmallHasher small_;
  PdqSamples samples_{}, fast_samples_{};
  PdqFrequencies frequencies_{}, fast_frequencies_{};
};

// bytes-like: encoded; an array of three dimensions: RGB pixels. The list keeps them alive.
HashJob make_job(const py::object& image) {
  HashJob job;
  if (py::isinstance<py::array>(image) && py::cast<py::array>(image).ndim() == 3) {
    const auto pixels = py::cast<PixelArray>(image);
    job.pixels.data = const_cast<std::uint8_t*>(pixels.data());  // only read
    job.pixels.height = static_cast<int>(pixels.shape(0));
    job.pixels.width = static_cast<int>(pixels.shape(1));
    job.pixels.stride = pixels.strides(0);
    return job;
  }
  job.jpeg = std::make_unique<BorrowedBytes>(py::cast<py::buffer>(image));
  return job;
}

void hash_all(std::vector<HashJob>* jobs, const HashRows& rows, int num_threads) {
  std::vector<std::unique_ptr<RowHasher>> hashers(static_cast<std::size_t>(num_threads));
  parallel_for(static_cast<std::int64_t>(jobs->size()), num_threads,
               [&](std::int64_t row, int thread) {
                 auto& hasher = hashers[static_cast<std::size_t>(thread)];
                 if (!hasher) hasher = std::make_unique<RowHasher>(rows);
                 HashJob& job = (*jobs)[static_cast<std::size_t>(row)];
                 job.status = hasher->hash(job, static_cast<std::size_t>(row));
               });
}

// {"codes": [one array per kind], "quality", "quality_fast", "height", "width", "statistics" or
// None, "errors": [None or the exception, per image]}
py::dict hash_images(const py::list& images, const std::vector<std::string>& kinds,
                     bool wants_statistics, std::int64_t max_pixels, int num_threads) {
  static const auto known = known_kinds();
  const auto count = static_cast<py::ssize_t>(images.size());
  py::list codes;
  HashRows rows;
  rows.max_pixels = max_pixels;
  for (const std::string& name : kinds) {
    rows.kinds.push_back(known.at(name));
    py::array_t<std::uint8_t> made({count, static_cast<py::ssize_t>(rows.kinds.back().num_bytes)});
    std::memset(made.mutable_data(), 0, static_cast<std::size_t>(made.nbytes()));
    rows.codes.push_back(made.mutable_data());
    codes.append(made);
  }
  const auto column = [count](std::int32_t value) {
    py::array_t<std::int32_t> made(count);
    std::fill_n(made.mutable_data(), count, value);
    return made;
  };
  py::array_t<std::int32_t> quality = column(-1), quality_fast = column(-1);
  py::array_t<std::int32_t> height = column(0), width = column(0);
  py::array_t<float> statistics({wants_statistics ? count : 0, py::ssize_t{5}});
  rows.quality = quality.mutable_data();
  rows.quality_fast = quality_fast.mutable_data();
  rows.height = height.mutable_data();
  rows.width = width.mutable_data();
  if (wants_statistics) {
    rows.statistics = statistics.mutable_data();
    std::fill_n(rows.statistics, 5 * count, 0.0f);
  }
  std::vector<HashJob> jobs;
  for (const py::handle image : images) {
    jobs.push_back(make_job(py::reinterpret_borrow<py::object>(image)));
  }
  {
    const py::gil_scoped_release no_gil;
    hash_all(&jobs, rows, num_threads);
  }
  py::list errors;
  for (const HashJob& job : jobs) {
    errors.append(job.status.ok() ? py::object(py::none()) : make_exception(job.status));
  }
  py::dict result;
  result["codes"] = codes;
  result["quality"] = quality;
  result["quality_fast"] = quality_fast;
  result["height"] = height;
  result["width"] = width;
  result["statistics"] = statistics;
  result["errors"] = errors;
  return result;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : known_kinds()) names.push_back(name);
  return names;
}

}  // namespace

void register_hash(py::module_& module) {
  module.def("hash_kinds", &kind_names);
  module.def("hash_images", &hash_images, py::arg("images"), py::kw_only(), py::arg("kinds"),
             py::arg("statistics"), py::arg("max_pixels"), py::arg("num_threads"));
}

}  // namespace fastpass
