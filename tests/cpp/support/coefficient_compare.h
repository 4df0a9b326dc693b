// One decoder for all images of a test, as a loader has it, beside libjpeg-turbo.
#pragma once

#include "support/check.h"
#include "support/coefficient_check.h"
#include "support/scan_scripts.h"
#include "support/shared_data.h"

namespace fastpass_test {

inline fastpass::Span span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

inline Decoded decoded;

inline Agreement compare(const Bytes& jpeg, const char* name) {
  const Agreement agreement = compare_with_libjpeg(span_of(jpeg), &decoded);
  if (agreement == Agreement::kDifferent) std::fprintf(stderr, "differs: %s\n", name);
  CHECK(agreement != Agreement::kDifferent);
  return agreement;
}

inline void check_whole(const Bytes& jpeg, const char* name) {
  CHECK(compare(jpeg, name) == Agreement::kSame);
  CHECK(decoded.status.ok() && decoded.damage.ok());
}

}  // namespace fastpass_test
