// Pairs, as threads find them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace fastpass {

// Two codes by the numbers that the caller gives his codes.
struct IdPair {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  std::int32_t distance = 0;

  bool operator<(const IdPair& other) const {
    return first != other.first ? first < other.first : second < other.second;
  }
  bool operator==(const IdPair& other) const {
    return first == other.first && second == other.second && distance == other.distance;
  }
};

// Keeps pairs up to a limit, and counts all of them. Safe from any thread.
class PairCollector {
 public:
  // `weights` [code]: of how many equal codes each is the first, where a pair of two such codes
  // stands for all pairs of their equals; nullptr: every pair is one.
  explicit PairCollector(std::uint64_t limit, const std::vector<std::uint32_t>* weights = nullptr)
      : limit_(limit), weights_(weights) {}

  // Takes them out of `found`.
  void add(std::vector<IdPair>* found) {
    std::uint64_t count = found->size();
    if (weights_ != nullptr) {
      count = 0;
      for (const IdPair& pair : *found) {
        count += std::uint64_t{(*weights_)[pair.first]} * (*weights_)[pair.second];
      }
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      total_ += count;
      if (total_ <= limit_) {
        pairs_.insert(pairs_.end(), found->begin(), found->end());
      } else if (!pairs_.empty()) {
        std::vector<IdPair>().swap(pairs_);
      }
    }
    found->clear();
  }

  std::uint64_t total() const { return total_; }
  bool is_over() const { return total_ > limit_; }
  // In no particular order; nothing where they were too many.
  std::vector<IdPair> take() { return std::move(pairs_); }

 private:
  const std::uint64_t limit_;
  const std::vector<std::uint32_t>* const weights_;
  std::mutex mutex_;
  std::uint64_t total_ = 0;
  std::vector<IdPair> pairs_;
};

}  // namespace fastpass
