// A batch in the memory of the host.
#pragma once

#include <cstdlib>
#include <memory>
#include <vector>

#include "feed/slot.h"

namespace fastpass {

struct HostSlot : BatchSlot {
  struct Free {
    void operator()(std::uint8_t* memory) const { std::free(memory); }
  };
  std::vector<std::unique_ptr<std::uint8_t, Free>> memory;
};

// A SlotFactory.
Status make_host_slot(const BatchLayout& layout, std::unique_ptr<BatchSlot>* slot);

}  // namespace fastpass
