#include "decode/entropy/coefficient_decoder.h"

#include <algorithm>
#include <cstdio>
#include <string>

namespace fastpass {
namespace {

std::string marker_name(int marker) {
  char text[8];
  std::snprintf(text, sizeof(text), "FF %02X", static_cast<unsigned int>(marker));
  return text;
}

std::string describe(const BitReader& reader) {
  switch (reader.damage) {
    case DamageKind::kEndOfFile:
      return "truncated: the file ends, a marker behind the entropy-coded data wanted";
    case DamageKind::kEndOfData:
      return "marker " + marker_name(reader.damage_marker) + ", more entropy-coded data wanted";
    case DamageKind::kBadCode:
      return "bits that stand for nothing, a Huffman code wanted";
    case DamageKind::kLostRestart:
      return "marker " + marker_name(reader.damage_marker) + ", another restart marker wanted";
    case DamageKind::kFillInData:
      return "FF FF 00, FF 00 or a marker wanted";
    case DamageKind::kNone:
      break;
  }
  return "no damage";
}

std::int64_t num_blocks(const FrameComponent& component) {
  return std::int64_t{component.width_in_blocks} * component.height_in_blocks;
}

std::int64_t num_blocks(const Frame& frame) {
  std::int64_t sum = 0;
  for (int c = 0; c < frame.num_components; ++c) {
    sum += num_blocks(frame.components[static_cast<std::size_t>(c)]);
  }
  return sum;
}

}  // namespace

Status CoefficientDecoder::decode(MarkerReader* markers, Span jpeg, const CoefficientLimits& limits,
                                  CoefficientImage* image, Status* damage) {
  markers_ = markers;
  image_ = image;
  for (auto& component : sent_.known) component.fill(-1);
  sent_.known_before = sent_.known;
  *damage = markers->damage();
  FASTPASS_RETURN_IF_ERROR(image->allocate(markers->frame(), limits.max_pixels));
  reader_ = make_bit_reader(jpeg.data, jpeg.size, markers->position());
  ScanBudget budget(limits.max_scan_blocks, num_blocks(markers->frame()));
  for (bool has_scan = true; has_scan;) {
    const auto begin = static_cast<std::int64_t>(markers->scan().data_offset);
    FASTPASS_RETURN_IF_ERROR(budget.add_scan(blocks_in_scan(), begin));
    num_scans_ = budget.num_scans();
    FASTPASS_RETURN_IF_ERROR(decode_scan(damage));
    if (markers->is_single_scan()) break;
    const auto rest = static_cast<std::size_t>(offset_of_rest(reader_));
    FASTPASS_RETURN_IF_ERROR(markers->next_scan(rest, &has_scan));
    const bool lacks_only_the_end = !has_scan && is_complete();
    if (damage->ok() && !lacks_only_the_end) *damage = markers->damage();
    reader_ = make_bit_reader(jpeg.data, jpeg.size, markers->position());
  }
  if (num_scans_ == 1) {
    for (auto& component : sent_.known_before) component.fill(-1);
  }
  return {};
}

// Of the present scan.
std::int64_t CoefficientDecoder::blocks_in_scan() const {
  const Scan& scan = markers_->scan();
  std::int64_t sum = 0;
  for (int i = 0; i < scan.num_components; ++i) {
    const int index = scan.components[static_cast<std::size_t>(i)].index;
    sum += num_blocks(markers_->frame().components[static_cast<std::size_t>(index)]);
  }
  return sum;
}

Status CoefficientDecoder::decode_scan(Status* damage) {
  begin_scan();
  const Frame& frame = markers_->frame();
  const bool is_interleaved = num_parts_ > 1;
  const auto first = static_cast<std::size_t>(parts_[0].index);
  const int num_rows = is_interleaved ? frame.mcus_high : frame.components[first].height_in_blocks;
  const int rows_in_mcu = is_interleaved ? 1 : frame.components[first].v_in_file;
  for (int row = 0; row < num_rows; ++row) {
    const bool had_run_out = reader_.has_run_out;
    if (!decode_row(row)) {
      return Status(Fault::kCorruptImage, "DC coefficients that leave 32 bits",
                    static_cast<std::int64_t>(reader_.position));
    }
    if (!had_run_out || !reader_.has_run_out) sent_.last_row_of_scan = row / rows_in_mcu;
    if (damage->ok()) *damage = damage_in_row(row, num_rows);
  }
  // libjpeg-turbo reads up to eight bytes ahead, and warns where the file ends there.
  if (reader_.count <= 56) refill(reader_);
  if (damage->ok()) *damage = damage_in_row(num_rows - 1, num_rows);
  return {};
}

Status CoefficientDecoder::damage_in_row(int row, int num_rows) const {
  if (reader_.damage == DamageKind::kNone) return {};
  // The file has ended, but every bit that was asked for stood in it.
  if (reader_.damage == DamageKind::kEndOfFile && !reader_.has_run_out) return {};
  return {Fault::kCorruptImage,
          describe(reader_) + " (scan " + std::to_string(num_scans_) + ", MCU row " +
              std::to_string(row) + " of " + std::to_string(num_rows) + ")",
          static_cast<std::int64_t>(reader_.damage_offset)};
}

void CoefficientDecoder::begin_scan() {
  const Frame& frame = markers_->frame();
  const Scan& scan = markers_->scan();
  const bool is_dc_scan = scan.spectral_begin == 0;
  if (!frame.is_progressive) {
    coding_ = Coding::kSequential;
  } else if (scan.high_bit == 0) {
    coding_ = is_dc_scan ? Coding::kDcFirst : Coding::kAcFirst;
  } else {
    coding_ = is_dc_scan ? Coding::kDcRefine : Coding::kAcRefine;
  }
  const bool reads_dc = coding_ == Coding::kSequential || coding_ == Coding::kDcFirst;
  const bool reads_ac = !is_dc_scan || coding_ == Coding::kSequential;
  num_parts_ = scan.num_components;
  for (std::size_t i = 0; i < static_cast<std::size_t>(num_parts_); ++i) {
    const ScanComponent& in_scan = scan.components[i];
    const FrameComponent& component = frame.components[static_cast<std::size_t>(in_scan.index)];
    parts_[i] = {in_scan.index, component.h, component.v, nullptr, nullptr, 0};
    if (reads_dc) {
      HuffmanTable& table = dc_tables_[static_cast<std::size_t>(in_scan.dc_table)];
      const HuffmanSpec& spec = markers_->dc_spec(in_scan.dc_table);
      build_huffman_table(spec.counts.data(), spec.values.data(), &table);
      parts_[i].dc_table = &table;
    }
    if (reads_ac) {
      HuffmanTable& table = ac_tables_[static_cast<std::size_t>(in_scan.ac_table)];
      const HuffmanSpec& spec = markers_->ac_spec(in_scan.ac_table);
      build_huffman_table(spec.counts.data(), spec.values.data(), &table);
      parts_[i].ac_table = &table;
    }
  }
  note_known_bits();
  band_ = {scan.spectral_begin, scan.spectral_end, scan.low_bit};
  end_of_band_run_ = 0;
  mcus_to_restart_ = scan.restart_interval != 0 ? scan.restart_interval : -1;
  next_restart_ = 0;
}

FASTPASS_COLD void CoefficientDecoder::restart(BitReader& reader) {
  read_restart(reader, next_restart_);
  next_restart_ = (next_restart_ + 1) & 7;
  for (Part& part : parts_) part.predictor = 0;
  end_of_band_run_ = 0;
  mcus_to_restart_ = markers_->scan().restart_interval;
}

// False for an MCU of which there are no data: its coefficients stay as they are.
inline bool CoefficientDecoder::begin_mcu(BitReader& reader) {
  if (mcus_to_restart_ == 0) {
    BitReader copy = reader;
    restart(copy);
    reader = copy;
  }
  --mcus_to_restart_;
  return !reader.has_run_out;
}

bool CoefficientDecoder::decode_row(int row) {
  switch (coding_) {
    case Coding::kSequential:
      return decode_row_as<Coding::kSequential>(row);
    case Coding::kDcFirst:
      return decode_row_as<Coding::kDcFirst>(row);
    case Coding::kDcRefine:
      return decode_row_as<Coding::kDcRefine>(row);
    case Coding::kAcFirst:
      return decode_row_as<Coding::kAcFirst>(row);
    case Coding::kAcRefine:
      return decode_row_as<Coding::kAcRefine>(row);
  }
  return false;
}

// With a bit reader of its own, which can live in registers.
template <CoefficientDecoder::Coding coding>
bool CoefficientDecoder::decode_row_as(int row) {
  BitReader reader = reader_;
  const bool is_done = num_parts_ > 1 ? decode_interleaved_row<coding>(row, reader)
                                      : decode_block_row<coding>(row, reader);
  reader_ = reader;
  return is_done;
}

template <CoefficientDecoder::Coding coding>
inline bool CoefficientDecoder::decode_interleaved_row(int mcu_row, BitReader& reader) {
  const ChunkLayout& layout = image_->layout();
  const int mcus_wide = markers_->frame().mcus_wide;
  for (int mcu = 0; mcu < mcus_wide; ++mcu) {
    if (!begin_mcu(reader)) continue;
    std::int16_t* chunk = image_->chunk(mcu_row, mcu / layout.mcus);
    for (int i = 0; i < num_parts_; ++i) {
      Part& part = parts_[static_cast<std::size_t>(i)];
      const int column = mcu % layout.mcus * part.h;
      for (int y = 0; y < part.v; ++y) {
        for (int x = 0; x < part.h; ++x) {
          std::int16_t* block = chunk + layout.block_offset(part.index, y, column + x);
          if (!decode_block<coding>(&part, block, reader)) return false;
        }
      }
    }
  }
  return true;
}

// Of a scan of one component: an MCU is a block, and blocks that only pad the image are left out.
template <CoefficientDecoder::Coding coding>
inline bool CoefficientDecoder::decode_block_row(int block_row, BitReader& reader) {
  const ChunkLayout& layout = image_->layout();
  Part& part = parts_[0];
  const int width =
      markers_->frame().components[static_cast<std::size_t>(part.index)].width_in_blocks;
  const int chunk_width = layout.mcus * part.h;
  const int mcu_row = block_row / part.v;
  for (int left = 0, index = 0; left < width; left += chunk_width, ++index) {
    std::int16_t* chunk = image_->chunk(mcu_row, index);
    const int num_blocks = std::min(chunk_width, width - left);
    for (int column = 0; column < num_blocks; ++column) {
      if (!begin_mcu(reader)) continue;
      std::int16_t* block = chunk + layout.block_offset(part.index, block_row % part.v, column);
      if (!decode_block<coding>(&part, block, reader)) return false;
    }
  }
  return true;
}

template <CoefficientDecoder::Coding coding>
inline bool CoefficientDecoder::decode_block(Part* part, std::int16_t* block, BitReader& reader) {
  const std::uint8_t* offsets = offsets_;
  if constexpr (coding == Coding::kSequential) {
    decode_sequential_block(reader, *part->dc_table, *part->ac_table, &part->predictor, offsets,
                            block);
  } else if constexpr (coding == Coding::kDcFirst) {
    return decode_dc_first(reader, *part->dc_table, band_.low_bit, &part->predictor, block);
  } else if constexpr (coding == Coding::kDcRefine) {
    decode_dc_refine(reader, band_.low_bit, block);
  } else if constexpr (coding == Coding::kAcFirst) {
    decode_ac_first(reader, *part->ac_table, band_, &end_of_band_run_, offsets, block);
  } else {
    decode_ac_refine(reader, *part->ac_table, band_, &end_of_band_run_, offsets, block);
  }
  return true;
}

void CoefficientDecoder::note_known_bits() {
  const Scan& scan = markers_->scan();
  for (int i = 0; i < scan.num_components; ++i) {
    const auto index = static_cast<std::size_t>(parts_[static_cast<std::size_t>(i)].index);
    if (coding_ == Coding::kSequential) {  // whatever its parameters say
      sent_.known[index].fill(0);
      continue;
    }
    // Of the first scan of all, libjpeg-turbo says that zeros were known before.
    const int last = std::max(scan.spectral_end, 9);
    for (auto k = static_cast<std::size_t>(std::min(scan.spectral_begin, 1));
         k <= std::size_t(last); ++k) {
      sent_.known_before[index][k] = num_scans_ > 1 ? sent_.known[index][k] : 0;
    }
    for (int k = scan.spectral_begin; k <= scan.spectral_end; ++k) {
      sent_.known[index][static_cast<std::size_t>(k)] = scan.low_bit;
    }
  }
}

// Every bit of every coefficient has been sent.
bool CoefficientDecoder::is_complete() const {
  const auto begin = sent_.known.begin();
  return std::all_of(begin, begin + markers_->frame().num_components, [](const auto& component) {
    return std::all_of(component.begin(), component.end(), [](int bit) { return bit == 0; });
  });
}

}  // namespace fastpass
