#include "decode/entropy/fast_entropy_kernel.h"
#include "decode/entropy/fast_entropy_list.h"

namespace fastpass {

DecodeRun plain_fast_entropy_decoder() { return decode_run; }

}  // namespace fastpass
