// The tables that this build holds; view_routines_choice_x86.cpp or view_routines_choice_other.cpp
// says which of them the processor can run.
#pragma once

#include "augment/cpu/view_routines.h"

namespace fastpass {

extern const ViewRoutines kPlainViewRoutines;
extern const ViewRoutines kAvx2ViewRoutines;

}  // namespace fastpass
