// The C interface, under the sanitizers: damaged images and wrong requests end in a report, write
// nothing outside the outputs, and leave the worker as good as new. tests/feed/test_c_api.py
// compares its pixels with those of the Python functions.
#include <cstring>
#include <string>
#include <vector>

#include "plugins/c_api.h"
#include "support/check.h"
#include "support/made_jpeg.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr char kRequest[] =
    "dtype uint8\nview\nsize 24\njitter_probability 0.8\nbrightness 0.4\nhue 0.1\n"
    "blur_probability 0.5\nview\nsize 17\ncrop center\nresize 19\n";

fastpass_image image_of(const Bytes& bytes) {
  return {bytes.data(), static_cast<std::int64_t>(bytes.size()), nullptr, 0};
}

struct Views {
  Bytes first, second;
  fastpass_report report = {};
};

// In memory of the very size, so that a byte too many is seen.
Views render(fastpass_worker* worker, const Bytes& bytes) {
  Views views;
  views.first.resize(static_cast<std::size_t>(fastpass_view_bytes(worker, 0)));
  views.second.resize(static_cast<std::size_t>(fastpass_view_bytes(worker, 1)));
  std::uint8_t* const outputs[] = {views.first.data(), views.second.data()};
  const fastpass_image image = image_of(bytes);
  const fastpass_key key = {5, 9, 1};
  const std::int32_t fault = fastpass_render(worker, &image, &key, outputs, &views.report);
  CHECK(fault == views.report.fault);
  CHECK((fault == 0) == (views.report.name[0] == '\0'));
  return views;
}

void test_damage_leaves_the_worker_as_it_was() {
  fastpass_report report;
  fastpass_worker* worker = fastpass_worker_new(kRequest, &report);
  CHECK(worker != nullptr && report.fault == 0);
  CHECK(fastpass_num_views(worker) == 2 && fastpass_view_size(worker, 1) == 17);
  const Bytes file = fastpass_test::make_jpeg({});
  const Views wanted = render(worker, file);
  CHECK(wanted.report.fault == 0);
  for (std::size_t length = 0; length < file.size(); length += 37) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
    const Views got = render(worker, cut);
    CHECK(length > file.size() / 2 || got.report.fault != 0);
    CHECK(got.report.fault == 0 || got.report.message[0] != '\0');
  }
  const Views again = render(worker, file);
  CHECK(again.first == wanted.first && again.second == wanted.second);
  fastpass_worker_free(worker);
}

void test_what_is_decoded_fits_what_was_declared() {
  fastpass_report report;
  fastpass_worker* worker = fastpass_worker_new("", &report);
  const Bytes file = fastpass_test::make_jpeg({});
  const fastpass_image image = image_of(file);
  const fastpass_region regions[] = {{0, 0, 0, 0, 1}, {5, 6, 7, 8, 1}, {1, 2, 3, 4, 4}};
  for (const fastpass_region& region : regions) {
    std::int32_t height = 0, width = 0;
    CHECK(fastpass_decoded_size(worker, &image, &region, &height, &width, &report) == 0);
    CHECK(region.height == 0 || (height == region.height && width == region.width));
    Bytes pixels(static_cast<std::size_t>(3 * height * width));
    const auto size = static_cast<std::int64_t>(pixels.size());
    CHECK(fastpass_decode(worker, &image, &region, pixels.data(), size, &report) == 0);
    CHECK(fastpass_decode(worker, &image, &region, pixels.data(), size - 1, &report) != 0);
  }
  fastpass_worker_free(worker);
}

void test_wrong_requests_are_reports() {
  for (const std::string line : {"view\nsize 99999999999999999999", "std 1", "\xff\xff", "view \n",
                                 "view\nmean 1 2 3 4", "view\nsize 100000"}) {
    fastpass_report report;
    CHECK(fastpass_worker_new(line.c_str(), &report) == nullptr);
    CHECK(std::strcmp(report.name, "BadArgument") == 0);
    CHECK(report.byte_offset == -1 && report.message[0] != '\0');
  }
  const std::string long_line(5000, 'x');
  fastpass_report report;
  CHECK(fastpass_worker_new(long_line.c_str(), &report) == nullptr);
  CHECK(std::strlen(report.message) < sizeof(report.message));
}

// No decoder for it was set.
void test_what_is_no_jpeg_is_refused() {
  fastpass_report report;
  fastpass_worker* worker = fastpass_worker_new(kRequest, &report);
  const Views views = render(worker, Bytes(50, 'x'));
  CHECK(std::strcmp(views.report.name, "UnsupportedImage") == 0);
  fastpass_worker_free(worker);
}

}  // namespace

int main() {
  CHECK(fastpass_abi_version() == FASTPASS_ABI_VERSION);
  test_damage_leaves_the_worker_as_it_was();
  test_what_is_decoded_fits_what_was_declared();
  test_wrong_requests_are_reports();
  test_what_is_no_jpeg_is_refused();
  return RESULT();
}
