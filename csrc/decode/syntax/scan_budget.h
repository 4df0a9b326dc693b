// How much work the scans of a file may make.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "common/status.h"

namespace fastpass {

// About a second of work.
constexpr std::int64_t kDefaultMaxScanBlocks = std::int64_t{1} << 24;

// Counts visits of blocks by scans. A scan of a progressive file may say in a few bytes that it has
// nothing to add to any block; a small file with hundreds of them would hold a thread for long.
class ScanBudget {
 public:
  // `num_blocks`: of all components. Each may be visited 16 times (encoders do it 4 to 12 times),
  // whatever the budget.
  ScanBudget(std::int64_t max_scan_blocks, std::int64_t num_blocks)
      : budget_(std::max(max_scan_blocks, 16 * num_blocks)) {}

  // kTooManyScans, where the scan that begins at `offset` and visits that many blocks is too much.
  Status add_scan(std::int64_t num_blocks, std::int64_t offset) {
    ++num_scans_;
    num_visits_ += num_blocks;
    if (num_visits_ <= budget_) return {};
    return {Fault::kTooManyScans,
            "the first " + std::to_string(num_scans_) + " scans of the JPEG visit " +
                std::to_string(num_visits_) + " blocks, the budget is " + std::to_string(budget_) +
                " (raise max_scan_blocks if the file is genuine)",
            offset};
  }
  int num_scans() const { return num_scans_; }

 private:
  std::int64_t budget_;
  std::int64_t num_visits_ = 0;
  int num_scans_ = 0;
};

}  // namespace fastpass
