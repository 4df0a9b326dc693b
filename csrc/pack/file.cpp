#include "pack/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "common/quote.h"

namespace fastpass {
namespace {

Status read_failed(const std::string& action, const std::string& path, int error) {
  return Status(Fault::kReadFailed, "cannot " + action + " " + quoted(path) + ": " +
                                        std::generic_category().message(error));
}

FileState state_of(const struct stat& status) {
  FileState state;
  state.num_bytes = static_cast<std::uint64_t>(status.st_size);
  state.mtime_ns = std::int64_t{status.st_mtim.tv_sec} * 1000000000 + status.st_mtim.tv_nsec;
  state.device = status.st_dev;
  state.inode = status.st_ino;
  return state;
}

// Note [Reading ahead]. One call makes Linux read no more than the device's read-ahead size, by
// default 128 KiB, and forget the rest without a word; so longer wishes are cut. In a warm cache a
// call for a photo of 110 kB takes 3 microseconds, against about 2,000 for decoding it and making
// its views. To ask first what is in memory (mincore) takes 20, and is not done.
constexpr std::uint64_t kReadAheadBytes = 128 << 10;

template <typename Advise>
void advise_in_parts(std::uint64_t offset, std::uint64_t num_bytes, Advise advise) {
  static const auto kPageBytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t end = offset + num_bytes;
  for (std::uint64_t at = offset / kPageBytes * kPageBytes; at < end; at += kReadAheadBytes) {
    advise(at, std::min(kReadAheadBytes, end - at));
  }
}

}  // namespace

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status File::open(const std::string& path) {
  path_ = path;
  // O_NONBLOCK: a named pipe in a folder must not hang us; it means nothing for regular files.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) return read_failed("open", path, errno);
  struct stat status;
  if (::fstat(descriptor_, &status) != 0) return read_failed("inspect", path, errno);
  if (S_ISREG(status.st_mode)) return Status();
  return Status(Fault::kReadFailed, "cannot read " + quoted(path) + ": it is no regular file");
}

Status File::read_state(FileState* state) const {
  struct stat status;
  if (::fstat(descriptor_, &status) != 0) return read_failed("inspect", path_, errno);
  *state = state_of(status);
  return Status();
}

Status File::read(std::uint64_t offset, void* out, std::size_t num_bytes) const {
  auto* to = static_cast<std::uint8_t*>(out);
  while (num_bytes > 0) {
    const ssize_t got = ::pread(descriptor_, to, num_bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return read_failed("read", path_, errno);
    if (got == 0) {
      return Status(Fault::kReadFailed, "cannot read " + quoted(path_) + ": it ends too early",
                    static_cast<std::int64_t>(offset));
    }
    to += got;
    offset += static_cast<std::uint64_t>(got);
    num_bytes -= static_cast<std::size_t>(got);
  }
  return Status();
}

void File::will_need(std::uint64_t offset, std::uint64_t num_bytes) const {
  advise_in_parts(offset, num_bytes, [this](std::uint64_t at, std::uint64_t count) {
    // No error matters: a file system that cannot read ahead reads later.
    static_cast<void>(::posix_fadvise(descriptor_, static_cast<off_t>(at),
                                      static_cast<off_t>(count), POSIX_FADV_WILLNEED));
  });
}

MappedFile::~MappedFile() {
  if (span_.data != nullptr) ::munmap(const_cast<std::uint8_t*>(span_.data), span_.size);
}

Status MappedFile::open(const std::string& path) {
  File file;
  FASTPASS_RETURN_IF_ERROR(file.open(path));
  FASTPASS_RETURN_IF_ERROR(file.read_state(&state_));
  path_ = path;
  if (state_.num_bytes == 0) return Status();  // mmap refuses length 0
  const std::size_t num_bytes = static_cast<std::size_t>(state_.num_bytes);
  void* mapping = ::mmap(nullptr, num_bytes, PROT_READ, MAP_SHARED, file.descriptor(), 0);
  if (mapping == MAP_FAILED) return read_failed("map", path, errno);
  span_ = {static_cast<const std::uint8_t*>(mapping), num_bytes};
  return Status();
}

Status MappedFile::check_length() const {
  // By path, not descriptor: packs of thousands of shards must not use up the descriptors. A path
  // that is gone or names another file by now leaves our mapping whole.
  struct stat status;
  if (::stat(path_.c_str(), &status) != 0) return Status();
  const FileState now = state_of(status);
  const bool is_same_file = now.device == state_.device && now.inode == state_.inode;
  if (!is_same_file || now.num_bytes >= state_.num_bytes) return Status();
  return Status(Fault::kReadFailed, quoted(path_) + " was shortened while it was open, from " +
                                        std::to_string(state_.num_bytes) + " to " +
                                        std::to_string(now.num_bytes) + " bytes");
}

void MappedFile::will_need(std::uint64_t offset, std::uint64_t num_bytes) const {
  advise_in_parts(offset, num_bytes, [this](std::uint64_t at, std::uint64_t count) {
    static_cast<void>(::madvise(const_cast<std::uint8_t*>(span_.data) + at, count, MADV_WILLNEED));
  });
}

bool file_exists(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0;
}

Status state_of_file(const std::string& path, FileState* state) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return read_failed("inspect", path, errno);
  *state = state_of(status);
  return Status();
}

namespace {

// 0 or the errno of the first step that failed.
int write_all(int descriptor, Span content) {
  while (content.size > 0) {
    const ssize_t put = ::write(descriptor, content.data, content.size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    content.data += put;
    content.size -= static_cast<std::size_t>(put);
  }
  return ::fsync(descriptor) == 0 ? 0 : errno;
}

int write_file(const std::string& path, Span content) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return errno;
  const int write_error = write_all(descriptor, content);
  const int close_error = ::close(descriptor) == 0 ? 0 : errno;
  const int error = write_error != 0 ? write_error : close_error;
  if (error != 0) ::unlink(path.c_str());
  return error;
}

// The rename itself must survive a power cut.
int sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return error == EINVAL ? 0 : error;  // some network file systems cannot sync a folder
}

}  // namespace

Status write_atomically(const std::string& path, Span content) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::string temporary = (slash == std::string::npos ? "" : folder) + "." + name + "." +
                                std::to_string(::getpid()) + ".tmp";
  ::unlink(temporary.c_str());  // of a killed process that had our process id
  int error = write_file(temporary, content);
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) {
    error = errno;
    ::unlink(temporary.c_str());
  }
  if (error == 0) error = sync_folder(folder);
  if (error == 0) return Status();
  return Status(Fault::kWriteFailed,
                "cannot write " + quoted(path) + ": " + std::generic_category().message(error));
}

}  // namespace fastpass
