#include "augment/gpu/batch_renderer.h"

#include <algorithm>
#include <cstring>

#include "augment/check.h"
#include "augment/view_plan.h"

namespace fastpass {
namespace {

using Kind = GrowingMemory::Kind;

std::size_t size_of(std::int64_t count) { return static_cast<std::size_t>(count); }

std::size_t round_up_16(std::size_t bytes) { return (bytes + 15) / 16 * 16; }

GpuTaps plan_taps(const SourceSpan& span, int resized, int window_first, int size,
                  Interpolation interpolation) {
  GpuTaps taps{};
  taps.axis = make_resample_axis(span.size, span.start, span.length, resized, interpolation);
  taps.window_first = window_first;
  taps.num_pixels = size;
  taps.max_count = max_taps(taps.axis);
  return taps;
}

GpuView plan_view(const ViewTask& task, const ViewFormat& format) {
  const ViewSpec& spec = *task.spec;
  const ViewParams& params = task.params;
  const SourceSpan across = span_across(task.source, params);
  const SourceSpan down = span_down(task.source, params);
  GpuView view{};
  view.source = task.source.pixels.row(down.first) + std::ptrdiff_t{3} * across.first;
  view.stride = task.source.pixels.stride;
  view.size = spec.size;
  view.is_flipped = params.is_flipped;
  view.is_vertical_first =
      is_vertical_first(down.size, across.size, params.resized_height, params.resized_width);
  view.across =
      plan_taps(across, params.resized_width, params.window_left, spec.size, spec.interpolation);
  view.down =
      plan_taps(down, params.resized_height, params.window_top, spec.size, spec.interpolation);
  view.color = plan_color(params);
  if (params.blur_sigma > 0.0f && spec.blur_kind == BlurKind::kPillow) {
    view.blur = ViewBlur::kPillow;
    view.box_blur = make_box_blur(params.blur_sigma);
  } else if (params.blur_sigma > 0.0f) {
    view.blur = ViewBlur::kGaussian;
    view.gaussian_blur =
        make_gaussian_blur(params.blur_sigma, spec.blur_kernel_size, spec.blur_border);
  }
  view.format = make_store_format(spec, params, format);
  view.out = task.out;
  return view;
}

// Source pixels that `count` pixels of the view look at, at most: how far their middles lie apart,
// and the taps of the outermost.
std::int64_t reach(const GpuTaps& taps, int count) {
  const auto apart = static_cast<std::int64_t>(taps.axis.scale * (count - 1)) + 1;
  return std::min<std::int64_t>(apart + taps.max_count, taps.axis.source_size);
}

std::int64_t tile_bytes(const GpuView& view, int rows, int columns) {
  return 3 * (view.is_vertical_first ? rows * reach(view.across, columns)
                                     : reach(view.down, rows) * columns);
}

}  // namespace

void BatchRenderer::TaskList::clear() {
  view_of.clear();
  first_block.clear();
  num_blocks = 0;
}

void BatchRenderer::TaskList::add(std::size_t view, int blocks) {
  view_of.push_back(static_cast<std::int32_t>(view));
  first_block.push_back(num_blocks);
  num_blocks += blocks;
}

BatchRenderer::BatchRenderer(Device* device, RenderKernels* kernels)
    : device_(device),
      kernels_(kernels),
      upload_pinned_(device, Kind::kPinned),
      upload_(device, Kind::kDevice),
      taps_(device, Kind::kDevice),
      scratch_(device, Kind::kDevice),
      luma_sums_(device, Kind::kDevice) {}

Status BatchRenderer::queue(const std::vector<ViewTask>& tasks, const ViewFormat& format,
                            Stream stream) {
  for (const ViewTask& task : tasks) {
    FASTPASS_RETURN_IF_ERROR(check_spec(*task.spec));
    FASTPASS_RETURN_IF_ERROR(check_source(task.source));
    FASTPASS_RETURN_IF_ERROR(check_params(task.params, *task.spec, task.source));
  }
  if (tasks.empty()) return {};
  plan_views(tasks, format);
  plan_passes();
  FASTPASS_RETURN_IF_ERROR(place_memory());
  FASTPASS_RETURN_IF_ERROR(fill_upload());
  FASTPASS_RETURN_IF_ERROR(device_->copy_to_device(upload_.data(), upload_pinned_.data(),
                                                   size_of(passes_.upload_bytes), stream));
  if (contrast_.size() > 0) {
    const std::size_t bytes = sizeof(unsigned long long) * size_of(contrast_.size());
    FASTPASS_RETURN_IF_ERROR(device_->clear(luma_sums_.data(), bytes, stream));
  }
  return kernels_->run(passes_, stream);
}

void BatchRenderer::plan_views(const std::vector<ViewTask>& tasks, const ViewFormat& format) {
  views_.resize(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    views_[i] = plan_view(tasks[i], format);
    plan_tiles(&views_[i]);
  }
}

// As many rows as the budget allows, of the whole width; else one row of part of it, beyond the
// budget if the device has room for that; else no tiles.
void BatchRenderer::plan_tiles(GpuView* view) const {
  constexpr int kMostRows = 32, kFewestColumns = 32;
  const auto most_bytes =
      static_cast<std::int64_t>(device_->max_shared_bytes() - sizeof(RenderTiles::Shared));
  const std::int64_t budget = std::min(RenderTiles::kTileBytes, most_bytes);
  int rows = std::min(view->size, kMostRows);
  int columns = view->size;
  const auto fits = [&](std::int64_t bytes) { return tile_bytes(*view, rows, columns) <= bytes; };
  while (rows > 1 && !fits(budget)) rows = (rows + 1) / 2;
  while (columns > kFewestColumns && !fits(budget)) columns = (columns + 1) / 2;
  if (fits(most_bytes)) {
    view->tile_rows = rows;
    view->tile_columns = columns;
  } else {
    view->tile_rows = 0;
    view->tile_columns = RenderTiles::kDirectColumns;
  }
  view->tiles_across = (view->size + view->tile_columns - 1) / view->tile_columns;
}

void BatchRenderer::plan_passes() {
  for (TaskList* list : {&weigh_, &tiles_, &contrast_, &rows_, &columns_, &gaussian_}) {
    list->clear();
  }
  num_tile_bytes_ = num_row_bytes_ = num_column_bytes_ = num_gaussian_bytes_ = 0;
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const GpuView& view = views_[i];
    const int size = view.size;
    weigh_.add(i, WeighTaps::num_blocks(size));
    const int rows = view.tile_rows > 0 ? view.tile_rows : RenderTiles::kDirectRows;
    tiles_.add(i, (size + rows - 1) / rows * view.tiles_across);
    if (view.tile_rows > 0) {
      num_tile_bytes_ = std::max(num_tile_bytes_, tile_bytes(view, rows, view.tile_columns));
    }
    if (view.color.has_contrast) contrast_.add(i, ContrastPixels::num_blocks(size));
    if (view.blur == ViewBlur::kPillow) {
      rows_.add(i, 3 * BoxBlurLines<false>::blocks_per_channel(size));
      columns_.add(i, 3 * BoxBlurLines<true>::blocks_per_channel(size));
      num_row_bytes_ = std::max(num_row_bytes_, BoxBlurLines<false>::line_bytes(size));
      num_column_bytes_ = std::max(num_column_bytes_, BoxBlurLines<true>::line_bytes(size));
    } else if (view.blur == ViewBlur::kGaussian) {
      gaussian_.add(i, GaussianBlurRows::num_blocks(size));
      num_gaussian_bytes_ = std::max(num_gaussian_bytes_, GaussianBlurRows::row_bytes(size));
    }
  }
}

