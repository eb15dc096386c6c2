#include "services/messaging/domain/media.h"

#include "absl/strings/match.h"

namespace vinculo::messaging {
namespace {

constexpr int64_t kKiB = 1 << 10, kMiB = 1 << 20;
constexpr int64_t kStillSticker = 100 * kKiB, kAnimatedSticker = 500 * kKiB;

struct Type {
  MediaKind kind;
  absl::string_view mime_type;
  int64_t limit;
};
constexpr Type kTypes[] = {
    {MediaKind::kImage, "image/jpeg", 5 * kMiB},  {MediaKind::kImage, "image/png", 5 * kMiB},
    {MediaKind::kVideo, "video/mp4", 16 * kMiB},  {MediaKind::kVideo, "video/3gpp", 16 * kMiB},
    {MediaKind::kAudio, "audio/aac", 16 * kMiB},  {MediaKind::kAudio, "audio/amr", 16 * kMiB},
    {MediaKind::kAudio, "audio/mpeg", 16 * kMiB}, {MediaKind::kAudio, "audio/mp4", 16 * kMiB},
    {MediaKind::kAudio, "audio/ogg", 16 * kMiB},  {MediaKind::kSticker, "image/webp", kAnimatedSticker}};

// A mark of a type: `bytes` at `offset`.
struct Mark {
  absl::string_view mime_type;
  size_t offset;
  absl::string_view bytes;
};
constexpr Mark kMarks[] = {
    {"image/jpeg", 0, "\xFF\xD8\xFF"}, {"image/png", 0, "\x89PNG\r\n"}, {"image/webp", 8, "WEBP"},
    {"video/mp4", 4, "ftyp"},          {"video/3gpp", 4, "ftyp"},       {"audio/mp4", 4, "ftyp"},
    {"audio/ogg", 0, "OggS"},          {"audio/amr", 0, "#!AMR"},       {"audio/aac", 0, "\xFF\xF1"},
    {"audio/aac", 0, "\xFF\xF9"},      {"audio/mpeg", 0, "ID3"},        {"audio/mpeg", 0, "\xFF\xFB"},
    {"audio/mpeg", 0, "\xFF\xF3"},     {"audio/mpeg", 0, "\xFF\xF2"},   {"application/pdf", 0, "%PDF-"}};

bool Has(absl::string_view head, const Mark& mark) {
  return head.size() >= mark.offset + mark.bytes.size() && absl::StartsWith(head.substr(mark.offset), mark.bytes);
}

}  // namespace

std::optional<int64_t> MediaLimit(MediaKind kind, absl::string_view mime_type) {
  if (kind == MediaKind::kDocument)
    return absl::StrContains(mime_type, "/") ? std::optional(kMediaBytesMax) : std::nullopt;
  const absl::string_view bare = mime_type.substr(0, mime_type.find(';'));  // audio/ogg; codecs=opus
  for (const Type& type : kTypes) {
    if (type.kind == kind && type.mime_type == bare) return type.limit;
  }
  return std::nullopt;
}

bool LooksLike(absl::string_view mime_type, absl::string_view head) {
  const absl::string_view bare = mime_type.substr(0, mime_type.find(';'));
  bool marked = false;
  for (const Mark& mark : kMarks) {
    if (mark.mime_type != bare) continue;
    if (Has(head, mark)) return true;
    marked = true;
  }
  return !marked;
}

int64_t StickerLimit(absl::string_view head) {
  constexpr size_t kFlags = 20;
  constexpr unsigned char kAnimation = 0x02;
  const bool extended = head.size() > kFlags && head.substr(12, 4) == "VP8X";
  return extended && (static_cast<unsigned char>(head[kFlags]) & kAnimation) ? kAnimatedSticker : kStillSticker;
}

}  // namespace vinculo::messaging
