// What pixel_routines_avx512.cpp does, in plain loops over arrays: proves the logic for four lanes
// on machines that lack the instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fastpass_test {

struct Array512 {
  struct Reg {
    std::uint8_t bytes[64];
  };
  static constexpr int kLanes = 4;

  template <class T>
  static T get(const Reg& v, int i) {
    T element;
    std::memcpy(&element, v.bytes + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
    return element;
  }
  template <class T>
  static void set(Reg& v, int i, T element) {
    std::memcpy(v.bytes + static_cast<std::size_t>(i) * sizeof(T), &element, sizeof(T));
  }
  // Element i = f(i), for all elements of type T.
  template <class T, class F>
  static Reg make(const F& f) {
    Reg v;
    for (int i = 0; i < static_cast<int>(64 / sizeof(T)); ++i) set<T>(v, i, static_cast<T>(f(i)));
    return v;
  }
  // In every lane: f(lane's first element, element) of type T.
  template <class T, class F>
  static Reg make_in_lanes(const F& f) {
    constexpr int kCount = static_cast<int>(16 / sizeof(T));
    return make<T>([&](int i) { return f(i / kCount * kCount, i % kCount); });
  }

  static Reg load(const void* from) {
    Reg v;
    std::memcpy(v.bytes, from, 64);
    return v;
  }
  static void store(void* to, const Reg& v) { std::memcpy(to, v.bytes, 64); }
  static Reg load_lane(const void* from) {
    Reg v;
    for (int lane = 0; lane < 4; ++lane) std::memcpy(v.bytes + 16 * lane, from, 16);
    return v;
  }
  static Reg zero() { return set8(0); }
  static Reg set8(int value) {
    return make<std::uint8_t>([=](int) { return value; });
  }
  static Reg set16(int value) {
    return make<std::int16_t>([=](int) { return value; });
  }
  static Reg set32(int value) {
    return make<std::int32_t>([=](int) { return value; });
  }
  static Reg widen(const std::uint8_t* from) {
    return make<std::uint16_t>([=](int i) { return from[i]; });
  }

  // Unsigned arithmetic: it wraps.
  template <class T, class F>
  static Reg map(const Reg& a, const Reg& b, const F& f) {
    return make<T>([&](int i) { return f(get<T>(a, i), get<T>(b, i)); });
  }
  static Reg add8(Reg a, Reg b) {
    return map<std::uint8_t>(a, b, [](int x, int y) { return x + y; });
  }
  static Reg add16(Reg a, Reg b) {
    return map<std::uint16_t>(a, b, [](int x, int y) { return x + y; });
  }
  static Reg sub16(Reg a, Reg b) {
    return map<std::uint16_t>(a, b, [](int x, int y) { return x - y; });
  }
  static Reg mul16(Reg a, Reg b) {
    return map<std::int16_t>(a, b, [](int x, int y) { return x * y; });
  }
  static Reg mul_round16(Reg a, Reg b) {
    return map<std::int16_t>(a, b, [](int x, int y) { return (x * y + (1 << 14)) >> 15; });
  }
  static Reg add32(Reg a, Reg b) {
    return map<std::uint32_t>(a, b, [](std::uint32_t x, std::uint32_t y) { return x + y; });
  }
  static Reg sub32(Reg a, Reg b) {
    return map<std::uint32_t>(a, b, [](std::uint32_t x, std::uint32_t y) { return x - y; });
  }
  static Reg mul_add_pairs(Reg a, Reg b) {
    return make<std::int32_t>([&](int i) {
      const auto term = [&](int k) {
        return std::int64_t{get<std::int16_t>(a, k)} * get<std::int16_t>(b, k);
      };
      return term(2 * i) + term(2 * i + 1);
    });
  }
  static Reg mul_add_bytes(Reg a, Reg b) {
    return make<std::int16_t>([&](int i) {
      const auto term = [&](int k) { return a.bytes[k] * get<std::int8_t>(b, k); };
      return clamp(term(2 * i) + term(2 * i + 1), -32768, 32767);
    });
  }
  static Reg either(Reg a, Reg b) {
    return map<std::uint8_t>(a, b, [](int x, int y) { return x | y; });
  }
  static Reg differing(Reg a, Reg b) {
    return map<std::uint8_t>(a, b, [](int x, int y) { return x ^ y; });
  }
  static bool is_zero(Reg a) {
    const Reg none = zero();
    return std::memcmp(a.bytes, none.bytes, 64) == 0;
  }

  template <int kShift>
  static Reg left16(Reg a) {
    return make<std::uint16_t>([&](int i) { return get<std::uint16_t>(a, i) << kShift; });
  }
  template <int kShift>
  static Reg right16(Reg a) {
    return make<std::int16_t>([&](int i) { return get<std::int16_t>(a, i) >> kShift; });
  }
  template <int kShift>
  static Reg left32(Reg a) {
    return make<std::uint32_t>([&](int i) { return get<std::uint32_t>(a, i) << kShift; });
  }
  template <int kShift>
  static Reg right32(Reg a) {
    return make<std::int32_t>([&](int i) { return get<std::int32_t>(a, i) >> kShift; });
  }

  // The lower (offset 0) or upper halves of the lanes of a and b, element by element in turn.
  template <class T>
  static Reg interleave(const Reg& a, const Reg& b, bool upper) {
    return make_in_lanes<T>([&](int first, int i) {
      const int from = first + i / 2 + (upper ? static_cast<int>(8 / sizeof(T)) : 0);
      return get<T>(i % 2 == 0 ? a : b, from);
    });
  }
  static Reg low8(Reg a, Reg b) { return interleave<std::uint8_t>(a, b, false); }
  static Reg high8(Reg a, Reg b) { return interleave<std::uint8_t>(a, b, true); }
  static Reg low16(Reg a, Reg b) { return interleave<std::uint16_t>(a, b, false); }
  static Reg high16(Reg a, Reg b) { return interleave<std::uint16_t>(a, b, true); }
  static Reg low32(Reg a, Reg b) { return interleave<std::uint32_t>(a, b, false); }
  static Reg high32(Reg a, Reg b) { return interleave<std::uint32_t>(a, b, true); }
  static Reg low64(Reg a, Reg b) { return interleave<std::uint64_t>(a, b, false); }
  static Reg high64(Reg a, Reg b) { return interleave<std::uint64_t>(a, b, true); }

  static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
  }
  // Each lane: the elements of a's lane, then of b's, in half the width.
  template <class From, class To>
  static Reg pack(const Reg& a, const Reg& b, int low, int high) {
    constexpr int kHalf = static_cast<int>(16 / sizeof(From));
    return make_in_lanes<To>([&](int first, int i) {
      return clamp(get<From>(i < kHalf ? a : b, first / 2 + i % kHalf), low, high);
    });
  }
  static Reg pack32(Reg a, Reg b) { return pack<std::int32_t, std::int16_t>(a, b, -32768, 32767); }
  static Reg pack16(Reg a, Reg b) { return pack<std::int16_t, std::int8_t>(a, b, -128, 127); }
  static Reg pack16_unsigned(Reg a, Reg b) {
    return pack<std::int16_t, std::uint8_t>(a, b, 0, 255);
  }
  static Reg shuffle8(Reg a, Reg order) {
    return make_in_lanes<std::uint8_t>(
        [&](int first, int i) { return a.bytes[first + order.bytes[first + i] % 16]; });
  }
  static Reg swap_middle32(Reg a) {
    return make_in_lanes<std::uint32_t>([&](int first, int i) {
      return get<std::uint32_t>(a, first + (i == 1 ? 2 : i == 2 ? 1 : i));
    });
  }
  static Reg without_first16(Reg a) {
    return make_in_lanes<std::uint16_t>(
        [&](int first, int i) { return i == 0 ? 0 : get<std::uint16_t>(a, first + i); });
  }
  static Reg swap_halves(Reg a) {
    return make_in_lanes<std::uint32_t>(
        [&](int first, int i) { return get<std::uint32_t>(a, first + (i + 2) % 4); });
  }
  static Reg upper_halves(Reg a, Reg b) {
    return make<std::uint16_t>(
        [&](int i) { return get<std::uint16_t>(i % 2 == 0 ? a : b, i | 1); });
  }
  static Reg lower_halves(Reg a, Reg b) {
    return make<std::uint16_t>(
        [&](int i) { return get<std::uint16_t>(i % 2 == 0 ? a : b, i / 2 * 2); });
  }
  template <int kPhase>
  static Reg replace_third(Reg a, Reg b) {
    return make<std::uint8_t>([&](int i) { return (i % 16 % 3 == kPhase ? b : a).bytes[i]; });
  }

