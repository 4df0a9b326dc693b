#include "common/instruction_sets.h"

namespace fastpass {

bool cpu_has(CpuFeature feature) {
  switch (feature) {  // the compiler's function takes nothing but a literal
    case CpuFeature::kAvx2:
      return __builtin_cpu_supports("avx2");
    case CpuFeature::kFma:
      return __builtin_cpu_supports("fma");
    case CpuFeature::kF16c:
      return __builtin_cpu_supports("f16c");
    case CpuFeature::kBmi2:
      return __builtin_cpu_supports("bmi2");
    case CpuFeature::kAvx512f:
      return __builtin_cpu_supports("avx512f");
    case CpuFeature::kAvx512bw:
      return __builtin_cpu_supports("avx512bw");
    case CpuFeature::kAvx512vpopcntdq:
      return __builtin_cpu_supports("avx512vpopcntdq");
  }
  return false;
}

}  // namespace fastpass
