// For any processor, and the list of all builds.
#include "decode/entropy/entropy_routines_body.h"

namespace fastpass {

const EntropyRoutines kPlainEntropyRoutines = {"plain", decode_run};

const std::vector<const EntropyRoutines*>& available_entropy_routines() {
  static const auto builds = available_builds<EntropyRoutines>({
      {&kPlainEntropyRoutines, {}},
      {&kBmi2EntropyRoutines, {CpuFeature::kBmi2}},
  });
  return builds;
}

}  // namespace fastpass
