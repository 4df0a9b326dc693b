#include "request_arguments.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <stdexcept>

namespace fastpass_dali {
namespace {

std::mutex mutex;

std::map<std::string, std::string>& published() {
  static auto* recipes = new std::map<std::string, std::string>();
  return *recipes;
}

int count_of(const std::string& text, const char* wanted) {
  int count = 0;
  for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

std::string decode_request(const dali::OpSpec& spec) {
  const auto text = [&](const char* name) {
    return std::string(name) + " " + spec.GetArgument<std::string>(name) + "\n";
  };
  const auto number = [&](const char* name) {
    return std::string(name) + " " + std::to_string(spec.GetArgument<std::int64_t>(name)) + "\n";
  };
  return text("on_damage") + text("orientation") + number("max_pixels") + number("max_scan_blocks");
}

std::string recipe_views(const std::string& value) {
  if (value.rfind("view\n", 0) == 0) return value;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = published().find(value);
  if (found != published().end()) return found->second;
  std::string known;
  for (const auto& [name, views] : published()) known += (known.empty() ? "" : ", ") + name;
  throw std::invalid_argument("fastpass.BadArgument: recipe = \"" + value.substr(0, 80) +
                              "\", wanted one of " + known +
                              ", or what fastpass.feed.dali.recipe() returned");
}

int count_views(const std::string& views) { return 1 + count_of(views, "\nview\n"); }

int count_op_outputs(const std::string& views) { return count_of(views, "\noutput "); }

}  // namespace fastpass_dali

extern "C" __attribute__((visibility("default"))) void fastpass_dali_define_recipe(
    const char* name, const char* views) {
  const std::lock_guard<std::mutex> lock(fastpass_dali::mutex);
  fastpass_dali::published()[name] = views;
}

namespace dali {

DALI_SCHEMA(fastpass__Request)
    .DocStr("What all operators of fastpass are asked.")
    .AddOptionalArg("on_damage", R"("raise": damaged image data are a fault. "fill": what cannot be
decoded is filled in as Pillow does it.)",
                    std::string("raise"))
    .AddOptionalArg("orientation",
                    R"("apply": images are turned as their EXIF orientation asks; "ignore".)",
                    std::string("ignore"))
    .AddOptionalArg<int64_t>("max_pixels",
                             "Images that declare more are refused before memory is taken.",
                             178956970)
    .AddOptionalArg<int64_t>("max_scan_blocks",
                             "As for fastpass.decode_jpeg: limits the work of many scans.",
                             int64_t{1} << 24);

}  // namespace dali
