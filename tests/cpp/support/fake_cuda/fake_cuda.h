// A CUDA runtime without a GPU, as unkind as the rules allow: what is queued runs when somebody has
// waited for it and not before; errors stay a thread's last error until it is asked for; the first
// call that needs a device opens a context there; a launch needs the device of its stream.
#pragma once

#include <cstddef>

namespace fake_cuda {

constexpr int kNumDevices = 2;

// Before each test: nothing queued, no contexts, no errors, counts at zero.
void reset();

// The n-th call from now on that queues or allocates something fails, and is not done; n = 1 is the
// next. 0: none does. Returns whether the one asked for before has failed.
bool fail_at(int n);

// The calls that fail_at() counts.
int num_calls();
bool has_context(int device);
// Waits for all that a device has queued: cudaFree, cudaFreeHost, cudaDeviceSynchronize.
int num_device_waits();
// Copies whose source was written between the call and the copy.
int num_torn_copies();
int num_launches();
int num_attribute_calls();
// Whether a copy, a clearing or a kernel is still queued on this stream.
bool is_busy(void* stream);
// Runs what is queued anywhere.
void run_all();

}  // namespace fake_cuda
