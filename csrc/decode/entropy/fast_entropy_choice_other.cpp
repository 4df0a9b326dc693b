#include "decode/entropy/fast_entropy_list.h"

namespace fastpass {

DecodeRun fast_entropy_decoder() { return plain_fast_entropy_decoder(); }

}  // namespace fastpass