  static void store_halves(Reg v, std::uint8_t* low, std::uint8_t* high) {
    for (int lane = 0; lane < 4; ++lane) {
      std::memcpy(low + 8 * lane, v.bytes + 16 * lane, 8);
      std::memcpy(high + 8 * lane, v.bytes + 16 * lane + 8, 8);
    }
  }
  static void store_columns32(Reg v, std::uint8_t* out, std::ptrdiff_t stride) {
    for (int i = 0; i < 16; ++i) std::memcpy(out + i % 4 * stride + i / 4 * 4, v.bytes + 4 * i, 4);
  }
  static void store_columns16(Reg v, std::uint8_t* out, std::ptrdiff_t stride) {
    for (int lane = 0; lane < 4; ++lane) {
      std::memcpy(out + 2 * lane, v.bytes + 16 * lane, 2);
      std::memcpy(out + stride + 2 * lane, v.bytes + 16 * lane + 2, 2);
    }
  }
  static void store_lanes_in_turn(Reg a, Reg b, std::uint8_t* out) {
    for (int lane = 0; lane < 4; ++lane, out += 32) {
      std::memcpy(out, a.bytes + 16 * lane, 16);
      std::memcpy(out + 16, b.bytes + 16 * lane, 16);
    }
  }
  static void store_lanes_in_turn(Reg a, Reg b, Reg c, std::uint8_t* out) {
    for (int lane = 0; lane < 4; ++lane, out += 48) {
      std::memcpy(out, a.bytes + 16 * lane, 16);
      std::memcpy(out + 16, b.bytes + 16 * lane, 16);
      std::memcpy(out + 32, c.bytes + 16 * lane, 16);
    }
  }
};

}  // namespace fastpass_test
