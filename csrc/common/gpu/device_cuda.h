// A CUDA GPU as a Device.
#pragma once

#include <memory>

#include "common/gpu/device.h"

namespace fastpass {

// kDeviceFailed where there is no GPU of that ordinal.
Status make_cuda_device(int ordinal, std::unique_ptr<Device>* device);

}  // namespace fastpass
