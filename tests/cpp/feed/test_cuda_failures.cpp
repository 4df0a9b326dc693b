// Batches on a CUDA runtime that needs no GPU (fake_cuda.h), with every call failing once: no batch
// writes over memory that an earlier one has still to copy, and the batches after it are whole.
#include <cuda_runtime.h>

#include <memory>
#include <vector>

#include "augment/gpu/gpu_passes.h"
#include "common/gpu/fence.h"
#include "decode/gpu/gpu_passes.h"
#include "feed/gpu_batch.h"
#include "feed/gpu_slot.h"
#include "support/check.h"
#include "support/fake_cuda/fake_cuda.h"
#include "support/made_jpeg.h"

namespace fastpass {
namespace {

using Bytes = std::vector<std::uint8_t>;

// The kernels of the GPU, of which none runs here; each image is then given up where a test wants
// it.
class GivingUp : public DecodeKernels {
 public:
  explicit GivingUp(bool gives_up) : gives_up_(gives_up), kernels_(make_cuda_decode_kernels(0)) {}

  Status run(const DecodePasses& passes, Stream stream) override {
    FASTPASS_RETURN_IF_ERROR(kernels_->run(passes, stream));
    if (!gives_up_) return {};
    fake_cuda::run_all();  // what is on the GPU tells where the flags are
    for (int image = 0; image < passes.color.num_tasks; ++image) {
      *passes.color.images[image].given_up = 1;
    }
    return {};
  }

 private:
  const bool gives_up_;
  const std::unique_ptr<DecodeKernels> kernels_;
};

std::shared_ptr<Gpu> make_gpu(bool gives_up) {
  auto gpu = std::make_shared<Gpu>();
  CHECK(make_cuda_device(0, &gpu->device).ok());
  gpu->name = "fake";
  gpu->decode = std::make_unique<GivingUp>(gives_up);
  gpu->render = make_cuda_render_kernels(0);
  return gpu;
}

struct Fixture {
  explicit Fixture(bool gives_up) : gpu(make_gpu(gives_up)) {
    ViewSpec spec;
    spec.size = 24;
    spec.jitter_probability = spec.blur_probability = 1.0f;
    spec.brightness = spec.contrast = 0.4f;
    options.views = {spec};
    for (unsigned int seed = 1; seed <= 6; ++seed) {
      fastpass_test::MadeJpeg made;
      made.seed = seed;
      made.is_progressive = seed % 3 == 0;
      files.push_back(fastpass_test::make_jpeg(made));
    }
    BatchLayout layout;
    layout.batch_size = 3;
    layout.view_sizes = {24};
    layout.format = format;
    CHECK(slot.allocate(layout).ok());
    CHECK(batch.open().ok());
    batch.reserve(3);
    CHECK(gpu->device->make_stream(&consumer).ok());
  }
  ~Fixture() { gpu->device->free_stream(consumer); }

  // As the loader makes a batch: of the files from `first` on.
  Status make(std::size_t first) {
    is_written = false;
    const ForeignDecoder no_foreign;
    const WholeImageDecoder whole = {nullptr, &no_foreign, nullptr};
    for (std::size_t place = 0; place < 3; ++place) {
      GpuSample& sample = batch.sample(place);
      const Bytes& file = files[first + place];
      Draws draws;
      draws.key.sample_id = first + place;
      FASTPASS_RETURN_IF_ERROR(
          plan_sample({file.data(), file.size()}, {}, draws, options, whole, &sample.plan));
      FASTPASS_RETURN_IF_ERROR(GpuBatch::plan_image(&planner, &sample));
    }
    FASTPASS_RETURN_IF_ERROR(batch.queue_decoding({0, 1, 2}));
    std::vector<Status> statuses(3);
    FASTPASS_RETURN_IF_ERROR(batch.finish_decoding("auto", &statuses));
    FASTPASS_RETURN_IF_ERROR(slot.begin_writing(batch.stream()));
    is_written = true;
    const Status status = batch.queue_views({0, 1, 2}, options.views, format, slot.views);
    FASTPASS_RETURN_IF_ERROR(slot.end_writing(status, batch.stream()));
    FASTPASS_RETURN_IF_ERROR(slot.hand_out(consumer));
    slot.release();
    return {};
  }

