#include "augment/cpu/view_avx2.h"
#include "augment/cpu/view_routines_list.h"

namespace fastpass {

const ViewRoutines kAvx2ViewRoutines = {"avx2",         avx2::weigh_columns, avx2::columns_to_rows,
                                        avx2::widen,    avx2::weigh_rows,    avx2::recolor,
                                        avx2::box_blur, avx2::store};

}  // namespace fastpass
