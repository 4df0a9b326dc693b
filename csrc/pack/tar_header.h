// One 512-byte tar header block, and the records of a pax header.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fastpass {

struct TarHeader {
  std::uint8_t block[512];

  bool is_zero() const;
  // The stored checksum is that of the block (unsigned sum, or the signed one of old tars).
  bool is_checksum_right() const;
  char type() const { return static_cast<char>(block[156]); }
  std::string path() const;  // with the ustar prefix
  // Octal, or base-256 (GNU); false where it is neither, or negative, or beyond 63 bits.
  bool read_size(std::uint64_t* num_bytes) const;

 private:
  std::string_view field(std::size_t offset, std::size_t length) const;
};

// What pax records say about the next member (POSIX.1-2001, pax extended header).
struct PaxRecords {
  std::string path;  // empty: not given
  bool has_size = false;
  std::uint64_t size = 0;
  bool is_sparse = false;
};

// Adds the records of `payload` to `records`; false where they are malformed.
bool parse_pax(std::string_view payload, PaxRecords* records);

}  // namespace fastpass
