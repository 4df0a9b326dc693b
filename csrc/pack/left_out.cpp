#include "pack/left_out.h"

#include <algorithm>
#include <set>

#include "common/quote.h"
#include "pack/naming.h"

namespace fastpass {
namespace {

constexpr std::size_t kMaxExamples = 5;

bool is_image(const Member& member) {
  return member.has_content() && is_image_extension(extension_of(member.path));
}

// "'in.jpg', 'out.jpg'": the fields of images, some of them.
std::string image_fields(const std::vector<Member>& members) {
  std::set<std::string> fields;
  for (const Member& member : members) {
    const std::size_t length = key_length(member.path, true);
    if (is_image(member))
      fields.insert(lower_case(std::string_view(member.path).substr(length + 1)));
  }
  std::string text;
  std::size_t num_shown = 0;
  for (const std::string& field : fields) {
    if (num_shown++ == kMaxExamples) return text + ", ...";
    text += (text.empty() ? "" : ", ") + quoted(field);
  }
  return text;
}

}  // namespace

std::string_view reason_to_leave_out(const Member& member, Company company) {
  if (member.kind == MemberKind::kBrokenLink) return "link to nothing";
  if (is_image(member)) {
    return company == Company::kImage     ? "image of another sample"
           : company == Company::kNoImage ? "image in a field that is not read"
                                          : "image in the root";
  }
  const std::string extension = extension_of(member.path);
  const bool is_field = extension == "cls" || extension == "json";
  if (is_field && company == Company::kNoImage) return "label or metadata without an image";
  if (extension == "tar") return "tar";
  return is_unread_image_extension(extension) ? "image of a format that is not read" : "other file";
}

void leave_out(const Member& member, Company company, bool lists_all,
               std::vector<LeftOut>* left_out) {
  const std::string_view reason = reason_to_leave_out(member, company);
  auto found = std::find_if(left_out->begin(), left_out->end(),
                            [&](const LeftOut& other) { return other.reason == reason; });
  if (found == left_out->end()) {
    left_out->push_back({std::string(reason), 0, {}});
    found = left_out->end() - 1;
  }
  ++found->count;
  if (lists_all || found->examples.size() < kMaxExamples) found->examples.push_back(member.path);
}

Status no_image(const Source& source, const std::vector<Member>& members, std::size_t num_members,
                const ReadingOptions& options) {
  const std::string fields = image_fields(members);
  std::string reason = "no image (.jpg, .jpeg, .png, .webp, ...: see docs/pack.md)";
  if (!options.image_fields.empty() && !fields.empty()) {
    reason = "no image in the field " + quoted(options.image_fields.front()) +
             (options.image_fields.size() > 1 ? " or another given with image=" : "") +
             ": here the images are in " + fields +
             " (in the layout webdataset, a field begins behind the first dot of a name)";
  } else {
    reason += source.is_tar ? " among its " + std::to_string(num_members) + " members"
                            : " in this folder or below it";
  }
  return Status(Fault::kBadPack, quoted(source.path) + ": " + reason, source.is_tar ? 0 : -1);
}

}  // namespace fastpass
