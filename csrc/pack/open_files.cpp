#include "pack/open_files.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "common/quote.h"

namespace fastpass {

std::shared_ptr<const File> OpenFiles::find(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->file;
}

// What another thread has put there in the meantime wins, so that a path has one descriptor.
std::shared_ptr<const File> OpenFiles::keep(const std::string& path,
                                            std::shared_ptr<const File> file) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = by_path_.find(path);
  if (found != by_path_.end()) return found->second->file;
  entries_.push_front({path, std::move(file)});
  by_path_[path] = entries_.begin();
  if (entries_.size() > capacity_) {
    by_path_.erase(entries_.back().path);
    entries_.pop_back();
  }
  return entries_.front().file;
}

void OpenFiles::forget_all() {
  std::list<Entry> forgotten;  // closed without the lock
  const std::lock_guard<std::mutex> lock(mutex_);
  by_path_.clear();
  forgotten.swap(entries_);
}

std::size_t OpenFiles::sensible_capacity() {
  constexpr rlim_t kMost = 128;  // reading touches few shards at a time
  struct rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMost;
  return static_cast<std::size_t>(std::max<rlim_t>(1, std::min(kMost, limit.rlim_cur / 4)));
}

// Opened outside the lock: a slow server must not stop the threads that need no file opened.
Status OpenFiles::get(const std::string& path, const FileState& state,
                      std::shared_ptr<const File>* file) {
  *file = find(path);
  if (*file != nullptr) return Status();
  auto opened = std::make_shared<File>();
  if (!opened->open(path).ok()) {
    // Where the process has too many open files, ours are the first to go.
    forget_all();
    opened = std::make_shared<File>();
    FASTPASS_RETURN_IF_ERROR(opened->open(path));
  }
  FileState now;
  FASTPASS_RETURN_IF_ERROR(opened->read_state(&now));
  if (now.device != state.device || now.inode != state.inode) {
    return Status(Fault::kStalePack,
                  quoted(path) + " was replaced by another file while the pack was open");
  }
  *file = keep(path, std::move(opened));
  return Status();
}

}  // namespace fastpass
