#include "curate/hash/dct32.h"

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace fastpass {
namespace {

using Lane = std::array<double, kDctLanes>;

// A point of the unit circle, as the transform multiplies by it.
struct Angle {
  double cos = 1.0;
  double sin = 0.0;
};

// exp(2 pi i k / size) as pocketfft has it: of an angle below an eighth of the circle, and each
// entry the product of two of few, whose rounding is part of the result.
class AngleTable {
 public:
  explicit AngleTable(int size) : size_(size) {
    const int needed = (size + 2) / 2;
    while ((1 << shift_) * (1 << shift_) < needed) ++shift_;
    const int mask = (1 << shift_) - 1;
    for (int i = 0; i <= mask; ++i) fine_.push_back(at_place(i));
    for (int i = 0; i * (mask + 1) < needed; ++i) coarse_.push_back(at_place(i * (mask + 1)));
  }

  Angle at(int k) const {
    const bool is_upper = 2 * k <= size_;
    const int place = is_upper ? k : size_ - k;
    const Angle& a = fine_[static_cast<std::size_t>(place & ((1 << shift_) - 1))];
    const Angle& b = coarse_[static_cast<std::size_t>(place >> shift_)];
    const double sine = a.cos * b.sin + a.sin * b.cos;
    return {a.cos * b.cos - a.sin * b.sin, is_upper ? sine : -sine};
  }

 private:
  // k in [0, size / 2 + 1].
  Angle at_place(int k) const {
    if (k == 0) return {};
    const double step = 0.25 * M_PI / size_;  // of eighths
    const int eighths = 8 * k, quarter = 2 * size_, half = 4 * size_;
    if (eighths < size_) return {std::cos(eighths * step), std::sin(eighths * step)};
    if (eighths < quarter) {
      const double rest = (quarter - eighths) * step;
      return {std::sin(rest), std::cos(rest)};
    }
    if (eighths - quarter < size_) {
      const double rest = (eighths - quarter) * step;
      return {-std::sin(rest), std::cos(rest)};
    }
    const double rest = (half - eighths) * step;
    return {-std::cos(rest), std::sin(rest)};
  }

  int size_;
  int shift_ = 1;
  std::vector<Angle> fine_, coarse_;
};

// One step of the inverse FFT reads in[place + length * (part + radix * group)] and writes
// out[place + length * (group + groups * part)]: a pass over `groups` sets of `radix` transforms of
// `length` places.
struct Step {
  const DctLines& in;
  DctLines& out;
  int radix, length, groups;

  double read(int place, int part, int group, int lane) const {
    return in[static_cast<std::size_t>(place + length * (part + radix * group))]
             [static_cast<std::size_t>(lane)];
  }
  void write(int place, int group, int part, int lane, double value) const {
    out[static_cast<std::size_t>(place + length * (group + groups * part))]
       [static_cast<std::size_t>(lane)] = value;
  }
  // (re, im) times the conjugate of `angle`, to the places i - 1 and i.
  void write_turned(int i, int group, int part, int lane, const Angle& angle, double im,
                    double re) const {
    write(i, group, part, lane, angle.cos * im + angle.sin * re);
    write(i - 1, group, part, lane, angle.cos * re - angle.sin * im);
  }
};

template <typename Work>
void for_lanes(const Step& step, const Work& work) {
  for (int group = 0; group < step.groups; ++group) {
    for (int lane = 0; lane < kDctLanes; ++lane) work(group, lane);
  }
}

void radix2(const Step& s, const AngleTable& angles) {
  const int last = s.length - 1;
  for_lanes(s, [&](int group, int lane) {
    const double a = s.read(0, 0, group, lane), b = s.read(last, 1, group, lane);
    s.write(0, group, 0, lane, a + b);
    s.write(0, group, 1, lane, a - b);
    s.write(last, group, 0, lane, 2.0 * s.read(last, 0, group, lane));
    s.write(last, group, 1, lane, -2.0 * s.read(0, 1, group, lane));
  });
  for (int i = 2; i < last; i += 2) {
    const int mirror = s.length - i;
    const Angle angle = angles.at(s.groups * i / 2);
    for_lanes(s, [&](int group, int lane) {
      const double re_a = s.read(i - 1, 0, group, lane), re_b = s.read(mirror - 1, 1, group, lane);
      const double im_a = s.read(i, 0, group, lane), im_b = s.read(mirror, 1, group, lane);
      s.write(i - 1, group, 0, lane, re_a + re_b);
      s.write(i, group, 0, lane, im_a - im_b);
      s.write_turned(i, group, 1, lane, angle, im_a + im_b, re_a - re_b);
    });
  }
}

void radix4_ends(const Step& s) {
  const int last = s.length - 1;
  for_lanes(s, [&](int group, int lane) {
    const double a = s.read(0, 0, group, lane), b = s.read(last, 3, group, lane);
    const double sum = a + b, difference = a - b;
    const double re = 2.0 * s.read(last, 1, group, lane), im = 2.0 * s.read(0, 2, group, lane);
    s.write(0, group, 0, lane, sum + re);
    s.write(0, group, 2, lane, sum - re);
    s.write(0, group, 3, lane, difference + im);
    s.write(0, group, 1, lane, difference - im);
  });
  if (s.length % 2 != 0) return;
  for_lanes(s, [&](int group, int lane) {
    const double a = s.read(0, 3, group, lane), b = s.read(0, 1, group, lane);
    const double c = s.read(last, 0, group, lane), d = s.read(last, 2, group, lane);
    const double im_sum = a + b, im_difference = a - b, re_sum = c + d, re_difference = c - d;
    s.write(last, group, 0, lane, re_sum + re_sum);
    s.write(last, group, 1, lane, M_SQRT2 * (re_difference - im_sum));
    s.write(last, group, 2, lane, im_difference + im_difference);
    s.write(last, group, 3, lane, -M_SQRT2 * (re_difference + im_sum));
  });
}

void radix4(const Step& s, const AngleTable& angles) {
  radix4_ends(s);
  for (int i = 2; i < s.length - 1; i += 2) {
    const int mirror = s.length - i;
    const Angle first = angles.at(s.groups * i / 2), second = angles.at(s.groups * i);
    const Angle third = angles.at(3 * s.groups * i / 2);
    for_lanes(s, [&](int group, int lane) {
      const double a_re = s.read(i - 1, 0, group, lane), a_im = s.read(i, 0, group, lane);
      const double b_re = s.read(mirror - 1, 1, group, lane), b_im = s.read(mirror, 1, group, lane);
      const double c_re = s.read(i - 1, 2, group, lane), c_im = s.read(i, 2, group, lane);
      const double d_re = s.read(mirror - 1, 3, group, lane), d_im = s.read(mirror, 3, group, lane);
      const double outer_re = a_re + d_re, outer_re_difference = a_re - d_re;
      const double outer_im = a_im + d_im, outer_im_difference = a_im - d_im;
      const double inner_im = c_im + b_im, inner_im_difference = c_im - b_im;
      const double inner_re = c_re + b_re, inner_re_difference = c_re - b_re;
      s.write(i - 1, group, 0, lane, outer_re + inner_re);
      s.write(i, group, 0, lane, outer_im_difference + inner_im_difference);
      s.write_turned(i, group, 1, lane, first, outer_im + inner_re_difference,
                     outer_re_difference - inner_im);
      s.write_turned(i, group, 2, lane, second, outer_im_difference - inner_im_difference,
                     outer_re - inner_re);
      s.write_turned(i, group, 3, lane, third, outer_im - inner_re_difference,
                     outer_re_difference + inner_im);
    });
  }
}

void pair_inputs(DctLines* lines) {
  auto& x = *lines;
  for (std::size_t lane = 0; lane < kDctLanes; ++lane) {
    x[0][lane] *= 2.0;
    x[kDctSize - 1][lane] *= 2.0;
    for (std::size_t k = 1; k + 1 < kDctSize; k += 2) {
      const double a = x[k][lane], b = x[k + 1][lane];
      x[k + 1][lane] = b - a;
      x[k][lane] = a + b;
    }
  }
}

void turn_outputs(const AngleTable& angles, DctLines* lines) {
  constexpr std::size_t kHalf = kDctSize / 2;
  auto& x = *lines;
  for (std::size_t k = 1; k < kHalf; ++k) {
    const std::size_t mirror = kDctSize - k;
    const double near = angles.at(static_cast<int>(k)).cos;
    const double far = angles.at(static_cast<int>(mirror)).cos;
    for (std::size_t lane = 0; lane < kDctLanes; ++lane) {
      const double a = near * x[mirror][lane] + far * x[k][lane];
      const double b = near * x[k][lane] - far * x[mirror][lane];
      x[k][lane] = 0.5 * (a + b);
      x[mirror][lane] = 0.5 * (a - b);
    }
  }
  for (double& value : x[kHalf]) value *= angles.at(kHalf).cos;
}

}  // namespace

void dct32(DctLines* lines) {
  static const AngleTable fft_angles(kDctSize), dct_angles(4 * kDctSize);
  DctLines other;
  pair_inputs(lines);
  radix2({*lines, other, 2, 16, 1}, fft_angles);
  radix4({other, *lines, 4, 4, 2}, fft_angles);
  radix4({*lines, other, 4, 1, 8}, fft_angles);
  *lines = other;
  turn_outputs(dct_angles, lines);
}

}  // namespace fastpass
