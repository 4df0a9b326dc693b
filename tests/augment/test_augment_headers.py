"""The headers for both machines: what they include, and that nvcc takes them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HD_HEADERS = [
    "augment/params.h",
    "augment/draw.h",
    "augment/resample.h",
    "augment/color_ops.h",
    "augment/blur.h",
    "augment/gaussian_blur.h",
    "augment/normalize.h",
    "common/rng.h",
    "common/hd.h",
]

# Calls every formula from a kernel, so that nvcc has to compile it for the device.
KERNEL = """
__global__ void run(fastpass::ViewSpec spec, fastpass::DrawKey key, float* out) {
  using namespace fastpass;
  const ViewParams params = draw_checked_view(spec, 300, 400, key);
  const ResampleAxis axis =
      make_resample_axis(params.width, 0.0, params.width, spec.size, spec.interpolation);
  const TapRange range = tap_range(axis, 3);
  std::int32_t sum = weighted_sum_start();
  for (int i = 0; i < range.count && i < max_taps(axis); ++i) {
    sum += 7 * fixed_point_weight(tap_weight(axis, 3, range.first + i));
  }
  const bool order = is_vertical_first(params.height, params.width, spec.size, spec.size);
  const std::uint8_t value = weighted_sum_to_pixel(sum);
  const Rgb rgb = shift_hue(value, luma(value, 2, 3), 9, hue_offset(params.hue));
  const std::uint8_t gray = contrast_gray(12345, 100 + order);
  const std::uint8_t mixed = blend(gray, solarize(value, 128), params.contrast);
  const std::uint8_t soft = blurred_pixel(make_box_blur(params.blur_sigma), mixed, rgb.b);
  const GaussianBlur gaussian = make_gaussian_blur(params.blur_sigma, 9, BlurBorder::kReflect);
  sum += rounded_pixel(gaussian.weights[0] * reflected(-3, spec.size));
  const float normal = normalized_value(soft, spec.mean[0], spec.std[0]);
  out[0] = normal + to_float16(normal) + to_bfloat16(normal) + rgb.r + sum;
}
"""


@pytest.mark.parametrize("header", HD_HEADERS)
def test_hd_headers_include_hd_headers_only(header: str) -> None:
    text = (ROOT / "csrc" / header).read_text()
    included = re.findall(r'#include\s*[<"]([^>"]+)[>"]', text)
    assert set(included) <= {"cstdint", "cmath", *HD_HEADERS}


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not installed")
def test_nvcc_compiles_the_headers_for_the_device(tmp_path: Path) -> None:
    source = tmp_path / "headers.cu"
    includes = "".join(f'#include "{header}"\n' for header in HD_HEADERS)
    source.write_text(includes + KERNEL)
    command = ["nvcc", "-std=c++17", "-arch=sm_90", "-fmad=false", "-Werror=all-warnings", "-c"]
    result = subprocess.run(
        [*command, f"-I{ROOT / 'csrc'}", str(source), "-o", str(tmp_path / "headers.o")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
