// In which scans a JPEG may send its coefficients.
#pragma once

#include <initializer_list>
#include <vector>

#include "support/made_jpeg.h"

namespace fastpass_test {

inline jpeg_scan_info scan(std::initializer_list<int> components, int begin, int end, int high,
                           int low) {
  jpeg_scan_info info = {};
  for (const int component : components) info.component_index[info.comps_in_scan++] = component;
  info.Ss = begin;
  info.Se = end;
  info.Ah = high;
  info.Al = low;
  return info;
}

// Sequential and progressive scripts; the last two leave coefficients or bits unsent.
inline std::vector<std::vector<jpeg_scan_info>> scripts() {
  return {
      {scan({0}, 0, 63, 0, 0), scan({1}, 0, 63, 0, 0), scan({2}, 0, 63, 0, 0)},
      {scan({2}, 0, 63, 0, 0), scan({0, 1}, 0, 63, 0, 0)},
      {scan({0, 1, 2}, 0, 0, 0, 3), scan({0, 1, 2}, 0, 0, 3, 2), scan({0, 1, 2}, 0, 0, 2, 1),
       scan({0, 1, 2}, 0, 0, 1, 0), scan({0}, 1, 63, 0, 0), scan({1}, 1, 63, 0, 0),
       scan({2}, 1, 63, 0, 0)},
      {scan({0}, 0, 0, 0, 0), scan({1, 2}, 0, 0, 0, 0), scan({0}, 1, 8, 0, 4),
       scan({0}, 9, 63, 0, 2), scan({0}, 1, 8, 4, 3), scan({0}, 1, 8, 3, 2), scan({0}, 1, 63, 2, 1),
       scan({0}, 1, 63, 1, 0), scan({1}, 1, 63, 0, 0), scan({2}, 1, 63, 0, 0)},
      {scan({0, 1, 2}, 0, 0, 0, 1), scan({0}, 1, 63, 0, 0)},
      {scan({0, 1, 2}, 0, 0, 0, 0), scan({0}, 1, 5, 0, 2), scan({1}, 1, 63, 0, 1)},
  };
}

}  // namespace fastpass_test
