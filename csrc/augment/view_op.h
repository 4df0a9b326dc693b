// A step of a view that a user wrote: a function that changes the view, or writes outputs of its
// own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "augment/draw.h"
#include "common/status.h"

namespace fastpass {

// What an operation works on. kPixels: uint8 [size, size, 3], behind all steps of the recipe but
// normalizing. kNormalized: float [3, size, size], behind all of them.
enum class ViewOpStage : std::uint8_t { kPixels, kNormalized };

struct ViewOpCall {
  void* view;
  std::int32_t size;
  std::uint64_t key;             // of its random numbers
  std::uint8_t* const* outputs;  // [output]: zeroed
};

struct ViewOp {
  std::string name;
  ViewOpStage stage = ViewOpStage::kPixels;
  std::function<Status(const ViewOpCall&)> run;  // called from worker threads
  std::vector<std::size_t> output_bytes;         // [output]
};

// The operations of one view, in order.
using ViewOps = std::vector<ViewOp>;

// The key of the operation at `place`, drawn as all other numbers of the view are.
inline std::uint64_t view_op_key(const DrawKey& key, std::size_t place) {
  const std::uint32_t draw = kFirstOpKey + 2 * static_cast<std::uint32_t>(place);
  return random_bits(key, draw) | std::uint64_t{random_bits(key, draw + 1)} << 32;
}

}  // namespace fastpass
