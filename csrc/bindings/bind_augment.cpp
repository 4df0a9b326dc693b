#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "augment/cpu/view_routines.h"
#include "augment/draw_view.h"
#include "bindings/raise.h"
#include "bindings/register.h"
#include "common/rng.h"

namespace fastpass {
namespace {

namespace py = pybind11;

constexpr std::array<const char*, 2> kInterpolationNames = {"bilinear", "bicubic"};
constexpr std::array<const char*, 2> kCropNames = {"random", "center"};
constexpr std::array<const char*, 2> kBlurKindNames = {"pillow", "gaussian"};
constexpr std::array<const char*, 2> kBlurBorderNames = {"reflect", "zero"};
constexpr std::array<const char*, 4> kJitterOpNames = {"brightness", "contrast", "saturation",
                                                       "hue"};

// The enumerator whose place in `names` is that of `name`.
template <typename Enum, std::size_t count>
Enum from_name(const std::array<const char*, count>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    raise_if_error(Status(Fault::kBadArgument, "'" + name + "' is none of the known names"));
  }
  return static_cast<Enum>(found - names.begin());
}

template <std::size_t count, typename Enum>
const char* to_name(const std::array<const char*, count>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

void bind_view_spec(py::module_& module) {
  py::class_<ViewSpec> spec(module, "ViewSpec");
  spec.def(py::init<>())
      .def_readwrite("size", &ViewSpec::size)
      .def_readwrite("resize", &ViewSpec::resize)
      .def_readwrite("scale_min", &ViewSpec::scale_min)
      .def_readwrite("scale_max", &ViewSpec::scale_max)
      .def_readwrite("ratio_min", &ViewSpec::ratio_min)
      .def_readwrite("ratio_max", &ViewSpec::ratio_max)
      .def_readwrite("flip_probability", &ViewSpec::flip_probability)
      .def_readwrite("jitter_probability", &ViewSpec::jitter_probability)
      .def_readwrite("brightness", &ViewSpec::brightness)
      .def_readwrite("contrast", &ViewSpec::contrast)
      .def_readwrite("saturation", &ViewSpec::saturation)
      .def_readwrite("hue", &ViewSpec::hue)
      .def_readwrite("grayscale_probability", &ViewSpec::grayscale_probability)
      .def_readwrite("blur_probability", &ViewSpec::blur_probability)
      .def_readwrite("blur_sigma_min", &ViewSpec::blur_sigma_min)
      .def_readwrite("blur_sigma_max", &ViewSpec::blur_sigma_max)
      .def_readwrite("blur_kernel_size", &ViewSpec::blur_kernel_size)
      .def_readwrite("solarize_probability", &ViewSpec::solarize_probability)
      .def_readwrite("solarize_threshold", &ViewSpec::solarize_threshold);
  spec.def_property(
      "crop", [](const ViewSpec& self) { return to_name(kCropNames, self.crop); },
      [](ViewSpec& self, const std::string& name) {
        self.crop = from_name<CropKind>(kCropNames, name);
      });
  spec.def_property(
      "interpolation",
      [](const ViewSpec& self) { return to_name(kInterpolationNames, self.interpolation); },
      [](ViewSpec& self, const std::string& name) {
        self.interpolation = from_name<Interpolation>(kInterpolationNames, name);
      });
  spec.def_property(
      "blur_kind", [](const ViewSpec& self) { return to_name(kBlurKindNames, self.blur_kind); },
      [](ViewSpec& self, const std::string& name) {
        self.blur_kind = from_name<BlurKind>(kBlurKindNames, name);
      });
  spec.def_property(
      "blur_border",
      [](const ViewSpec& self) { return to_name(kBlurBorderNames, self.blur_border); },
      [](ViewSpec& self, const std::string& name) {
        self.blur_border = from_name<BlurBorder>(kBlurBorderNames, name);
      });
  spec.def_property(
      "mean", [](const ViewSpec& self) { return std::vector<float>(self.mean, self.mean + 3); },
      [](ViewSpec& self, const std::array<float, 3>& mean) {
        std::copy(mean.begin(), mean.end(), self.mean);
      });
  spec.def_property(
      "std", [](const ViewSpec& self) { return std::vector<float>(self.std, self.std + 3); },
      [](ViewSpec& self, const std::array<float, 3>& std_) {
        std::copy(std_.begin(), std_.end(), self.std);
      });
}

std::array<std::string, 4> jitter_order_names(const ViewParams& params) {
  std::array<std::string, 4> names;
  std::transform(params.jitter_order, params.jitter_order + 4, names.begin(),
                 [](JitterOp op) { return to_name(kJitterOpNames, op); });
  return names;
}

void bind_view_params(py::module_& module) {
  py::class_<ViewParams>(module, "ViewParams")
      .def(py::init<>())
      .def_readwrite("top", &ViewParams::top)
      .def_readwrite("left", &ViewParams::left)
      .def_readwrite("height", &ViewParams::height)
      .def_readwrite("width", &ViewParams::width)
      .def_readwrite("resized_height", &ViewParams::resized_height)
      .def_readwrite("resized_width", &ViewParams::resized_width)
      .def_readwrite("window_top", &ViewParams::window_top)
      .def_readwrite("window_left", &ViewParams::window_left)
      .def_readwrite("is_flipped", &ViewParams::is_flipped)
      .def_readwrite("has_jitter", &ViewParams::has_jitter)
      .def_property("jitter_order", &jitter_order_names,
                    [](ViewParams& self, const std::array<std::string, 4>& names) {
                      std::transform(names.begin(), names.end(), self.jitter_order,
                                     [](const std::string& name) {
                                       return from_name<JitterOp>(kJitterOpNames, name);
                                     });
                    })
      .def_readwrite("brightness", &ViewParams::brightness)
      .def_readwrite("contrast", &ViewParams::contrast)
      .def_readwrite("saturation", &ViewParams::saturation)
      .def_readwrite("hue", &ViewParams::hue)
      .def_readwrite("is_grayscale", &ViewParams::is_grayscale)
      .def_readwrite("blur_sigma", &ViewParams::blur_sigma)
      .def_readwrite("is_solarized", &ViewParams::is_solarized);
}

ViewParams draw(const ViewSpec& spec, int height, int width, std::uint64_t seed,
                std::uint64_t sample_id, std::uint32_t epoch, std::uint16_t view_id) {
  ViewParams params;
  raise_if_error(draw_view(spec, height, width, {seed, sample_id, epoch, view_id}, &params));
  return params;
}

}  // namespace

void register_augment(py::module_& module) {
  bind_view_spec(module);
  bind_view_params(module);
  module.def("draw_view", &draw, py::kw_only(), py::arg("spec"), py::arg("height"),
             py::arg("width"), py::arg("seed"), py::arg("sample_id"), py::arg("epoch"),
             py::arg("view_id"), "All random choices of one view.");
  module.def(
      "view_routines", [] { return best_view_routines().name; },
      "The instruction set that views are rendered with: \"avx2\" or \"plain\".");
}

}  // namespace fastpass
