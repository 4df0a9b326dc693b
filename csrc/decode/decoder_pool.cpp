#include "decode/decoder_pool.h"

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "common/parallel_for.h"
#include "decode/decoder_registry.h"

namespace fastpass {
namespace {

// A decoder that holds more, because it met a huge image, is not kept.
constexpr std::size_t kMostBytesKept = std::size_t{32} << 20;

// The decoders that nobody uses at the moment.
struct Pool {
  std::mutex mutex;
  std::map<std::string, std::vector<std::unique_ptr<Decoder>>> idle;
};

// Never destroyed, because threads may outlive objects with static storage. Its lock is never
// waited for, because after a fork the thread that holds it may be gone: a caller that finds it
// locked makes a new decoder.
Pool& pool() {
  static Pool* pool = new Pool;
  return *pool;
}

}  // namespace

DecoderLease::DecoderLease(const std::string& name) : name_(name) {
  {
    const std::unique_lock<std::mutex> lock(pool().mutex, std::try_to_lock);
    if (lock.owns_lock() && !pool().idle[name].empty()) {
      auto& idle = pool().idle[name];
      decoder_ = std::move(idle.back());
      idle.pop_back();
      return;
    }
  }
  decoder_ = make_decoder(name);
}

DecoderLease::~DecoderLease() {
  if (!decoder_ || decoder_->bytes_held() > kMostBytesKept) return;
  const std::unique_lock<std::mutex> lock(pool().mutex, std::try_to_lock);
  if (!lock.owns_lock()) return;
  auto& idle = pool().idle[name_];
  if (static_cast<int>(idle.size()) < available_processors()) idle.push_back(std::move(decoder_));
}

}  // namespace fastpass
