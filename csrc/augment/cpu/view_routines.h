// The inner loops of rendering, one table of functions per instruction set. All tables give the
// same bits: those of the formulas in resample.h, color_ops.h, blur.h and normalize.h.
//
// Note [Rows and columns]. A view in the making is uint8, planar, row by row: row y holds the three
// channels' pixels one behind the other, each in `pitch` bytes (ViewRows). The vertical pass of a
// resize works on many columns of a row at once, which is what vectors do well. For the horizontal
// pass the source is turned: a band of kBandRows rows becomes columns of kBandRows values, one
// column behind the other (x, channel, row), so that this pass, too, works on whole vectors and its
// weights are scalars. Products of a pixel and a weight are summed in int32, so both passes read
// int32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "augment/cpu/view_rows.h"
#include "common/instruction_sets.h"

namespace fastpass {

constexpr int kBandRows = 32;
constexpr int kColumnMargin = 48;  // pixels

struct BoxBlur;
struct ColorStep;
struct StoreFormat;

// The weights of one axis (resample.h), for every output pixel: `count[i]` of them from source
// pixel `first[i]` on, at weights + i * stride. `first` never decreases.
struct TapTable {
  const std::int32_t* first;
  const std::int32_t* count;
  const std::int32_t* weights;
  std::ptrdiff_t stride;
};

// The inner loops of ViewRenderer for one instruction set.
struct ViewRoutines {
  const char* name;  // "plain", "avx2"

  // The horizontal pass of kBandRows rows, of which `num_pixels` RGB pixels each are read. A
  // table's source pixel 0 is the rows' first. columns: scratch for kColumnMargin pixels more than
  // num_pixels and than taps.stride. out: [x][channel][row] for x in [0, size), from right to left
  // if `is_flipped`.
  void (*weigh_columns)(const std::uint8_t* const* rows, std::int32_t num_pixels,
                        const TapTable& taps, std::int32_t size, bool is_flipped,
                        std::int32_t* columns, std::uint8_t* out);
  // rows[r][channel * pitch + x] = columns[x][channel][r]; writes up to pitch bytes of a channel,
  // and reads as many columns.
  void (*columns_to_rows)(const std::uint8_t* columns, std::int32_t size, std::ptrdiff_t pitch,
                          std::uint8_t* const* rows);
  // For weigh_rows. Reads `count` bytes, writes that many values rounded up to 32; a table may keep
  // each 32 of them in an order of its own.
  void (*widen)(const std::uint8_t* in, std::ptrdiff_t count, std::int32_t* out);
  // The vertical pass of one row: out[i] = sum of rows[tap][i] * weights[tap], rounded. Rows and
  // out have room for `count` rounded up to 32 values, all of which are read and written.
  void (*weigh_rows)(const std::int32_t* const* rows, const std::int32_t* weights, int num_taps,
                     std::ptrdiff_t count, std::uint8_t* out);

  // Applies the steps to every pixel, in place; returns the sum of the luma of the result where
  // that is wanted.
  std::uint64_t (*recolor)(const ColorStep* steps, int num_steps, bool wants_luma,
                           const ViewRows& view);

  // One pass of the box filter: out[i] from inputs[k][i], k in [0, 2 * radius + 3), of which the
  // first and the last are the ends. Up to `count` rounded up to 32 bytes are read and written.
  void (*box_blur)(const BoxBlur& blur, const std::uint8_t* const* inputs, std::ptrdiff_t count,
                   std::uint8_t* out);

  // A finished view, normalised, in the wanted type and layout.
  void (*store)(const ViewRows& view, const StoreFormat& format, void* out);

  // The way back from uint8 [size, size, 3].
  void (*split)(const std::uint8_t* pixels, const ViewRows& view);
};

extern const ViewRoutines kPlainViewRoutines;
extern FASTPASS_X86_ONLY const ViewRoutines kAvx2ViewRoutines;

// Those that this processor can run, the best last.
const std::vector<const ViewRoutines*>& available_view_routines();
inline const ViewRoutines& best_view_routines() { return *available_view_routines().back(); }

}  // namespace fastpass
