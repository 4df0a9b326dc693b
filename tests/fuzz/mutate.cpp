#include "mutate.h"

#include <algorithm>

namespace fastpass_fuzz {
namespace {

std::size_t below(std::size_t limit, Random& random) {
  return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit);
}

std::uint8_t telling_byte(Random& random) {
  constexpr std::uint8_t kTelling[] = {0x00, 0x01, 0x11, 0x22, 0x3F, 0x40, 0x7F, 0x80,
                                       0xFE, 0xFF, 0xD0, 0xD9, 0xDA, 0xC4, 0x41, 0x14};
  return random() % 2 == 0 ? kTelling[random() % 16] : static_cast<std::uint8_t>(random());
}

auto at(Bytes& bytes, std::size_t place) {
  return bytes.begin() + static_cast<std::ptrdiff_t>(place);
}
auto at(const Bytes& bytes, std::size_t place) {
  return bytes.begin() + static_cast<std::ptrdiff_t>(place);
}

// A marker segment: [begin, end), marker bytes included.
struct Segment {
  std::size_t begin;
  std::size_t end;
};

// Segments with a length, up to the end or the first that makes no sense; scans are stepped over.
std::vector<Segment> segments_of(const Bytes& bytes) {
  std::vector<Segment> found;
  for (std::size_t i = 2; i + 4 <= bytes.size();) {
    const std::uint8_t marker = bytes[i + 1];
    const bool has_length =
        bytes[i] == 0xFF && marker >= 0xC0 && marker != 0xFF && !(marker >= 0xD0 && marker <= 0xD9);
    if (!has_length) {
      ++i;
      continue;
    }
    const std::size_t length = static_cast<std::size_t>(bytes[i + 2]) << 8 | bytes[i + 3];
    if (i + 2 + length > bytes.size()) break;
    found.push_back({i, i + 2 + length});
    i += 2 + std::max<std::size_t>(length, 2);
  }
  return found;
}

void flip_bits(Bytes& bytes, Random& random) {
  for (std::size_t i = 0, count = 1 + below(8, random); i < count && !bytes.empty(); ++i) {
    bytes[below(bytes.size(), random)] ^= static_cast<std::uint8_t>(1u << random() % 8);
  }
}

void set_byte(Bytes& bytes, Random& random) {
  if (!bytes.empty()) bytes[below(bytes.size(), random)] = telling_byte(random);
}

void insert_bytes(Bytes& bytes, Random& random) {
  const std::size_t place = below(bytes.size() + 1, random);
  Bytes inserted(1 + below(8, random));
  for (auto& byte : inserted) byte = telling_byte(random);
  bytes.insert(at(bytes, place), inserted.begin(), inserted.end());
}

void erase_range(Bytes& bytes, Random& random) {
  const std::size_t begin = below(bytes.size(), random);
  const std::size_t most = random() % 4 == 0 ? bytes.size() - begin : 16;
  const std::size_t end = std::min(bytes.size(), begin + 1 + below(most, random));
  bytes.erase(at(bytes, begin), at(bytes, end));
}

void repeat_range(Bytes& bytes, Random& random) {
  if (bytes.empty()) return;
  const std::size_t begin = below(bytes.size(), random);
  const std::size_t end = std::min(bytes.size(), begin + 1 + below(200, random));
  const Bytes copy(at(bytes, begin), at(bytes, end));
  bytes.insert(at(bytes, below(bytes.size(), random)), copy.begin(), copy.end());
}

void truncate(Bytes& bytes, Random& random) { bytes.resize(below(bytes.size() + 1, random)); }

void insert_marker(Bytes& bytes, Random& random) {
  constexpr std::uint8_t kMarkers[] = {0x00, 0x01, 0xD0, 0xD1, 0xD3, 0xD7, 0xD8, 0xD9, 0xFF};
  const std::uint8_t marker[2] = {0xFF, kMarkers[random() % std::size(kMarkers)]};
  bytes.insert(at(bytes, below(bytes.size() + 1, random)), marker, marker + 2);
}

// A byte of a segment: where dimensions, factors, table numbers and spectral bounds are.
void tweak_segment(Bytes& bytes, Random& random) {
  const std::vector<Segment> segments = segments_of(bytes);
  if (segments.empty()) return;
  const Segment segment = segments[below(segments.size(), random)];
  const std::size_t reach = std::min<std::size_t>(segment.end - segment.begin, 24);
  std::uint8_t& byte = bytes[segment.begin + 1 + below(reach - 1, random)];
  byte =
      random() % 2 == 0 ? telling_byte(random) : static_cast<std::uint8_t>(byte + random() % 5 - 2);
}

void drop_or_move_segment(Bytes& bytes, Random& random) {
  const std::vector<Segment> segments = segments_of(bytes);
  if (segments.empty()) return;
  const Segment segment = segments[below(segments.size(), random)];
  const Segment target = segments[below(segments.size(), random)];
  const Bytes copy(at(bytes, segment.begin), at(bytes, segment.end));
  if (random() % 2 == 0) bytes.insert(at(bytes, target.begin), copy.begin(), copy.end());
  if (random() % 2 == 0 && segment.begin < target.begin) {
    bytes.erase(at(bytes, segment.begin), at(bytes, segment.end));
  }
}

// Another file's segment in front of one of ours, or in its place.
void borrow_segment(Bytes& bytes, const Bytes& other, Random& random) {
  const std::vector<Segment> ours = segments_of(bytes);
  const std::vector<Segment> theirs = segments_of(other);
  if (ours.empty() || theirs.empty()) return;
  const Segment source = theirs[below(theirs.size(), random)];
  const Segment target = ours[below(ours.size(), random)];
  if (random() % 2 == 0) bytes.erase(at(bytes, target.begin), at(bytes, target.end));
  bytes.insert(at(bytes, target.begin), at(other, source.begin), at(other, source.end));
}

// Our head and the other file's tail.
void splice(Bytes& bytes, const Bytes& other, Random& random) {
  bytes.resize(below(bytes.size() + 1, random));
  bytes.insert(bytes.end(), at(other, below(other.size(), random)), other.end());
}

void mutate_once(Bytes& bytes, const Bytes& other, Random& random) {
  switch (random() % 16) {
    case 0:
    case 1:
    case 2:
      return flip_bits(bytes, random);
    case 3:
    case 4:
      return set_byte(bytes, random);
    case 5:
      return insert_bytes(bytes, random);
    case 6:
      return erase_range(bytes, random);
    case 7:
      return repeat_range(bytes, random);
    case 8:
      return truncate(bytes, random);
    case 9:
      return insert_marker(bytes, random);
    case 10:
    case 11:
    case 12:
      return tweak_segment(bytes, random);
    case 13:
      return drop_or_move_segment(bytes, random);
    case 14:
      return borrow_segment(bytes, other, random);
    default:
      return splice(bytes, other, random);
  }
}

}  // namespace

Bytes mutate(const Bytes& base, const Bytes& other, Random& random) {
  Bytes bytes = base;
  // Some inputs stay whole: scale and crop alone are drawn, by the tail.
  const std::size_t count = random() % 8 == 0 ? 0 : 1 + below(3, random);
  for (std::size_t i = 0; i < count; ++i) mutate_once(bytes, other, random);
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(random()));
  if (bytes.size() > kMaxInputBytes) bytes.resize(kMaxInputBytes);
  return bytes;
}

}  // namespace fastpass_fuzz
