#include "decode/fast_entropy_kernel.h"
#include "decode/fast_entropy_list.h"

namespace fastpass {

DecodeRun portable_fast_entropy_decoder() { return decode_run; }

}  // namespace fastpass
