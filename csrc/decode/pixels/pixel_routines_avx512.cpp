// Vectors of four 128-bit lanes for simd_idct.h and simd_rows.h, with the operations of
// pixel_routines_avx2.cpp, and the table of that code. Needs AVX-512 F and BW.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "decode/pixels/simd_routines.h"

namespace fastpass {
namespace {  // nothing here may be shared with code compiled for other processors

// The vector operations that simd_idct.h and simd_rows.h are written in.
struct Avx512 {
  using Reg = __m512i;
  static constexpr int kLanes = 4;

  static Reg load(const void* from) { return _mm512_loadu_si512(from); }
  static void store(void* to, Reg v) { _mm512_storeu_si512(to, v); }
  static Reg load_lane(const void* from) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(from)));
  }
  static Reg zero() { return _mm512_setzero_si512(); }
  static Reg set8(int v) { return _mm512_set1_epi8(static_cast<char>(v)); }
  static Reg set16(int v) { return _mm512_set1_epi16(static_cast<short>(v)); }
  static Reg set32(int v) { return _mm512_set1_epi32(v); }
  static Reg widen(const std::uint8_t* from) {
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }

  static Reg add8(Reg a, Reg b) { return _mm512_add_epi8(a, b); }
  static Reg add16(Reg a, Reg b) { return _mm512_add_epi16(a, b); }
  static Reg sub16(Reg a, Reg b) { return _mm512_sub_epi16(a, b); }
  static Reg mul16(Reg a, Reg b) { return _mm512_mullo_epi16(a, b); }
  static Reg mul_round16(Reg a, Reg b) { return _mm512_mulhrs_epi16(a, b); }
  static Reg add32(Reg a, Reg b) { return _mm512_add_epi32(a, b); }
  static Reg sub32(Reg a, Reg b) { return _mm512_sub_epi32(a, b); }
  static Reg mul_add_pairs(Reg a, Reg b) { return _mm512_madd_epi16(a, b); }
  static Reg mul_add_bytes(Reg a, Reg b) { return _mm512_maddubs_epi16(a, b); }
  static Reg either(Reg a, Reg b) { return _mm512_or_si512(a, b); }
  static Reg differing(Reg a, Reg b) { return _mm512_xor_si512(a, b); }
  static bool is_zero(Reg a) { return _mm512_test_epi32_mask(a, a) == 0; }

  template <int kShift>
  static Reg left16(Reg a) {
    return _mm512_slli_epi16(a, kShift);
  }
  template <int kShift>
  static Reg right16(Reg a) {
    return _mm512_srai_epi16(a, kShift);
  }
  template <int kShift>
  static Reg left32(Reg a) {
    return _mm512_slli_epi32(a, kShift);
  }
  template <int kShift>
  static Reg right32(Reg a) {
    return _mm512_srai_epi32(a, kShift);
  }

  static Reg low8(Reg a, Reg b) { return _mm512_unpacklo_epi8(a, b); }
  static Reg high8(Reg a, Reg b) { return _mm512_unpackhi_epi8(a, b); }
  static Reg low16(Reg a, Reg b) { return _mm512_unpacklo_epi16(a, b); }
  static Reg high16(Reg a, Reg b) { return _mm512_unpackhi_epi16(a, b); }
  static Reg low32(Reg a, Reg b) { return _mm512_unpacklo_epi32(a, b); }
  static Reg high32(Reg a, Reg b) { return _mm512_unpackhi_epi32(a, b); }
  static Reg low64(Reg a, Reg b) { return _mm512_unpacklo_epi64(a, b); }
  static Reg high64(Reg a, Reg b) { return _mm512_unpackhi_epi64(a, b); }
  static Reg pack32(Reg a, Reg b) { return _mm512_packs_epi32(a, b); }
  static Reg pack16(Reg a, Reg b) { return _mm512_packs_epi16(a, b); }
  static Reg pack16_unsigned(Reg a, Reg b) { return _mm512_packus_epi16(a, b); }
  static Reg shuffle8(Reg a, Reg order) { return _mm512_shuffle_epi8(a, order); }
  static Reg swap_middle32(Reg a) { return _mm512_shuffle_epi32(a, _MM_PERM_DBCA); }
  static Reg without_first16(Reg a) { return _mm512_maskz_mov_epi16(0xFEFEFEFE, a); }
  static Reg swap_halves(Reg a) { return _mm512_shuffle_epi32(a, _MM_PERM_BADC); }
  static Reg upper_halves(Reg a, Reg b) {
    return _mm512_mask_mov_epi16(_mm512_srli_epi32(a, 16), 0xAAAAAAAA, b);
  }
  static Reg lower_halves(Reg a, Reg b) {
    return _mm512_mask_mov_epi16(a, 0xAAAAAAAA, _mm512_slli_epi32(b, 16));
  }
  template <int kPhase>
  static Reg replace_third(Reg a, Reg b) {
    constexpr std::uint64_t kLaneMasks[3] = {0x9249, 0x2492, 0x4924};
    return _mm512_mask_mov_epi8(a, kLaneMasks[kPhase] * 0x0001000100010001u, b);
  }

  static void store_halves(Reg v, std::uint8_t* low, std::uint8_t* high) {
    const Reg order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    const Reg sorted = _mm512_permutexvar_epi64(order, v);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(low), _mm512_castsi512_si256(sorted));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(high), _mm512_extracti64x4_epi64(sorted, 1));
  }
  static void store_columns32(Reg v, std::uint8_t* out, std::ptrdiff_t stride) {
    const Reg order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const Reg sorted = _mm512_permutexvar_epi32(order, v);
    store_16(out, _mm512_extracti32x4_epi32(sorted, 0));
    store_16(out + stride, _mm512_extracti32x4_epi32(sorted, 1));
    store_16(out + 2 * stride, _mm512_extracti32x4_epi32(sorted, 2));
    store_16(out + 3 * stride, _mm512_extracti32x4_epi32(sorted, 3));
  }
  static void store_columns16(Reg v, std::uint8_t* out, std::ptrdiff_t stride) {
    const Reg order =
        _mm512_set_epi32(0x001F001E, 0x001D001C, 0x001B001A, 0x00170016, 0x00150014, 0x00130012,
                         0x000F000E, 0x000D000C, 0x000B000A, 0x00070006, 0x00050004, 0x00030002,
                         0x00190011, 0x00090001, 0x00180010, 0x00080000);
    const __m128i sorted = _mm512_castsi512_si128(_mm512_permutexvar_epi16(order, v));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), sorted);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + stride), _mm_unpackhi_epi64(sorted, sorted));
  }
  static void store_lanes_in_turn(Reg a, Reg b, std::uint8_t* out) {
    const Reg a0a1b0b1 = _mm512_shuffle_i64x2(a, b, 0x44);
    const Reg a2a3b2b3 = _mm512_shuffle_i64x2(a, b, 0xEE);
    store(out, _mm512_shuffle_i64x2(a0a1b0b1, a0a1b0b1, 0xD8));
    store(out + 64, _mm512_shuffle_i64x2(a2a3b2b3, a2a3b2b3, 0xD8));
  }
  static void store_lanes_in_turn(Reg a, Reg b, Reg c, std::uint8_t* out) {
    // The quarters of three vectors, in the order a0 b0 c0 a1 | b1 c1 a2 b2 | c2 a3 b3 c3.
    const Reg a0a1b0b1 = _mm512_shuffle_i64x2(a, b, 0x44);
    const Reg c0c1a0a1 = _mm512_shuffle_i64x2(c, a, 0x44);
    store(out, _mm512_shuffle_i64x2(a0a1b0b1, c0c1a0a1, 0xC8));
    const Reg b1b1c1c1 = _mm512_shuffle_i64x2(b, c, 0x55);
    const Reg a2a2b2b2 = _mm512_shuffle_i64x2(a, b, 0xAA);
    store(out + 64, _mm512_shuffle_i64x2(b1b1c1c1, a2a2b2b2, 0x88));
    const Reg c2c3a2a3 = _mm512_shuffle_i64x2(c, a, 0xEE);
    const Reg b2b3c2c3 = _mm512_shuffle_i64x2(b, c, 0xEE);
    store(out + 128, _mm512_shuffle_i64x2(c2c3a2a3, b2b3c2c3, 0xDC));
  }

 private:
  static void store_16(std::uint8_t* out, __m128i v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), v);
  }
};

}  // namespace
const PixelRoutines kAvx512PixelRoutines = simd_routines<Avx512>("avx512");

}  // namespace fastpass
