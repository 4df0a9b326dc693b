// Processors without vector code of ours.
#include "common/instruction_sets.h"

namespace fastpass {

bool cpu_has(CpuFeature) { return false; }

}  // namespace fastpass
