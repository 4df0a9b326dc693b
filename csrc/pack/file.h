// Files as the pack sees them: read by position, mapped, or replaced in one step.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/status.h"
#include "common/view.h"

namespace fastpass {

// What tells one state of a file from another.
struct FileState {
  std::uint64_t num_bytes = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t device = 0, inode = 0;
};

class File {
 public:
  File() = default;
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Regular files only; anything else is a kReadFailed that names the path.
  Status open(const std::string& path);
  Status read_state(FileState* state) const;
  // All `num_bytes` of them; a file that ends before is a kReadFailed. Safe from any thread.
  Status read(std::uint64_t offset, void* out, std::size_t num_bytes) const;
  // Has the system read them ahead, without waiting.
  void will_need(std::uint64_t offset, std::uint64_t num_bytes) const;
  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int descriptor_ = -1;
};

// A whole file, mapped shared and read-only; unmapped with the object.
class MappedFile {
 public:
  MappedFile() = default;
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  Status open(const std::string& path);
  Span span() const { return span_; }
  const FileState& state() const { return state_; }
  // Reading a page behind the end of a file that shrank kills the process (SIGBUS), so every
  // fetch asks first. A file truncated between the question and the read is not caught.
  Status check_length() const;
  // Has the system read these bytes ahead, without waiting; also for readers by descriptor, as
  // both find them in the page cache. Safe where the file shrank.
  void will_need(std::uint64_t offset, std::uint64_t num_bytes) const;

 private:
  std::string path_;
  FileState state_;
  Span span_;
};

bool file_exists(const std::string& path);

// Of the file behind `path`, without opening it.
Status state_of_file(const std::string& path, FileState* state);

// `path` holds either its old content or all of the new: temporary file beside it, fsync, rename,
// fsync of the folder. On kWriteFailed the temporary file is gone again.
Status write_atomically(const std::string& path, Span content);

}  // namespace fastpass
