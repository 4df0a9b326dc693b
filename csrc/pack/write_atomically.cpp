#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/quote.h"
#include "pack/file.h"

namespace fastpass {
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
