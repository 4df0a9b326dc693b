// The inner loop of sequential scans: runs of MCUs out of data without byte stuffing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/instruction_sets.h"
#include "decode/entropy/fast_tables.h"

namespace fastpass {

// The first 64 bits that were not used yet, `count` of them loaded, and what comes behind them.
struct BitCursor {
  std::uint64_t bits = 0;
  std::uint64_t count = 0;
  const std::uint8_t* next = nullptr;

  // Of the next bit, counted from `begin`.
  std::int64_t position(const std::uint8_t* begin) const {
    return 8 * (next - begin) - static_cast<std::int64_t>(count);
  }
};

// Behind the data there must be this much readable memory, whatever it holds: what is read of it
// is noticed afterwards.
constexpr std::size_t kReadAhead = 512;

// One block of an MCU: how it is coded, and whether anybody will look at it.
struct BlockOfMcu {
  const FastTables* tables = nullptr;
  int component = 0;
  bool wants_ac = true;  // false: only DC is stored
};

// Why decode_run() came to its end.
enum class RunEnd : std::uint8_t { kDone, kBadCode, kLongBlock, kOutOfData };

// What decode_run() reads, where it writes, and its state between two calls.
struct McuRun {
  const BlockOfMcu* blocks = nullptr;
  int num_blocks = 0;                     // per MCU
  const std::int32_t* offsets = nullptr;  // [MCU][block]: from `coefficients`
  int offsets_per_mcu = 0;                // num_blocks, or 0: every MCU goes to the same place
  std::int16_t* coefficients = nullptr;   // zero, unless they are never looked at
  int num_mcus = 0;

  BitCursor cursor;                   // in and out
  std::int32_t dc[kMaxComponents]{};  // predictors, in and out
  const std::uint8_t* end = nullptr;  // of the data
};

// The inner loop as one instruction set has it.
struct EntropyRoutines {
  const char* name;  // "plain", "bmi2"

  // kDone: all MCUs were decoded, from bits that are there. Otherwise the cursor stands where it
  // was noticed, the predictors mean nothing, and blocks of the run hold anything. Bits that are no
  // code are kOutOfData where the end is among them.
  RunEnd (*decode_run)(McuRun* run);
};

extern const EntropyRoutines kPlainEntropyRoutines;
extern FASTPASS_X86_ONLY const EntropyRoutines kBmi2EntropyRoutines;

// Those that this processor can run, the best last.
const std::vector<const EntropyRoutines*>& available_entropy_routines();
inline const EntropyRoutines& best_entropy_routines() {
  return *available_entropy_routines().back();
}

}  // namespace fastpass
