#include "pack/folder_walk.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "common/quote.h"
#include "pack/naming.h"

namespace fastpass {
namespace {

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, DirectoryCloser>;

class Walker {
 public:
  Walker(const std::string& root, std::vector<Member>* members) : root_(root), members_(members) {}

  // `relative` is empty or ends with '/'.
  Status visit(const std::string& relative);

 private:
  Status failed(const std::string& action, const std::string& path, int error) const {
    return Status(Fault::kReadFailed, "cannot " + action + " " + quoted(path) + ": " +
                                          std::generic_category().message(error));
  }
  Status handle(const std::string& relative, const dirent& entry,
                std::vector<std::string>* folders);
  Status enter(const std::string& path);

  std::string root_;
  std::vector<Member>* members_;
  std::vector<std::pair<dev_t, ino_t>> ancestors_;
};

Status Walker::handle(const std::string& relative, const dirent& entry,
                      std::vector<std::string>* folders) {
  const std::string_view name = entry.d_name;
  if (name == "." || name == ".." || is_system_name(name)) return Status();
  const std::string path = relative + entry.d_name;
  unsigned char type = entry.d_type;
  if (type == DT_LNK || type == DT_UNKNOWN) {
    struct stat target;
    if (::stat((root_ + "/" + path).c_str(), &target) == 0) {
      type = S_ISDIR(target.st_mode) ? DT_DIR : S_ISREG(target.st_mode) ? DT_REG : DT_CHR;
    } else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
      type = DT_REG;  // something is there, and whoever reads it learns why that is refused
    }
  }
  Member member;
  member.path = path;
  member.kind = type == DT_DIR   ? MemberKind::kFolder
                : type == DT_REG ? MemberKind::kFile
                : type == DT_LNK ? MemberKind::kBrokenLink
                                 : MemberKind::kOther;
  members_->push_back(std::move(member));
  if (type == DT_DIR) folders->push_back(path + "/");
  return Status();
}

// A folder that is its own ancestor can only be reached through a link.
Status Walker::enter(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return failed("inspect", path, errno);
  const std::pair<dev_t, ino_t> identity(status.st_dev, status.st_ino);
  if (std::find(ancestors_.begin(), ancestors_.end(), identity) != ancestors_.end()) {
    return Status(Fault::kBadPack, quoted(path) + ": a symbolic link to a folder around it");
  }
  ancestors_.push_back(identity);
  return Status();
}

Status Walker::visit(const std::string& relative) {
  const std::string path = root_ + "/" + relative;
  FASTPASS_RETURN_IF_ERROR(enter(path));
  std::vector<std::string> folders;
  {
    const Directory directory(::opendir(path.c_str()));
    if (!directory) return failed("open", path, errno);
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
      FASTPASS_RETURN_IF_ERROR(handle(relative, *entry, &folders));
      errno = 0;
    }
    if (errno != 0) return failed("list", path, errno);
  }
  for (const std::string& folder : folders) FASTPASS_RETURN_IF_ERROR(visit(folder));
  ancestors_.pop_back();
  return Status();
}

}  // namespace

Status walk_folder(const std::string& root, std::vector<Member>* members) {
  members->clear();
  FASTPASS_RETURN_IF_ERROR(Walker(root, members).visit(""));
  std::sort(members->begin(), members->end(),
            [](const Member& a, const Member& b) { return a.path < b.path; });
  return Status();
}

}  // namespace fastpass
