// Every table of routines that this processor can run, and the 512-bit code on arrays, against the
// plain table: bit for bit, extreme coefficients and every width included.
#include <cstring>
#include <random>
#include <vector>

#include "decode/pixels/pixel_routines.h"
#include "decode/pixels/simd_routines.h"
#include "support/check.h"
#include "support/simd_array512.h"

namespace fastpass_test {
namespace {

using fastpass::kGroupCoefficients;
using fastpass::kGroupStride;
using fastpass::kPlainPixelRoutines;
using fastpass::PixelRoutines;
using Bytes = std::vector<std::uint8_t>;
using Random = std::mt19937;

constexpr int kWidest = 130;
constexpr int kMargin = 64;        // what loads may see beyond a row
constexpr int kSpareOutput = 128;  // what upsampling may overwrite beyond a row
constexpr std::uint8_t kGuard = 0xA5;

int between(Random& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

// Random rows; every fourth holds only 0 and 255.
Bytes random_bytes(Random& random, int count) {
  Bytes bytes(static_cast<std::size_t>(count));
  const bool is_extreme = between(random, 0, 3) == 0;
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(is_extreme ? 255 * between(random, 0, 1)
                                                : between(random, 0, 255));
  }
  return bytes;
}

// ---- IDCT ---------------------------------------------------------------------------------------

constexpr int kGroups = 3;

struct Groups {
  alignas(64) std::int16_t coefficients[kGroups * kGroupCoefficients];
  alignas(64) std::uint16_t quant[64];
};

// Blocks with low frequencies only, with a first row only, with DC only, dense ones; small values
// and values beyond 16 bits once multiplied.
void fill_groups(Random& random, Groups* groups) {
  static const int kRows[5] = {1, 1, 3, 4, 8};
  static const int kColumns[5] = {1, 8, 3, 4, 8};
  const int step = between(random, 0, 2) == 0 ? 65535 : 50;
  for (std::uint16_t& entry : groups->quant)
    entry = static_cast<std::uint16_t>(between(random, 0, step));
  std::memset(groups->coefficients, 0, sizeof(groups->coefficients));
  const int shared_kind = between(random, 0, 9);  // most often all blocks are of one kind
  for (int block = 0; block < kGroups * 4; ++block) {
    const int kind = shared_kind < 5 ? shared_kind : between(random, 0, 4);
    const int limit = between(random, 0, 3) == 0 ? 32767 : 100;
    std::int16_t* first = groups->coefficients + block / 4 * kGroupCoefficients + block % 4 * 8;
    for (int y = 0; y < kRows[kind]; ++y) {
      for (int x = 0; x < kColumns[kind]; ++x) {
        first[y * kGroupStride + x] = static_cast<std::int16_t>(between(random, -limit, limit));
      }
    }
  }
}

void test_idct(const PixelRoutines& routines) {
  Random random(7);
  static Groups groups;
  for (int round = 0; round < 4000; ++round) {
    fill_groups(random, &groups);
    for (int size = 0; size < 4; ++size) {
      const int side = 1 << size;
      const int num_groups = 1 + round % kGroups;
      const int width = num_groups * 4 * side;
      const int stride = kGroups * 4 * 8 + 3;
      Bytes got(static_cast<std::size_t>(8 * stride), kGuard);
      Bytes wanted = got;
      routines.idct[size](groups.coefficients, num_groups, groups.quant, got.data(), stride);
      kPlainPixelRoutines.idct[size](groups.coefficients, num_groups, groups.quant, wanted.data(),
                                     stride);
      CHECK(got == wanted);
      CHECK(wanted[static_cast<std::size_t>((side - 1) * stride + width)] == kGuard);
    }
  }
}

// ---- Rows ---------------------------------------------------------------------------------------

// Output with room before and behind; all of it is compared but the margin that may be overwritten.
struct Output {
  Bytes bytes = Bytes(kMargin + 3 * kWidest + 2 * kSpareOutput, kGuard);
  std::uint8_t* data() { return bytes.data() + kMargin; }
};

void check_same(Output& got, Output& wanted, int count, int free_bytes) {
  const std::size_t end = static_cast<std::size_t>(kMargin + count);
  CHECK(std::memcmp(got.bytes.data(), wanted.bytes.data(), end) == 0);
  for (std::size_t i = end + static_cast<std::size_t>(free_bytes); i < got.bytes.size(); ++i)
    CHECK(got.bytes[i] == kGuard);
}

void test_upsampling(const PixelRoutines& routines) {
  Random random(8);
  for (int width = 1; width <= kWidest; ++width) {
    const Bytes near = random_bytes(random, 1 + kWidest + kMargin);
    const Bytes far = random_bytes(random, 1 + kWidest + kMargin);
    const std::uint8_t* n = near.data() + 1;
    const std::uint8_t* f = far.data() + 1;
    Output got[4], wanted[4];
    for (const PixelRoutines* table : {&routines, &kPlainPixelRoutines}) {
      Output* out = table == &routines ? got : wanted;
      table->upsample_h2v1(n, width, out[0].data());
      table->upsample_h2v2(n, f, width, out[1].data());
      table->upsample_h1v2(n, f, width, 1, out[2].data());
      table->upsample_h1v2(n, f, width, 2, out[3].data());
    }
    for (int i = 0; i < 4; ++i)
      check_same(got[i], wanted[i], i < 2 ? 2 * width : width, kSpareOutput);
  }
}

void test_color(const PixelRoutines& routines) {
  Random random(9);
  for (int width = 1; width <= kWidest; ++width) {
    Bytes rows[3];
    for (Bytes& row : rows) row = random_bytes(random, kWidest + kMargin);
    const std::uint8_t* a = rows[0].data();
    const std::uint8_t* b = rows[1].data();
    const std::uint8_t* c = rows[2].data();
    Output got[3], wanted[3];
    for (const PixelRoutines* table : {&routines, &kPlainPixelRoutines}) {
      Output* out = table == &routines ? got : wanted;
      table->ycc_to_rgb(a, b, c, width, out[0].data());
      table->gray_to_rgb(a, width, out[1].data());
      table->interleave_rgb(a, b, c, width, out[2].data());
    }
    for (int i = 0; i < 3; ++i) check_same(got[i], wanted[i], 3 * width, 0);
  }
}

void test_every_color(const PixelRoutines& routines) {
  Bytes y(256 + kMargin), cb(256 + kMargin), cr(256 + kMargin);
  Bytes got(3 * 256), wanted(3 * 256);
  for (int i = 0; i < 256; ++i) cb[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i);
  for (int luma : {0, 100, 255}) {
    std::memset(y.data(), luma, y.size());
    for (int red = 0; red < 256; ++red) {
      std::memset(cr.data(), red, cr.size());
      routines.ycc_to_rgb(y.data(), cb.data(), cr.data(), 256, got.data());
      kPlainPixelRoutines.ycc_to_rgb(y.data(), cb.data(), cr.data(), 256, wanted.data());
      CHECK(got == wanted);
    }
  }
}

}  // namespace
}  // namespace fastpass_test

int main() {
  using namespace fastpass_test;
  const PixelRoutines arrays = fastpass::simd_routines<Array512>("512-bit arrays");
  std::vector<const PixelRoutines*> tables = fastpass::available_pixel_routines();
  const PixelRoutines& best = *tables.back();
  tables.push_back(&arrays);
  for (const PixelRoutines* routines : tables) {
    if (routines == &kPlainPixelRoutines) continue;
    std::printf("%s\n", routines->name);
    test_idct(*routines);
    test_upsampling(*routines);
    test_color(*routines);
    test_every_color(*routines);
  }
  // Not a failure: but whoever reads this must not take the table for tested.
  if (&best != &fastpass::kAvx512PixelRoutines) {
    std::printf("not tested: this processor has no AVX-512 (F and BW); \"%s\" is its best table\n",
                best.name);
  }
  return RESULT();
}
