#include "decode/fast_entropy_list.h"

namespace fastpass {

DecodeRun fast_entropy_decoder() { return portable_fast_entropy_decoder(); }

}  // namespace fastpass
