#include "common/parallel_for.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace fastpass {

void parallel_for(std::int64_t count, int num_threads,
                  const std::function<void(std::int64_t, int)>& body) {
  std::atomic<std::int64_t> next_index{0};
  std::mutex failure_mutex;
  std::exception_ptr failure;
  const auto work = [&](int thread_index) {
    try {
      for (std::int64_t index; (index = next_index.fetch_add(1)) < count;) {
        body(index, thread_index);
      }
    } catch (...) {
      next_index = count;
      const std::lock_guard<std::mutex> lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  const int num_helpers = static_cast<int>(std::min<std::int64_t>(
                              std::max(num_threads, 1), std::max<std::int64_t>(count, 1))) -
                          1;
  std::vector<std::thread> helpers;
  helpers.reserve(static_cast<std::size_t>(num_helpers));
  try {
    for (int i = 0; i < num_helpers; ++i) helpers.emplace_back(work, i + 1);
  } catch (const std::system_error&) {
    // The system grants no more threads: those that have started do the work.
  }
  work(0);
  for (std::thread& helper : helpers) helper.join();
  if (failure) std::rethrow_exception(failure);
}

int available_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  return std::max(1, CPU_COUNT(&allowed));
}

}  // namespace fastpass
