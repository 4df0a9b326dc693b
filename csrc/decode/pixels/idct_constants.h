// The factors of the transforms in idct.h, as 2^13 times cosines and their sums. A header of their
// own: SIMD code includes no inline function.
#pragma once

namespace fastpass {

constexpr int kFix0_211 = 1730;
constexpr int kFix0_298 = 2446;
constexpr int kFix0_390 = 3196;
constexpr int kFix0_509 = 4176;
constexpr int kFix0_541 = 4433;
constexpr int kFix0_601 = 4926;
constexpr int kFix0_720 = 5906;
constexpr int kFix0_765 = 6270;
constexpr int kFix0_850 = 6967;
constexpr int kFix0_899 = 7373;
constexpr int kFix1_061 = 8697;
constexpr int kFix1_175 = 9633;
constexpr int kFix1_272 = 10426;
constexpr int kFix1_451 = 11893;
constexpr int kFix1_501 = 12299;
constexpr int kFix1_847 = 15137;
constexpr int kFix1_961 = 16069;
constexpr int kFix2_053 = 16819;
constexpr int kFix2_172 = 17799;
constexpr int kFix2_562 = 20995;
constexpr int kFix3_072 = 25172;
constexpr int kFix3_624 = 29692;

}  // namespace fastpass