// Sizes first, then addresses: memory moves as it grows.
Status BatchRenderer::place_memory() {
  std::size_t num_taps = 0, num_scratch = 0;
  for (const GpuView& view : views_) {
    for (const GpuTaps* taps : {&view.across, &view.down}) {
      num_taps += size_of(2 * view.size + taps->num_weights());
    }
    if (view.has_scratch()) num_scratch += round_up_16(size_of(3 * view.num_pixels()));
  }
  FASTPASS_RETURN_IF_ERROR(taps_.reserve(num_taps * sizeof(std::int32_t)));
  FASTPASS_RETURN_IF_ERROR(scratch_.reserve(num_scratch));
  FASTPASS_RETURN_IF_ERROR(
      luma_sums_.reserve(sizeof(unsigned long long) * size_of(contrast_.size())));
  auto* taps_at = reinterpret_cast<std::int32_t*>(taps_.data());
  std::uint8_t* scratch_at = scratch_.data();
  auto* luma_at = reinterpret_cast<unsigned long long*>(luma_sums_.data());
  for (GpuView& view : views_) {
    for (GpuTaps* taps : {&view.across, &view.down}) {
      taps->first = taps_at;
      taps->count = taps->first + view.size;
      taps->weights = taps->count + view.size;
      taps_at = taps->weights + taps->num_weights();
    }
    if (view.color.has_contrast) view.luma_sum = luma_at++;
    if (!view.has_scratch()) continue;
    view.scratch = scratch_at;
    scratch_at += round_up_16(size_of(3 * view.num_pixels()));
  }
  return {};
}

