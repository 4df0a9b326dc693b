// What file and member names mean; docs/pack.md has the rules.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/xxhash64.h"

namespace fastpass {

// In the root of a source: the names of its labels. Python reads it.
inline constexpr std::string_view kClassesFile = "classes.json";

inline std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// Empty for a file in the root.
inline std::string_view first_folder(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

// ".DS_Store", "._photo.jpg", "__MACOSX", "Thumbs.db": droppings of the operating system. `name` is
// one part of a path; "." and ".." are no droppings.
inline bool is_system_name(std::string_view name) {
  if (name.empty() || name == "__MACOSX") return true;
  if (name.front() == '.') return name != "." && name != "..";
  const std::string lower = lower_case(name.substr(0, 16));
  return lower == "thumbs.db" || lower == "desktop.ini" || lower == "ehthumbs.db";
}

// Is any part of the path the operating system's own?
inline bool is_hidden(std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (is_system_name(path.substr(0, slash))) return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

// Behind the last dot of the base name, in lower case; empty where there is none.
inline std::string extension_of(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string() : lower_case(name.substr(dot + 1));
}

template <std::size_t kCount>
bool is_one_of(std::string_view word, const std::array<std::string_view, kCount>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

inline constexpr std::array<std::string_view, 13> kImageExtensions = {
    "jpg", "jpeg", "jpe",  "jfif", "png",  "webp", "bmp",
    "gif", "tif",  "tiff", "avif", "heic", "heif"};
inline bool is_image_extension(std::string_view extension) {
  return is_one_of(extension, kImageExtensions);
}

// Pillow reads them with a plug-in only.
inline bool is_heic_extension(std::string_view extension) {
  return extension == "heic" || extension == "heif";
}

// Images of kinds that are not read: they are worth a word of their own when they are left out.
inline bool is_unread_image_extension(std::string_view extension) {
  static constexpr std::array<std::string_view, 32> kUnread = {
      "3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "eps", "exr", "hdr", "ico",
      "j2k", "jp2", "jpx", "jxl", "kdc", "mrw", "nef", "nrw", "orf", "pbm", "pef",
      "pgm", "ppm", "psd", "raf", "rw2", "sr2", "srw", "svg", "tga", "x3f"};
  return is_one_of(extension, kUnread);
}

// The length of the key in `path`: up to the first or to the last dot of its base name.
inline std::size_t key_length(std::string_view path, bool to_first_dot) {
  const std::string_view base = base_name(path);
  const std::size_t dot = to_first_dot ? base.find('.') : base.rfind('.');
  return dot == std::string_view::npos ? path.size() : path.size() - base.size() + dot;
}

// Stable for ever: it depends on the key alone. Never negative.
inline std::int64_t sample_id_of(std::string_view key) {
  return static_cast<std::int64_t>(xxhash64(key) >> 1);
}

// For messages: what a file of images is called.
inline std::string kind_of_file(std::string_view path) {
  return extension_of(path) == "beton" ? ".beton" : "tar";
}

// Of a .beton that keeps no keys: the row in nine digits.
inline std::string beton_key(std::int64_t row) {
  std::string digits = std::to_string(row);
  return std::string(digits.size() < 9 ? 9 - digits.size() : 0, '0') + digits;
}

}  // namespace fastpass
