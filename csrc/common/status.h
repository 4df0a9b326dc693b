// The only error currency below the bindings: one name per fault, never an exception.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace fastpass {

// Each name is an exception class of fastpass/errors.py (without the k).
enum class Fault : std::uint8_t {
  kNone,
  kCorruptImage,      // the bytes are not the image they claim to be
  kUnsupportedImage,  // a valid image of a kind that this backend does not decode
  kImageTooLarge,     // more pixels than the budget allows
  kTooManyScans,      // more visits of blocks by scans than the budget allows
  kBadPack,           // a tar or its index is damaged
  kStalePack,         // the index does not belong to this tar any more
  kBadSeekIndex,      // a JPEG's seek index is damaged or belongs to another file
  kReadFailed,        // the operating system refused to read
  kWriteFailed,       // the operating system refused to write (full disk, read-only, ...)
  kOutOfMemory,
  kDeviceFailed,  // a CUDA call failed
  kBadArgument,
  kBadViewOp,  // a user's operation on a view failed
  kClosed,
};

// What a function that can fail returns: ok, or one fault with a message for the user.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Fault fault, std::string message, std::int64_t byte_offset = -1)
      : fault_(fault), byte_offset_(byte_offset), message_(std::move(message)) {}

  bool ok() const { return fault_ == Fault::kNone; }
  Fault fault() const { return fault_; }
  const std::string& message() const { return message_; }
  // Offset in the file or in the encoded image, -1 where none is known.
  std::int64_t byte_offset() const { return byte_offset_; }
  // The same fault, told with where it happened.
  Status at(const std::string& place) const {
    return ok() ? *this : Status(fault_, place + ": " + message_, byte_offset_);
  }

 private:
  Fault fault_ = Fault::kNone;
  std::int64_t byte_offset_ = -1;
  std::string message_;
};

}  // namespace fastpass

#define FASTPASS_RETURN_IF_ERROR(expression)          \
  do {                                                \
    ::fastpass::Status status_of_call = (expression); \
    if (!status_of_call.ok()) return status_of_call;  \
  } while (false)