Status BatchRenderer::fill_upload() {
  std::size_t bytes = round_up_16(views_.size() * sizeof(GpuView));
  for (const TaskList* list : {&weigh_, &tiles_, &contrast_, &rows_, &columns_, &gaussian_}) {
    bytes += 2 * sizeof(std::int32_t) * size_of(list->size());
  }
  FASTPASS_RETURN_IF_ERROR(upload_pinned_.reserve(bytes));
  FASTPASS_RETURN_IF_ERROR(upload_.reserve(bytes));
  std::size_t offset = 0;
  const auto put = [&](const void* data, std::size_t size) -> const std::uint8_t* {
    if (size > 0) std::memcpy(upload_pinned_.data() + offset, data, size);
    const std::uint8_t* there = upload_.data() + offset;
    offset += size;
    return there;
  };
  const auto put_list = [&](const std::vector<std::int32_t>& values) {
    return reinterpret_cast<const std::int32_t*>(
        put(values.data(), values.size() * sizeof(std::int32_t)));
  };
  const auto* views =
      reinterpret_cast<const GpuView*>(put(views_.data(), views_.size() * sizeof(GpuView)));
  offset = round_up_16(offset);
  const auto task = [&](const TaskList& list, auto* pass, int* num_blocks) {
    pass->views = views;
    pass->view_of = put_list(list.view_of);
    pass->first_block = put_list(list.first_block);
    pass->num_tasks = list.size();
    *num_blocks = list.num_blocks;
  };
  passes_ = RenderPasses();
  task(weigh_, &passes_.weigh, &passes_.num_weigh_blocks);
  task(tiles_, &passes_.tiles, &passes_.num_tile_blocks);
  task(contrast_, &passes_.contrast, &passes_.num_contrast_blocks);
  task(rows_, &passes_.blur_rows, &passes_.num_row_blocks);
  task(columns_, &passes_.blur_columns, &passes_.num_column_blocks);
  task(gaussian_, &passes_.gaussian, &passes_.num_gaussian_blocks);
  passes_.tiles.num_tile_bytes = num_tile_bytes_;
  passes_.blur_rows.num_line_bytes = num_row_bytes_;
  passes_.blur_columns.num_line_bytes = num_column_bytes_;
  passes_.gaussian.num_row_bytes = num_gaussian_bytes_;
  passes_.upload_bytes = static_cast<std::int64_t>(offset);
  return {};
}

std::size_t BatchRenderer::bytes_held() const {
  std::size_t sum = 0;
  for (const GrowingMemory* memory : {&upload_pinned_, &upload_, &taps_, &scratch_, &luma_sums_}) {
    sum += memory->capacity();
  }
  return sum;
}

}  // namespace fastpass
