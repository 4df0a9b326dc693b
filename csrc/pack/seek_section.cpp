#include "pack/seek_section.h"

#include <algorithm>
#include <cstring>

#include "common/parallel_for.h"
#include "common/quote.h"

namespace fastpass {
namespace {

// Seek indexes that are made before any of them is appended: the threads share so many samples, and
// no more memory than their indexes is held beside the section.
constexpr std::size_t kSamplesAtATime = 1024;

class SectionWriter {
 public:
  SectionWriter(std::size_t num_samples, std::vector<std::uint8_t>* section) : section_(*section) {
    section_.resize((num_samples + 1) * sizeof(std::uint64_t));
    put_offset();
  }

  void append(const std::vector<std::uint8_t>& seek_index) {
    section_.insert(section_.end(), seek_index.begin(), seek_index.end());
    put_offset();
  }

 private:
  void put_offset() {
    const std::uint64_t offset = section_.size();
    std::memcpy(section_.data() + num_offsets_ * sizeof(offset), &offset, sizeof(offset));
    ++num_offsets_;
  }

  std::vector<std::uint8_t>& section_;
  std::size_t num_offsets_ = 0;
};

}  // namespace

Status make_seek_section(Span tar, const std::vector<SampleEntry>& samples,
                         const SeekIndexer& indexer, int num_threads,
                         std::vector<std::uint8_t>* section) {
  section->clear();
  if (!indexer) return Status();
  SectionWriter writer(samples.size(), section);
  const std::size_t table_bytes = section->size();
  std::vector<std::vector<std::uint8_t>> seek_indexes(std::min(kSamplesAtATime, samples.size()));
  std::vector<Status> statuses(seek_indexes.size());
  for (std::size_t begin = 0; begin < samples.size(); begin += kSamplesAtATime) {
    const std::size_t count = std::min(kSamplesAtATime, samples.size() - begin);
    parallel_for(static_cast<std::int64_t>(count), num_threads, [&](std::int64_t i, int) {
      const std::size_t at = static_cast<std::size_t>(i);
      const SampleEntry& sample = samples[begin + at];
      statuses[at] =
          indexer({tar.data + sample.image_offset, sample.image_bytes}, &seek_indexes[at]);
    });
    for (std::size_t i = 0; i < count; ++i) {
      FASTPASS_RETURN_IF_ERROR(statuses[i].at(printable(samples[begin + i].path)));
      writer.append(seek_indexes[i]);
    }
  }
  if (section->size() == table_bytes) section->clear();
  return Status();
}

}  // namespace fastpass
