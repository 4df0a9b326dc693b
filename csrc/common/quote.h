// File and member names inside messages: always valid UTF-8 on one line, whatever the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fastpass {

// Length of the well-formed UTF-8 sequence at the front of `text`, 0 where there is none
// (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  const std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

// Control characters and bytes that are not UTF-8 become \xNN; very long names are cut.
inline std::string printable(std::string_view name) {
  constexpr std::size_t kLongest = 300;
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  while (!name.empty() && text.size() < kLongest) {
    const std::uint8_t lead = static_cast<std::uint8_t>(name[0]);
    const std::size_t length = lead < 0x20 || lead == 0x7F ? 0 : utf8_length(name);
    if (length == 0) {
      text += {'\\', 'x', kHex[lead >> 4], kHex[lead & 15]};
    } else {
      text.append(name.substr(0, length));
    }
    name.remove_prefix(length == 0 ? 1 : length);
  }
  return name.empty() ? text : text + "...";
}

inline std::string quoted(std::string_view name) { return "'" + printable(name) + "'"; }

}  // namespace fastpass
