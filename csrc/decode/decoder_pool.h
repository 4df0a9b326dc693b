// Decoders kept from call to call, with the memory and the tables they have.
#pragma once

#include <memory>
#include <string>

#include "decode/decoder.h"

namespace fastpass {

// A decoder for as long as the lease lives. Any thread may take one.
class DecoderLease {
 public:
  // get() is nullptr where no backend has that name.
  explicit DecoderLease(const std::string& name);
  ~DecoderLease();
  DecoderLease(DecoderLease&&) = default;
  DecoderLease& operator=(DecoderLease&&) = delete;

  Decoder* get() const { return decoder_.get(); }

 private:
  std::string name_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace fastpass
