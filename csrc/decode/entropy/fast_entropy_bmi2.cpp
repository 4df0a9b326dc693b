// With shifts by a register that leave the flags alone.
#include "decode/entropy/fast_entropy_kernel.h"
#include "decode/entropy/fast_entropy_list.h"

namespace fastpass {

DecodeRun bmi2_fast_entropy_decoder() { return decode_run; }

}  // namespace fastpass
