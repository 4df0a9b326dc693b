#include "decode/pixels/component_plane.h"

#include <algorithm>
#include <cstring>

namespace fastpass {
namespace {

// Left of the samples: up to three blocks of a group that begins before them, and one sample that
// repeats the border. Right of them: the same, and what vector loads read beyond a row's end.
constexpr std::size_t kLeftMargin = 64;
constexpr std::size_t kRightMargin = 128;
// Behind a line: what upsampling may overwrite, and pixels outside the columns on both sides.
constexpr std::size_t kLineMargin = 192;

// Each sample fills a word.
template <class Word>
void replicate_as(const std::uint8_t* row, int width, std::uint8_t* line) {
  constexpr Word kOnes = static_cast<Word>(0x01010101);
  for (int x = 0; x < width; ++x) {
    const auto word = static_cast<Word>(row[x] * kOnes);
    std::memcpy(line + static_cast<std::size_t>(x) * sizeof(Word), &word, sizeof(Word));
  }
}

std::size_t round_up_64(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

void ComponentPlane::plan(const FrameComponent& component, const ComponentScale& scale,
                          const Interval& columns, const Interval& rows, int ring_mcu_rows) {
  component_ = &component;
  scale_ = scale;
  covering_ = {columns.begin / scale.expand_h, (columns.end - 1) / scale.expand_h + 1};
  skip_ = columns.begin % scale.expand_h;
  columns_ = scale.columns_of(columns.begin, columns.end);
  rows_ = scale.rows_of(rows.begin, rows.end);
  ring_rows_ = ring_mcu_rows * component.v * scale.side();
  block_columns_ = in_units_of(columns_, scale.side());
  block_rows_ = in_units_of(rows_, scale.side());
  origin_ = block_columns_.begin * scale.side();
  const auto width = static_cast<std::size_t>(block_columns_.size() * scale.side());
  // An odd number of cache lines: the rows of a block then do not compete for the same places.
  stride_ = round_up_64(kLeftMargin + width + kRightMargin) | 64;
  line_offset_ = stride_ * static_cast<std::size_t>(ring_rows_);
  const bool has_line = scale.expand_h > 1 || scale.blends_rows();
  line_bytes_ = has_line ? round_up_64(static_cast<std::size_t>(columns.size()) + kLineMargin) : 0;
}

std::uint8_t* ComponentPlane::sample(int y, int x) const {
  return memory_ + stride_ * static_cast<std::size_t>(y % ring_rows_) + kLeftMargin + (x - origin_);
}

void ComponentPlane::put(const PixelRoutines& routines, int row, int column, int num_mcus,
                         const std::int16_t* groups, int groups_per_row) {
  const PixelRoutines::Idct idct = routines.idct[scale_.log2_side];
  for (int i = 0; i < component_->v; ++i, groups += groups_per_row * kGroupCoefficients) {
    const int block_row = row * component_->v + i;
    if (block_row < block_rows_.begin || block_row >= block_rows_.end) continue;
    put_block_row(idct, block_row, column * component_->h, num_mcus * component_->h, groups);
  }
}

void ComponentPlane::put_block_row(PixelRoutines::Idct idct, int block_row, int first_column,
                                   int num_blocks, const std::int16_t* groups) {
  const int side = scale_.side();
  const std::uint16_t* quant = component_->quant.steps.data();
  const int begin = std::max(block_columns_.begin - first_column, 0);
  const int end = std::min(block_columns_.end - first_column, num_blocks);
  if (begin >= end) return;
  const int first_group = begin / kGroupBlocks;
  int end_group = (end + kGroupBlocks - 1) / kGroupBlocks;
  groups += first_group * kGroupCoefficients;
  const int x = (first_column + first_group * kGroupBlocks) * side;
  std::uint8_t* out = sample(block_row * side, x);
  const auto stride = static_cast<std::ptrdiff_t>(stride_);

  // A last group that holds fewer than four blocks of this chunk must not touch what follows.
  const int rest = end % kGroupBlocks;
  const bool has_neighbor = end == num_blocks && first_column + end < block_columns_.end;
  const bool is_split = rest != 0 && has_neighbor;
  if (is_split) --end_group;
  const int whole = end_group - first_group;
  if (whole > 0) idct(groups, whole, quant, out, stride);
  if (!is_split) return;
  constexpr int kSpareStride = kGroupBlocks * 8;
  std::uint8_t spare[8 * kSpareStride];
  idct(groups + whole * kGroupCoefficients, 1, quant, spare, kSpareStride);
  for (int y = 0; y < side; ++y) {
    std::memcpy(out + y * stride + whole * kGroupBlocks * side, spare + y * kSpareStride,
                static_cast<std::size_t>(rest * side));
  }
}

// Beyond a border of the image, the sample at the border is repeated.
void ComponentPlane::finish_row(int row) {
  if (!scale_.blends_columns()) return;
  const int height = component_->v * scale_.side();
  const int end = std::min((row + 1) * height, rows_.end);
  for (int y = std::max(row * height, rows_.begin); y < end; ++y) {
    std::uint8_t* begin = sample(y, columns_.begin);
    std::uint8_t* last = begin + columns_.size() - 1;
    if (columns_.begin == 0) begin[-1] = *begin;
    if (columns_.end == scale_.width) last[1] = *last;
  }
}

const std::uint8_t* ComponentPlane::line(const PixelRoutines& routines, int y) {
  const int near = y / scale_.expand_v;
  const std::uint8_t* row = sample(near, covering_.begin);
  const std::uint8_t* other = row;
  if (scale_.blends_rows()) {
    const int far = y % 2 == 0 ? std::max(near - 1, 0) : std::min(near + 1, scale_.height - 1);
    other = sample(far, covering_.begin);
  }
  std::uint8_t* line = memory_ + line_offset_;
  switch (scale_.upsampling) {
    case Upsampling::kNone:
      return row;
    case Upsampling::kH2v1:
      routines.upsample_h2v1(row, covering_.size(), line);
      return line + skip_;
    case Upsampling::kH2v2:
      routines.upsample_h2v2(row, other, covering_.size(), line);
      return line + skip_;
    case Upsampling::kH1v2:
      routines.upsample_h1v2(row, other, covering_.size(), 1 + y % 2, line);
      return line;
    case Upsampling::kReplicate:
      if (scale_.expand_h == 1) return row;
      replicate(row, line);
      return line + skip_;
  }
  return row;
}

// Writes each sample of the row expand_h times, from the first that the columns touch.
void ComponentPlane::replicate(const std::uint8_t* row, std::uint8_t* line) const {
  if (scale_.expand_h == 2) return replicate_as<std::uint16_t>(row, covering_.size(), line);
  if (scale_.expand_h == 4) return replicate_as<std::uint32_t>(row, covering_.size(), line);
  for (int x = 0; x < covering_.size(); ++x) {
    for (int i = 0; i < scale_.expand_h; ++i) *line++ = row[x];
  }
}

}  // namespace fastpass