  std::shared_ptr<Gpu> gpu;
  SampleOptions options;
  ViewFormat format;
  std::vector<Bytes> files;
  ImagePlanner planner;
  GpuBatch batch{gpu};
  GpuSlot slot{gpu};
  Stream consumer = nullptr;
  bool is_written = false;  // make() came so far
};

// Whether what another stream would write into the slot now comes after what was queued before.
bool is_slot_safe(Fixture* fixture) {
  Device& device = *fixture->gpu->device;
  Stream other = nullptr;
  Fence fence(&device);
  CHECK(device.make_stream(&other).ok() && fence.open().ok());
  CHECK(fixture->slot.begin_writing(other).ok());
  CHECK(fence.close({}, other).ok() && fence.wait().ok());
  device.free_stream(other);
  return !fake_cuda::is_busy(fixture->batch.stream());
}

void test_every_call_fails_once() {
  for (const bool gives_up : {false, true}) {
    fake_cuda::reset();
    Fixture fixture(gives_up);
    // Memory grows once, so that nothing waits for the device by chance below.
    CHECK(fixture.make(0).ok() && fixture.make(3).ok() && fixture.make(0).ok());
    const int num_waits = fake_cuda::num_device_waits();
    CHECK(fixture.make(3).ok() && fake_cuda::num_device_waits() == num_waits);
    int num_failed = 0;
    for (int n = 1;; ++n) {
      fake_cuda::fail_at(n);
      const Status status = fixture.make(0);
      if (!fake_cuda::fail_at(0)) break;
      ++num_failed;
      CHECK(!fixture.is_written || is_slot_safe(&fixture));
      // release() has no way to tell: it has waited instead.
      CHECK(!status.ok() || !fake_cuda::is_busy(fixture.batch.stream()));
      CHECK(cudaGetLastError() == cudaSuccess);
      CHECK(fixture.make(3).ok());
      CHECK(fixture.make(0).ok());
      CHECK(fake_cuda::num_torn_copies() == 0);
    }
    CHECK(num_failed > 15);
  }
}

// Pixels of the CPU are on their way when a batch gets no views, as after a failed wait for its
// slot.
void test_a_batch_without_views() {
  fake_cuda::reset();
  Fixture fixture(true);
  CHECK(fixture.make(0).ok() && fixture.make(3).ok());
  CHECK(fixture.batch.queue_decoding({0, 1, 2}).ok());
  std::vector<Status> statuses(3);
  CHECK(fixture.batch.finish_decoding("auto", &statuses).ok());
  CHECK(fake_cuda::is_busy(fixture.batch.stream()));
  CHECK(fixture.batch.queue_decoding({}).ok());
  CHECK(!fake_cuda::is_busy(fixture.batch.stream()));
}

// The consumer's stream goes before the batch that was read on it.
void test_a_consumer_that_is_gone() {
  fake_cuda::reset();
  Fixture fixture(false);
  CHECK(fixture.make(0).ok());
  Stream gone = nullptr;
  CHECK(fixture.gpu->device->make_stream(&gone).ok());
  CHECK(fixture.slot.hand_out(gone).ok());
  fixture.gpu->device->free_stream(gone);
  CHECK(fake_cuda::is_busy(fixture.batch.stream()));
  fixture.slot.release();
  CHECK(!fake_cuda::is_busy(fixture.batch.stream()));
  CHECK(cudaGetLastError() == cudaSuccess);
  CHECK(fixture.make(3).ok());
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_every_call_fails_once();
  fastpass::test_a_batch_without_views();
  fastpass::test_a_consumer_that_is_gone();
  return RESULT();
}
