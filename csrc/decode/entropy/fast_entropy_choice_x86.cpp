#include "decode/entropy/fast_entropy_list.h"

namespace fastpass {

DecodeRun fast_entropy_decoder() {
  return __builtin_cpu_supports("bmi2") ? bmi2_fast_entropy_decoder()
                                        : plain_fast_entropy_decoder();
}

}  // namespace fastpass
