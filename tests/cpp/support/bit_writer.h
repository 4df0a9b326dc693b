// Writes entropy-coded data bit by bit, for tests.
#pragma once

#include <cstdint>
#include <vector>

namespace fastpass_test {

struct BitWriter {
  std::vector<std::uint8_t> bytes;  // stuffed
  std::uint32_t pending = 0;
  int num_pending = 0;

  void put(std::uint32_t value, int num_bits) {
    for (int i = num_bits - 1; i >= 0; --i) {
      pending = pending << 1 | (value >> i & 1);
      if (++num_pending == 8) flush_byte();
    }
  }
  // Fills the last byte with ones, as T.81 (F.1.2.3) wants it.
  void finish() {
    while (num_pending != 0) put(1, 1);
  }
  void put_marker(std::uint8_t marker) {
    finish();
    bytes.push_back(0xFF);
    bytes.push_back(marker);
  }

 private:
  void flush_byte() {
    bytes.push_back(static_cast<std::uint8_t>(pending));
    if (bytes.back() == 0xFF) bytes.push_back(0);
    pending = 0;
    num_pending = 0;
  }
};

}  // namespace fastpass_test
