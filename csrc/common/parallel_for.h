// Independent items on a few threads, for calls that return when all is done.
#pragma once

#include <cstdint>
#include <functional>

namespace fastpass {

// Calls body(index, thread_index) once for every index in [0, count), on at most num_threads
// threads (the caller's among them); thread_index is in [0, num_threads). What body throws is
// thrown here, once all threads have stopped.
void parallel_for(std::int64_t count, int num_threads,
                  const std::function<void(std::int64_t index, int thread_index)>& body);

// The processors this process may run on (its affinity mask, not the machine's total); >= 1.
int available_processors();

}  // namespace fastpass
