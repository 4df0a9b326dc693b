#include "feed/batch_maker.h"

namespace fastpass {
namespace {

// Whether a fault is one of the image itself, or of what a user's operation made of it. Faults of
// the storage, the memory or the pack are not: they would meet every other sample as well.
bool is_fault_of_image(Fault fault) {
  return fault == Fault::kCorruptImage || fault == Fault::kUnsupportedImage ||
         fault == Fault::kImageTooLarge || fault == Fault::kTooManyScans ||
         fault == Fault::kBadSeekIndex || fault == Fault::kBadViewOp;
}

}  // namespace

std::vector<std::size_t> settle_samples(const SampleSource& source, bool skip_damaged,
                                        BatchWork* batch) {
  BatchSlot& slot = *batch->slot;
  std::vector<std::size_t> kept;
  for (std::size_t place = 0; place < batch->positions.size(); ++place) {
    const std::int64_t position = batch->positions[place];
    const std::int64_t sample_id = source.sample_id(position);
    const Status& status = batch->statuses[place];
    if (!status.ok()) {
      const bool is_skipped = skip_damaged && is_fault_of_image(status.fault());
      if (!is_skipped && slot.failure.ok()) slot.failure = status;
      slot.skipped.push_back({sample_id, status});
      continue;
    }
    slot.sample_ids.push_back(sample_id);
    slot.positions.push_back(position);
    slot.labels.push_back(source.label(position));
    kept.push_back(place);
  }
  slot.num_samples = static_cast<std::int64_t>(kept.size());
  return kept;
}

}  // namespace fastpass
