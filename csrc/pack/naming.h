// What file and member names mean.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/xxhash64.h"

namespace fastpass {

inline std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// ".DS_Store", "._photo.jpg" and the like: droppings of the operating system, never samples.
inline bool is_hidden(std::string_view path) {
  const std::string_view name = base_name(path);
  return name.empty() || name.front() == '.';
}

inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

// Behind the last dot of the base name, in lower case; empty where there is none.
inline std::string extension_of(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string() : lower_case(name.substr(dot + 1));
}

inline bool is_image_extension(std::string_view extension) {
  return extension == "jpg" || extension == "jpeg" || extension == "png" || extension == "webp";
}

// Stable for ever: it depends on the key alone. Never negative.
inline std::int64_t sample_id_of(std::string_view key) {
  return static_cast<std::int64_t>(xxhash64(key) >> 1);
}

}  // namespace fastpass
