#include "feed/sample_reader.h"

#include <utility>

#include "decode/seek/seek_index.h"

namespace fastpass {

SampleReader::SampleReader(std::shared_ptr<const SampleSource> source, const FeedOptions& options,
                           ForeignDecoder foreign_decoder, StageTimes* times)
    : source_(std::move(source)),
      options_(options),
      foreign_decoder_(std::move(foreign_decoder)),
      times_(times),
      is_verified_(static_cast<std::size_t>(source_->size())) {}

Status SampleReader::read(std::int64_t position, std::uint32_t epoch,
                          const WholeImageDecoder& whole, EncodedSample* encoded,
                          SamplePlan* plan) {
  {
    const Stopwatch watch(&times_->read_nanoseconds);
    FASTPASS_RETURN_IF_ERROR(fetch(position, encoded));
  }
  const Stopwatch watch(&times_->decode_nanoseconds);
  Draws draws;
  draws.key.seed = options_.seed;
  draws.key.sample_id = static_cast<std::uint64_t>(source_->sample_id(position));
  draws.key.epoch = epoch;
  FASTPASS_RETURN_IF_ERROR(
      plan_sample(encoded->bytes, encoded->seek_index, draws, options_.sample, whole, plan));
  if (plan->is_decoded) return {};
  FASTPASS_RETURN_IF_ERROR(verify_seek_index_once(position, *encoded));
  plan->decode.is_seek_index_verified = true;
  return {};
}

Status SampleReader::fetch(std::int64_t position, EncodedSample* sample) const {
  return options_.reads_by_pread ? source_->read(position, sample)
                                 : source_->fetch(position, sample);
}

// Note [When a pack's seek index is believed]. A pack notices a changed tar by its size, time
// and headers, not a change of image bytes that keeps all of these; with an index from before,
// such a change could give wrong pixels. So the hash in the index is compared with the image
// once per engine, when the sample is first decoded (about 1 % of that decoding), and not again
// in later epochs.
Status SampleReader::verify_seek_index_once(std::int64_t position, const EncodedSample& sample) {
  std::atomic<bool>& is_verified = is_verified_[static_cast<std::size_t>(position)];
  if (sample.seek_index.size == 0 || is_verified.load(std::memory_order_relaxed)) return {};
  FASTPASS_RETURN_IF_ERROR(verify_seek_index(sample.seek_index, sample.bytes));
  is_verified.store(true, std::memory_order_relaxed);
  return {};
}

}  // namespace fastpass
