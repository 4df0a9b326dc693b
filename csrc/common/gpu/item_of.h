// Which item a block of a launch belongs to, where items have different numbers of blocks.
#pragma once

#include <cstdint>

#include "common/hd.h"

namespace fastpass {

// The last item whose first unit is at most `unit`; `first` never decreases, first[0] = 0, and item
// i has the units [first[i], first[i + 1]).
FASTPASS_HD inline int item_of(const std::int32_t* first, int num_items, int unit) {
  int begin = 0;
  int end = num_items;
  while (end - begin > 1) {
    const int middle = begin + (end - begin) / 2;
    if (first[middle] <= unit) {
      begin = middle;
    } else {
      end = middle;
    }
  }
  return begin;
}

}  // namespace fastpass
