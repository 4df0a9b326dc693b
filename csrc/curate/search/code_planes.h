// Binary codes in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace fastpass {

// Codes one behind the other, `num_words` words each, of the caller.
struct CodeArray {
  const std::uint64_t* words = nullptr;
  std::size_t size = 0;
  int num_words = 1;

  const std::uint64_t* code(std::size_t i) const {
    return words + i * static_cast<std::size_t>(num_words);
  }
};

// A plane per 64-bit word: word w of code i is plane(w)[i], so that a vector holds the same word of
// neighboring codes.
class CodePlanes {
 public:
  CodePlanes() = default;
  CodePlanes(int num_words, std::size_t size) { resize(num_words, size); }

  void resize(int num_words, std::size_t size) {
    num_words_ = num_words;
    size_ = size;
    // Vectors may read what lies behind the last code.
    stride_ = size + kPadding;
    // Not cleared: who fills the codes touches the memory first.
    words_.reset(new std::uint64_t[static_cast<std::size_t>(num_words) * stride_]);
    for (int w = 0; w < num_words; ++w) std::fill_n(plane(w) + size, kPadding, std::uint64_t{0});
  }

  int num_words() const { return num_words_; }
  std::size_t size() const { return size_; }
  std::uint64_t* plane(int word) { return words_.get() + static_cast<std::size_t>(word) * stride_; }
  const std::uint64_t* plane(int word) const {
    return words_.get() + static_cast<std::size_t>(word) * stride_;
  }
  void set(std::size_t i, const std::uint64_t* code) {
    for (int w = 0; w < num_words_; ++w) plane(w)[i] = code[w];
  }
  // Bits 16 * slot and following.
  std::uint32_t slot(std::size_t i, int slot) const {
    return static_cast<std::uint32_t>(plane(slot / 4)[i] >> (slot % 4 * 16) & 0xFFFF);
  }

 private:
  static constexpr std::size_t kPadding = 8;

  int num_words_ = 0;
  std::size_t size_ = 0;
  std::size_t stride_ = 0;
  std::unique_ptr<std::uint64_t[]> words_;
};

}  // namespace fastpass
