#include "augment/view_avx2.h"
#include "augment/view_kernels_list.h"

namespace fastpass {

const ViewKernels kAvx2ViewKernels = {"avx2",         avx2::weigh_columns, avx2::columns_to_rows,
                                      avx2::widen,    avx2::weigh_rows,    avx2::recolor,
                                      avx2::box_blur, avx2::store};

}  // namespace fastpass
