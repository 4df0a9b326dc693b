#include "plugins/request.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "augment/check.h"

namespace fastpass {
namespace {

constexpr std::size_t kMostViews = std::size_t{1} << 16;  // DrawKey::view_id has 16 bits

template <typename Number>
bool read_number(std::string_view text, Number* number) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc() && stopped == end;
}

// Three numbers with a space between them.
bool read_channels(std::string_view text, float* values) {
  for (int channel = 0; channel < 3; ++channel) {
    const std::size_t end = channel < 2 ? text.find(' ') : text.size();
    double value = 0;
    if (end == std::string_view::npos || !read_number(text.substr(0, end), &value)) return false;
    values[channel] = static_cast<float>(value);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

// The enumerator whose place in `words` is that of `text`.
template <typename Enum>
bool read_word(std::string_view text, const std::vector<std::string_view>& words, Enum* value) {
  const auto found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) return false;
  *value = static_cast<Enum>(found - words.begin());
  return true;
}

struct IntegerField {
  std::string_view name;
  std::int32_t ViewSpec::* member;
};
constexpr IntegerField kIntegers[] = {
    {"size", &ViewSpec::size},
    {"resize", &ViewSpec::resize},
    {"blur_kernel_size", &ViewSpec::blur_kernel_size},
    {"solarize_threshold", &ViewSpec::solarize_threshold},
};

struct DoubleField {
  std::string_view name;
  double ViewSpec::* member;
};
constexpr DoubleField kDoubles[] = {
    {"scale_min", &ViewSpec::scale_min},
    {"scale_max", &ViewSpec::scale_max},
    {"ratio_min", &ViewSpec::ratio_min},
    {"ratio_max", &ViewSpec::ratio_max},
    {"flip_probability", &ViewSpec::flip_probability},
    {"jitter_probability", &ViewSpec::jitter_probability},
    {"brightness", &ViewSpec::brightness},
    {"contrast", &ViewSpec::contrast},
    {"saturation", &ViewSpec::saturation},
    {"hue", &ViewSpec::hue},
    {"grayscale_probability", &ViewSpec::grayscale_probability},
    {"blur_probability", &ViewSpec::blur_probability},
    {"blur_sigma_min", &ViewSpec::blur_sigma_min},
    {"blur_sigma_max", &ViewSpec::blur_sigma_max},
    {"solarize_probability", &ViewSpec::solarize_probability},
};

bool set_field(std::string_view name, std::string_view value, ViewSpec* spec) {
  for (const IntegerField& field : kIntegers) {
    if (field.name == name) return read_number(value, &(spec->*field.member));
  }
  for (const DoubleField& field : kDoubles) {
    if (field.name == name) return read_number(value, &(spec->*field.member));
  }
  if (name == "crop") return read_word(value, {"random", "center"}, &spec->crop);
  if (name == "interpolation") {
    return read_word(value, {"bilinear", "bicubic"}, &spec->interpolation);
  }
  if (name == "blur_kind") return read_word(value, {"pillow", "gaussian"}, &spec->blur_kind);
  if (name == "blur_border") return read_word(value, {"reflect", "zero"}, &spec->blur_border);
  if (name == "mean") return read_channels(value, spec->mean);
  if (name == "std") return read_channels(value, spec->std);
  return false;
}

bool set_option(std::string_view name, std::string_view value, Request* request) {
  DecodeOptions& decode = request->sample.decode;
  ViewFormat& format = request->format;
  if (name == "mode") return read_word(value, {"exact", "fast"}, &request->sample.may_scale);
  if (name == "on_damage") return read_word(value, {"raise", "fill"}, &decode.on_damage);
  if (name == "orientation") {
    return read_word(value, {"ignore", "apply"}, &decode.applies_orientation);
  }
  if (name == "max_pixels") return read_number(value, &decode.max_pixels);
  if (name == "max_scan_blocks") return read_number(value, &decode.max_scan_blocks);
  if (name == "normalize") return read_word(value, {"0", "1"}, &format.normalize);
  if (name == "dtype") {
    return read_word(value, {"uint8", "float16", "bfloat16", "float32"}, &format.dtype);
  }
  if (name == "memory_format") {
    return read_word(value, {"contiguous", "channels_last"}, &format.memory_format);
  }
  return false;
}

bool read_setting(std::string_view name, std::string_view value, Request* request) {
  if (request->sample.views.empty()) return set_option(name, value, request);
  if (name != "output") return set_field(name, value, &request->sample.views.back());
  request->op_outputs.emplace_back();
  return read_output(value, &request->op_outputs.back());
}

Status read_line(std::string_view line, Request* request) {
  std::vector<ViewSpec>& views = request->sample.views;
  if (line == "view") {
    views.emplace_back();
    return {};
  }
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view name = line.substr(0, space);
  const std::string_view value = line.substr(std::min(space + 1, line.size()));
  if (name == "op" && !views.empty()) return read_op(value, &request->sample);
  const bool is_read = read_setting(name, value, request);
  if (is_read) return {};
  return {Fault::kBadArgument, "the request has the line \"" + std::string(line.substr(0, 80)) +
                                   "\", which is no setting or has no value of its kind"};
}

}  // namespace

Status read_request(std::string_view text, Request* request) {
  *request = Request();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) FASTPASS_RETURN_IF_ERROR(read_line(text.substr(0, end), request));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const std::vector<ViewSpec>& views = request->sample.views;
  if (views.size() > kMostViews) {
    return {Fault::kBadArgument,
            std::to_string(views.size()) + " views, wanted at most " + std::to_string(kMostViews)};
  }
  for (const ViewSpec& spec : views) FASTPASS_RETURN_IF_ERROR(check_spec(spec));
  if (request->sample.decode.max_pixels < 1 || request->sample.decode.max_scan_blocks < 1) {
    return {Fault::kBadArgument, "max_pixels and max_scan_blocks must be at least 1"};
  }
  return check_ops(request->sample, request->op_outputs, request->format.dtype == Dtype::kUint8);
}

}  // namespace fastpass
