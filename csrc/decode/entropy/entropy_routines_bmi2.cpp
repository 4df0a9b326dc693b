// The same source with shifts by a register that leave the flags alone.
#include "decode/entropy/entropy_routines_body.h"

namespace fastpass {

const EntropyRoutines kBmi2EntropyRoutines = {"bmi2", decode_run};

}  // namespace fastpass
