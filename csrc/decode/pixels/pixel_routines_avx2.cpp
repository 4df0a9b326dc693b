// Vectors of two 128-bit lanes for simd_idct.h and simd_rows.h. Every operation acts on each lane
// by itself, unless it says otherwise. And the table of that code.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "decode/pixels/simd_routines.h"

namespace fastpass {
namespace {  // nothing here may be shared with code compiled for other processors

// The vector operations that simd_idct.h and simd_rows.h are written in.
struct Avx2 {
  using Reg = __m256i;
  static constexpr int kLanes = 2;

  static Reg load(const void* from) { return _mm256_loadu_si256(static_cast<const Reg*>(from)); }
  static void store(void* to, Reg v) { _mm256_storeu_si256(static_cast<Reg*>(to), v); }
  // 16 bytes to every lane.
  static Reg load_lane(const void* from) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(from)));
  }
  static Reg zero() { return _mm256_setzero_si256(); }
  static Reg set8(int v) { return _mm256_set1_epi8(static_cast<char>(v)); }
  static Reg set16(int v) { return _mm256_set1_epi16(static_cast<short>(v)); }
  static Reg set32(int v) { return _mm256_set1_epi32(v); }
  // Bytes in order of address across lanes, widened to 16 bits.
  static Reg widen(const std::uint8_t* from) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }

  static Reg add8(Reg a, Reg b) { return _mm256_add_epi8(a, b); }
  static Reg add16(Reg a, Reg b) { return _mm256_add_epi16(a, b); }
  static Reg sub16(Reg a, Reg b) { return _mm256_sub_epi16(a, b); }
  static Reg mul16(Reg a, Reg b) { return _mm256_mullo_epi16(a, b); }
  static Reg mul_round16(Reg a, Reg b) { return _mm256_mulhrs_epi16(a, b); }
  static Reg add32(Reg a, Reg b) { return _mm256_add_epi32(a, b); }
  static Reg sub32(Reg a, Reg b) { return _mm256_sub_epi32(a, b); }
  static Reg mul_add_pairs(Reg a, Reg b) { return _mm256_madd_epi16(a, b); }
  // Unsigned bytes of a times signed bytes of b, added by pairs.
  static Reg mul_add_bytes(Reg a, Reg b) { return _mm256_maddubs_epi16(a, b); }
  static Reg either(Reg a, Reg b) { return _mm256_or_si256(a, b); }
  static Reg differing(Reg a, Reg b) { return _mm256_xor_si256(a, b); }
  static bool is_zero(Reg a) { return _mm256_testz_si256(a, a) != 0; }

  template <int kShift>
  static Reg left16(Reg a) {
    return _mm256_slli_epi16(a, kShift);
  }
  template <int kShift>
  static Reg right16(Reg a) {
    return _mm256_srai_epi16(a, kShift);
  }
  template <int kShift>
  static Reg left32(Reg a) {
    return _mm256_slli_epi32(a, kShift);
  }
  template <int kShift>
  static Reg right32(Reg a) {
    return _mm256_srai_epi32(a, kShift);
  }

  static Reg low8(Reg a, Reg b) { return _mm256_unpacklo_epi8(a, b); }
  static Reg high8(Reg a, Reg b) { return _mm256_unpackhi_epi8(a, b); }
  static Reg low16(Reg a, Reg b) { return _mm256_unpacklo_epi16(a, b); }
  static Reg high16(Reg a, Reg b) { return _mm256_unpackhi_epi16(a, b); }
  static Reg low32(Reg a, Reg b) { return _mm256_unpacklo_epi32(a, b); }
  static Reg high32(Reg a, Reg b) { return _mm256_unpackhi_epi32(a, b); }
  static Reg low64(Reg a, Reg b) { return _mm256_unpacklo_epi64(a, b); }
  static Reg high64(Reg a, Reg b) { return _mm256_unpackhi_epi64(a, b); }
  static Reg pack32(Reg a, Reg b) { return _mm256_packs_epi32(a, b); }
  static Reg pack16(Reg a, Reg b) { return _mm256_packs_epi16(a, b); }
  static Reg pack16_unsigned(Reg a, Reg b) { return _mm256_packus_epi16(a, b); }
  static Reg shuffle8(Reg a, Reg order) { return _mm256_shuffle_epi8(a, order); }
  static Reg swap_middle32(Reg a) { return _mm256_shuffle_epi32(a, 0xD8); }
  // Zero in place of the first 16-bit element of each lane.
  static Reg without_first16(Reg a) { return _mm256_blend_epi16(a, zero(), 0x01); }
  static Reg swap_halves(Reg a) { return _mm256_shuffle_epi32(a, 0x4E); }
  // 16-bit elements of even index from a, of odd index from b.
  static Reg even_odd16(Reg a, Reg b) { return _mm256_blend_epi16(a, b, 0xAA); }
  // The upper halves of the 32-bit elements of a and b, alternately.
  static Reg upper_halves(Reg a, Reg b) { return even_odd16(_mm256_srli_epi32(a, 16), b); }
  // The lower halves of the 32-bit elements of a and b, alternately.
  static Reg lower_halves(Reg a, Reg b) { return even_odd16(a, _mm256_slli_epi32(b, 16)); }
  // Bytes of a; of b where (index in the lane) % 3 == kPhase.
  template <int kPhase>
  static Reg replace_third(Reg a, Reg b) {
    const auto mask = [](int x) { return static_cast<char>(x % 3 == kPhase ? -1 : 0); };
    const __m128i lane =
        _mm_setr_epi8(mask(0), mask(1), mask(2), mask(3), mask(4), mask(5), mask(6), mask(7),
                      mask(8), mask(9), mask(10), mask(11), mask(12), mask(13), mask(14), mask(15));
    return _mm256_blendv_epi8(a, b, _mm256_broadcastsi128_si256(lane));
  }

  // The lower halves of the lanes to `low`, the upper halves to `high`.
  static void store_halves(Reg v, std::uint8_t* low, std::uint8_t* high) {
    const Reg sorted = _mm256_permute4x64_epi64(v, 0xD8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(low), _mm256_castsi256_si128(sorted));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(high), _mm256_extracti128_si256(sorted, 1));
  }
  // The i-th 32-bit elements of the lanes to row i of four.
  static void store_columns32(Reg v, std::uint8_t* out, std::ptrdiff_t stride) {
    const Reg order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const Reg sorted = _mm256_permutevar8x32_epi32(v, order);
    const __m128i upper = _mm256_castsi256_si128(sorted);
    const __m128i lower = _mm256_extracti128_si256(sorted, 1);
    store_8_bytes(out, _mm_cvtsi128_si64(upper));
    store_8_bytes(out + stride, _mm_extract_epi64(upper, 1));
    store_8_bytes(out + 2 * stride, _mm_cvtsi128_si64(lower));
    store_8_bytes(out + 3 * stride, _mm_extract_epi64(lower, 1));
  }
  // The i-th 16-bit elements of the lanes to row i of two.
  static void store_columns16(Reg v, std::uint8_t* out, std::ptrdiff_t stride) {
    const std::int32_t first = _mm256_cvtsi256_si32(v);
    const std::int32_t second = _mm256_extract_epi32(v, 4);
    std::memcpy(out, &first, 2);
    std::memcpy(out + 2, &second, 2);
    std::memcpy(out + stride, reinterpret_cast<const char*>(&first) + 2, 2);
    std::memcpy(out + stride + 2, reinterpret_cast<const char*>(&second) + 2, 2);
  }
  // Lane 0 of a, lane 0 of b, lane 1 of a, ...
  static void store_lanes_in_turn(Reg a, Reg b, std::uint8_t* out) {
    store(out, _mm256_permute2x128_si256(a, b, 0x20));
    store(out + 32, _mm256_permute2x128_si256(a, b, 0x31));
  }
  // Lane 0 of a, b, c, then lane 1 of a, b, c, ...
  static void store_lanes_in_turn(Reg a, Reg b, Reg c, std::uint8_t* out) {
    store(out, _mm256_permute2x128_si256(a, b, 0x20));
    store(out + 32, _mm256_blend_epi32(c, a, 0xF0));
    store(out + 64, _mm256_permute2x128_si256(b, c, 0x31));
  }

 private:
  static void store_8_bytes(std::uint8_t* out, long long value) { std::memcpy(out, &value, 8); }
};

}  // namespace
const PixelRoutines kAvx2PixelRoutines = simd_routines<Avx2>("avx2");

}  // namespace fastpass
