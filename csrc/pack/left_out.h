// Files of a source that are not read, counted by reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "pack/member.h"
#include "pack/reading.h"

namespace fastpass {

// For one of the reasons that docs/pack.md lists.
struct LeftOut {
  std::string reason;
  std::uint64_t count = 0;
  std::vector<std::string> examples;  // paths: all of them, or the first few
};

// The part that a file could have had in a sample.
enum class Company : std::uint8_t {
  kImage,    // that of the sample is another file
  kNoImage,  // nothing here is the sample's image
  kOutside,  // none: it lies beside the class folders
};
std::string_view reason_to_leave_out(const Member& member, Company company);

void leave_out(const Member& member, Company company, bool lists_all,
               std::vector<LeftOut>* left_out);

// kBadPack: where the images are that the options pass over, or that there are none.
Status no_image(const Source& source, const std::vector<Member>& members, std::size_t num_members,
                const ReadingOptions& options);

}  // namespace fastpass
