// Descriptors of shards that are read by position, the most recently used of them kept open.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "common/status.h"
#include "pack/file.h"

namespace fastpass {

// A pack may have more shards than a process may have descriptors, and opening a file anew for
// every sample is slow on network storage. Safe from any thread.
class OpenFiles {
 public:
  explicit OpenFiles(std::size_t capacity) : capacity_(capacity) {}

  // As many descriptors as a pack should hold open: few of those that the process may have.
  static std::size_t sensible_capacity();

  // The file at `path`, which must still be the one of `state` (kStalePack): it stays open at
  // least as long as the caller holds it.
  Status get(const std::string& path, const FileState& state, std::shared_ptr<const File>* file);

 private:
  struct Entry {
    std::string path;
    std::shared_ptr<const File> file;
  };

  std::shared_ptr<const File> find(const std::string& path);
  void forget_all();
  std::shared_ptr<const File> keep(const std::string& path, std::shared_ptr<const File> file);

  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // the last used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_path_;
};

}  // namespace fastpass
