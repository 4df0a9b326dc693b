// Spans of an indexed file, decoded in shuffled order, against CoefficientDecoder.
#include <algorithm>
#include <numeric>
#include <random>

#include "check.h"
#include "coefficient_check.h"
#include "decode/span_phase.h"
#include "made_jpeg.h"

namespace fastpass {
namespace {

using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;
using Bytes = std::vector<std::uint8_t>;

struct IndexedFile {
  Bytes jpeg;
  MarkerReader markers;
  HuffmanTable dc_tables[4];
  HuffmanTable ac_tables[4];
  std::vector<SpanStart> starts;
  std::vector<std::int16_t> coefficients;
  SpanArgs args = {};
};

void fill_args(IndexedFile* file, int mcus_per_span) {
  const Frame& frame = file->markers.frame();
  const Scan& scan = file->markers.scan();
  SpanArgs& args = file->args;
  args.data = file->jpeg.data();
  args.size = file->jpeg.size();
  args.mcus_per_span = mcus_per_span;
  args.num_mcus = frame.mcus_wide * frame.mcus_high;
  args.mcus_wide = frame.mcus_wide;
  args.restart_interval = scan.restart_interval;
  args.num_components = scan.num_components;
  for (int i = 0; i < scan.num_components; ++i) {
    const ScanComponent& in_scan = scan.components[static_cast<std::size_t>(i)];
    const FrameComponent& component = frame.components[static_cast<std::size_t>(in_scan.index)];
    args.components[i] = {component.h, component.v, in_scan.dc_table, in_scan.ac_table};
    args.component_index[i] = in_scan.index;
    const HuffmanSpec& dc = file->markers.dc_spec(in_scan.dc_table);
    const HuffmanSpec& ac = file->markers.ac_spec(in_scan.ac_table);
    build_huffman_table(dc.counts.data(), dc.values.data(), &file->dc_tables[in_scan.dc_table]);
    build_huffman_table(ac.counts.data(), ac.values.data(), &file->ac_tables[in_scan.ac_table]);
  }
  args.dc_tables = file->dc_tables;
  args.ac_tables = file->ac_tables;
  args.offsets = zigzag_offsets().offset;
  args.layout = plan_chunk(frame);
  args.chunks_per_row = (frame.mcus_wide + args.layout.mcus - 1) / args.layout.mcus;
  file->coefficients.assign(
      static_cast<std::size_t>(args.chunks_per_row * frame.mcus_high * args.layout.coefficients()),
      0);
  args.coefficients = file->coefficients.data();
}

// The states before every span, from one walk through the file.
void index_file(IndexedFile* file) {
  const SpanArgs& args = file->args;
  BitReader reader = make_bit_reader(args.data, args.size, file->markers.scan().data_offset);
  std::int32_t dc[4] = {};
  for (int mcu = 0; mcu < args.num_mcus; ++mcu) {
    if (mcu != 0 && args.restart_interval != 0 && mcu % args.restart_interval == 0) {
      read_restart(reader, (mcu / args.restart_interval - 1) & 7);
      std::fill(dc, dc + 4, 0);
    }
    if (mcu % args.mcus_per_span == 0) {
      SpanStart start = {};
      // Right behind a marker nothing has been read ahead.
      start.bit_offset =
          reader.count == 0 && reader.marker == 0 ? 8 * reader.position : next_bit_offset(reader);
      for (int i = 0; i < 4; ++i) start.dc[i] = static_cast<std::int16_t>(dc[i]);
      file->starts.push_back(start);
    }
    decode_span_mcu(reader, args, mcu, dc);
  }
  CHECK(reader.damage == DamageKind::kNone);
  std::fill(file->coefficients.begin(), file->coefficients.end(), std::int16_t{0});
}

bool has_same_chunks(const IndexedFile& file, const CoefficientImage& image) {
  const SpanArgs& args = file.args;
  const auto size = static_cast<std::size_t>(args.layout.coefficients());
  for (int row = 0; row < args.num_mcus / args.mcus_wide; ++row) {
    for (int chunk = 0; chunk < args.chunks_per_row; ++chunk) {
      const auto index = static_cast<std::size_t>(row * args.chunks_per_row + chunk);
      if (!std::equal(image.chunk(row, chunk), image.chunk(row, chunk) + size,
                      file.coefficients.data() + index * size)) {
        return false;
      }
    }
  }
  return true;
}

void check_spans(const MadeJpeg& made, int mcus_per_span) {
  IndexedFile file;
  file.jpeg = make_jpeg(made);
  const Span jpeg = {file.jpeg.data(), file.jpeg.size()};
  CHECK(file.markers.open(jpeg).ok());
  fill_args(&file, mcus_per_span);
  index_file(&file);
  file.args.starts = file.starts.data();
  const int num_lanes = num_spans(file.args);
  CHECK(file.starts.size() == static_cast<std::size_t>(num_lanes));
  std::vector<int> lanes(static_cast<std::size_t>(num_lanes));
  std::iota(lanes.begin(), lanes.end(), 0);
  std::shuffle(lanes.begin(), lanes.end(), std::mt19937(5));
  for (const int lane : lanes) {
    CHECK(phase_decode_span(lane, file.args) == DamageKind::kNone);
  }
  fastpass_test::Decoded decoded;
  fastpass_test::decode(jpeg, &decoded);
  CHECK(decoded.status.ok() && decoded.damage.ok());
  CHECK(has_same_chunks(file, decoded.image));
}

void test_spans() {
  for (const auto& factors : std::vector<std::vector<int>>{{1, 1, 1, 1, 1, 1},
                                                           {2, 1, 1, 1, 1, 1},
                                                           {2, 2, 1, 1, 1, 1},
                                                           {1, 2, 1, 1, 1, 1},
                                                           {4, 1, 1, 1, 1, 1},
                                                           {3, 2, 1, 1, 1, 1}}) {
    for (const int interval : {0, 1, 7, 12}) {
      for (const int mcus_per_span : {1, 4, 7, 1000}) {
        MadeJpeg made;
        made.width = 203;
        made.height = 61;
        made.factors = factors;
        made.restart_interval = interval;
        check_spans(made, mcus_per_span);
      }
    }
  }
  MadeJpeg gray;
  gray.num_components = 1;
  gray.quality = 98;  // many FF 00
  check_spans(gray, 3);
}

void test_a_damaged_span() {
  MadeJpeg made;
  IndexedFile file;
  file.jpeg = make_jpeg(made);
  CHECK(file.markers.open({file.jpeg.data(), file.jpeg.size()}).ok());
  fill_args(&file, 2);
  index_file(&file);
  file.args.starts = file.starts.data();
  const std::size_t at = static_cast<std::size_t>(file.starts[3].bit_offset / 8) + 1;
  file.jpeg[at] = 0xFF;  // a marker inside span 3 or at its beginning
  file.jpeg[at + 1] = 0xD9;
  CHECK(phase_decode_span(0, file.args) == DamageKind::kNone);
  CHECK(phase_decode_span(3, file.args) == DamageKind::kEndOfData);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_spans();
  fastpass::test_a_damaged_span();
  return RESULT();
}
