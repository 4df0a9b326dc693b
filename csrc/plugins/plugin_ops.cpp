#include "plugins/plugin_ops.h"

#include <map>
#include <mutex>
#include <utility>

namespace fastpass {
namespace {

struct Ops {
  std::mutex mutex;
  std::map<std::string, ViewOp, std::less<>> named;
};

// Never freed: threads of a plug-in may outlive what is destroyed when the process ends.
Ops& plugin_ops() {
  static Ops& ops = *new Ops();
  return ops;
}

}  // namespace

void define_plugin_op(const std::string& name, ViewOp op) {
  Ops& ops = plugin_ops();
  const std::lock_guard<std::mutex> lock(ops.mutex);
  ops.named.emplace(name, std::move(op));
}

bool find_plugin_op(std::string_view name, ViewOp* op) {
  Ops& ops = plugin_ops();
  const std::lock_guard<std::mutex> lock(ops.mutex);
  const auto found = ops.named.find(name);
  if (found == ops.named.end()) return false;
  *op = found->second;
  return true;
}

}  // namespace fastpass
