// Which process made an object with threads: after fork() the child has the object, but not the
// threads, and a lock that one of them held stays locked.
#pragma once

#include <unistd.h>

#include <string>

#include "common/status.h"

namespace fastpass {

class OwnerProcess {
 public:
  // False in a process that was forked since: the object must not be touched there, not even to
  // destroy it.
  bool is_here() const { return ::getpid() == pid_; }

  // kClosed where it is not here; `what`: "loader".
  Status check(const std::string& what) const {
    if (is_here()) return {};
    return {Fault::kClosed, "this " + what + " was opened in process " + std::to_string(pid_) +
                                ", and this is process " + std::to_string(::getpid()) +
                                ", a fork of it without its threads: open a new one here, or "
                                "start the process by \"spawn\" or \"forkserver\""};
  }

 private:
  const pid_t pid_ = ::getpid();
};

}  // namespace fastpass
