// When coefficients that a progressive file did not send are to be guessed. The guesses themselves:
// tests/decode/test_block_smoothing.py, against the libjpeg-turbo 3 inside Pillow.
#include "support/coefficient_compare.h"

namespace fastpass {
namespace {

using fastpass_test::Agreement;
using fastpass_test::Bytes;
using fastpass_test::check_whole;
using fastpass_test::compare;
using fastpass_test::decoded;
using fastpass_test::MadeJpeg;
using fastpass_test::make_jpeg;
using fastpass_test::scan;
using fastpass_test::scripts;
using fastpass_test::span_of;

// Block smoothing is needed where libjpeg-turbo's pixels depend on it, and only there.
Bytes pixels_of(const Bytes& jpeg, bool smooths) {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  errors.emit_message = [](j_common_ptr, int) {};
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, jpeg.data(), static_cast<unsigned long>(jpeg.size()));
  jpeg_read_header(&info, TRUE);
  info.do_block_smoothing = smooths ? TRUE : FALSE;
  jpeg_start_decompress(&info);
  const std::size_t stride = std::size_t{info.output_width} * 3;
  Bytes pixels(stride * info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels.data() + stride * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_destroy_decompress(&info);
  return pixels;
}

void test_block_smoothing() {
  for (const auto& script : scripts()) {
    MadeJpeg made;
    made.width = 130;
    made.height = 51;
    made.scans = script;
    const Bytes jpeg = make_jpeg(made);
    check_whole(jpeg, "script");
    const bool matters = pixels_of(jpeg, true) != pixels_of(jpeg, false);
    CHECK(wants_smoothing(decoded) == matters);
  }
  // A truncated file has had no refinement yet.
  MadeJpeg made;
  made.is_progressive = true;
  Bytes jpeg = make_jpeg(made);
  CHECK(compare(jpeg, "whole") == Agreement::kSame);
  CHECK(!wants_smoothing(decoded));
  jpeg.resize(jpeg.size() / 2);
  CHECK(compare(jpeg, "half") == Agreement::kSame);
  CHECK(wants_smoothing(decoded) && !decoded.damage.ok());
}

// A progressive file with only those scans, and their tables, that `keeps` wants.
template <typename Keeps>
Bytes with_scans(const Bytes& jpeg, Keeps keeps) {
  MarkerReader markers;
  CHECK(markers.open(span_of(jpeg)).ok());
  std::size_t begin = 2;
  while (jpeg[begin] != 0xFF || jpeg[begin + 1] != 0xC4) ++begin;  // DHT of the first scan
  Bytes result(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(begin));
  bool has_scan = true;
  for (int scan = 0; has_scan; ++scan) {
    std::size_t end = markers.scan().data_offset;
    while (jpeg[end] != 0xFF || jpeg[end + 1] == 0) ++end;
    if (keeps(scan)) {
      result.insert(result.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(begin),
                    jpeg.begin() + static_cast<std::ptrdiff_t>(end));
    }
    CHECK(markers.next_scan(end, &has_scan).ok());
    begin = end;
  }
  result.insert(result.end(), {0xFF, 0xD9});
  return result;
}

// Components of which no DC, or nothing at all, was ever sent.
void test_missing_scans() {
  MadeJpeg made;
  made.scans = {scan({0, 1, 2}, 0, 0, 0, 0), scan({0}, 1, 5, 0, 2), scan({1}, 1, 63, 0, 0),
                scan({2}, 1, 63, 0, 0)};
  const Bytes jpeg = make_jpeg(made);
  const auto check = [](const Bytes& part, bool smooths) {
    CHECK(compare(part, "missing scans") == Agreement::kSame);
    CHECK(decoded.status.ok());
    CHECK(wants_smoothing(decoded) == smooths);
    CHECK((pixels_of(part, true) != pixels_of(part, false)) == smooths);
  };
  check(with_scans(jpeg, [](int) { return true; }), true);
  check(with_scans(jpeg, [](int scan) { return scan < 2; }), true);
  check(with_scans(jpeg, [](int scan) { return scan > 0; }), false);
}

}  // namespace
}  // namespace fastpass

int main() {
  fastpass::test_block_smoothing();
  fastpass::test_missing_scans();
  return RESULT();
}
