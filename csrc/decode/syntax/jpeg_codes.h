// Marker codes of ITU-T T.81, table B.1: the second byte, behind FF.
#pragma once

#include <cstdint>

namespace fastpass {

enum JpegMarker : int {
  kTem = 0x01,
  kSof0 = 0xC0,  // baseline
  kSof1 = 0xC1,  // extended sequential
  kSof2 = 0xC2,  // progressive
  kDht = 0xC4,
  kSof9 = 0xC9,   // extended sequential, arithmetic coding
  kSof10 = 0xCA,  // progressive, arithmetic coding
  kDac = 0xCC,
  kSof15 = 0xCF,
  kRst0 = 0xD0,
  kRst7 = 0xD7,
  kSoi = 0xD8,
  kEoi = 0xD9,
  kSos = 0xDA,
  kDqt = 0xDB,
  kDnl = 0xDC,
  kDri = 0xDD,
  kApp0 = 0xE0,
  kApp1 = 0xE1,
  kApp14 = 0xEE,
  kApp15 = 0xEF,
  kCom = 0xFE,
};

}  // namespace fastpass
