#include "decode/pixels/pixel_routines_list.h"

namespace fastpass {

const std::vector<const PixelRoutines*>& available_pixel_routines() {
  static const std::vector<const PixelRoutines*> tables = {&kPlainPixelRoutines};
  return tables;
}

}  // namespace fastpass
