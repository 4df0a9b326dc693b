// Of several builds of the same inner loops, those that this processor can run.
//
// A stage with vector code has a table of functions ("routines") per instruction set. Each table is
// built by a source of its own, with the flags of that instruction set: NAME_routines_plain.cpp for
// any processor, NAME_routines_avx2.cpp, NAME_routines_avx512.cpp, ... The plain source lists them,
// the best last, with what each needs. Flags must not leak: such a source includes no inline
// function that code for other processors has as well.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

// Of a table that only builds for x86-64 hold: elsewhere its address is null.
#define FASTPASS_X86_ONLY __attribute__((weak))

namespace fastpass {

// The extensions of x86-64 that our vector code needs.
enum class CpuFeature : std::uint8_t {
  kAvx2,
  kFma,
  kF16c,
  kBmi2,
  kAvx512f,
  kAvx512bw,
  kAvx512vpopcntdq,
};

// Of this processor. instruction_sets_x86.cpp; instruction_sets_other.cpp knows none.
bool cpu_has(CpuFeature feature);

template <class Routines>
struct RoutinesBuild {
  const Routines* routines;
  std::vector<CpuFeature> needs;
};

// In the order given.
template <class Routines>
std::vector<const Routines*> available_builds(const std::vector<RoutinesBuild<Routines>>& builds) {
  std::vector<const Routines*> found;
  for (const RoutinesBuild<Routines>& build : builds) {
    const bool can_run = std::all_of(build.needs.begin(), build.needs.end(), cpu_has);
    if (can_run && build.routines != nullptr) found.push_back(build.routines);
  }
  return found;
}

}  // namespace fastpass
