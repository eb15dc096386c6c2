#include "services/messaging/domain/content.h"

#include <cmath>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/text/text.h"
#include "common/text/validate.h"

namespace vinculo::messaging {
namespace {

// WhatsApp's limits of free-form messages, in code points.
constexpr int kTextBody = 4096, kShortBody = 1024, kHeader = 60, kFooter = 60, kCaption = 1024, kButtonId = 256,
              kButtonTitle = 20, kButtons = 3;
constexpr int kMenuLabel = 20, kSectionTitle = 24, kRowId = 200, kRowTitle = 24, kRowDescription = 72, kSections = 10,
              kRows = 10;
constexpr int kWamid = 256, kUrl = 2000, kFilename = 240, kPlace = 1000, kEmoji = 16;

struct Check {
  absl::string_view field;
  FieldViolations& bad;

  std::string Path(absl::string_view name) const { return absl::StrCat(field, ".", name); }

  void Text(absl::string_view name, std::string& value, int min, int max, bool single_line = false) const {
    if (min > 0 && !value.empty() && text::Trim(value).empty()) bad.Add(Path(name), "must not be blank");
    value =
        text::ParseText(Path(name), value, {.min = min, .max = max, .trim = false, .single_line = single_line}, bad);
  }

  void Link(absl::string_view name, std::string& value, bool https_only) const {
    Text(name, value, 1, kUrl, true);
    const bool scheme = absl::StartsWith(value, "https://") || (!https_only && absl::StartsWith(value, "http://"));
    const bool blank = absl::c_any_of(value, [](unsigned char c) { return absl::ascii_isspace(c); });
    if (!value.empty() && (!scheme || blank || value.size() < 10))
      bad.Add(Path(name), https_only ? "must be an https address" : "must be a web address");
  }

  void File(absl::string_view name, MediaFile& file) const {
    if (file.id.empty() == file.link.empty()) return bad.Add(Path(name), "exactly one of id and link is required");
    if (!file.link.empty()) return Link(absl::StrCat(name, ".link"), file.link, /*https_only=*/true);
    const bool plain = absl::c_all_of(file.id, [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; });
    if (!plain || file.id.size() > kMediaIdMax) bad.Add(Path(absl::StrCat(name, ".id")), "is not a media id");
  }

  void Media(absl::string_view name, MediaContent& c) const {
    if (c.kind == MediaKind::kUnspecified) bad.Add(Path(absl::StrCat(name, ".kind")), "is required");
    File(name, c.file);
    Text(absl::StrCat(name, ".caption"), c.caption, 0, kCaption);
    Text(absl::StrCat(name, ".filename"), c.filename, 0, kFilename, true);
    const bool captioned = c.kind == MediaKind::kImage || c.kind == MediaKind::kVideo || c.kind == MediaKind::kDocument;
    if (!captioned && !c.caption.empty())
      bad.Add(Path(absl::StrCat(name, ".caption")), "is for images, videos and documents only");
    if (c.kind != MediaKind::kDocument && !c.filename.empty())
      bad.Add(Path(absl::StrCat(name, ".filename")), "is for documents only");
  }

  // What stands above and below an interactive message.
  void Frame(absl::string_view name, std::string& header, MediaHeader& media, std::string& footer) const {
    Text(absl::StrCat(name, ".header"), header, 0, kHeader, true);
    Text(absl::StrCat(name, ".footer"), footer, 0, kFooter, true);
    if (!media) return;
    const std::string at = absl::StrCat(name, ".media_header");
    if (!header.empty()) bad.Add(Path(at), "stands instead of a header of text");
    Media(at, *media);
    if (media->kind == MediaKind::kAudio || media->kind == MediaKind::kSticker)
      bad.Add(Path(absl::StrCat(at, ".kind")), "must be an image, a video or a document");
    if (!media->caption.empty()) bad.Add(Path(absl::StrCat(at, ".caption")), "a header has none");
  }

  void operator()(std::monostate&) const { bad.Add(std::string(field), "exactly one kind of content is required"); }
  void operator()(TemplateContent& c) const {
    Text("template.name", c.name, 1, 512, true);
    Text("template.language", c.language, 2, 16, true);
    text::CheckCount(Path("template.values"), c.values.size(), 64, bad);
  }
  void operator()(TextContent& c) const { Text("text.body", c.body, 1, kTextBody); }
  void operator()(ButtonsContent& c) const {
    Text("buttons.body", c.body, 1, kShortBody);
    Frame("buttons", c.header, c.media_header, c.footer);
    if (c.buttons.empty() || c.buttons.size() > kButtons)
      bad.Add(Path("buttons.buttons"), "one to three buttons are required");
    absl::flat_hash_set<std::string> titles, ids;
    for (size_t i = 0; i < c.buttons.size(); ++i) {
      const std::string at = absl::StrCat("buttons.buttons[", i, "]");
      Text(absl::StrCat(at, ".id"), c.buttons[i].id, 1, kButtonId, true);
      Text(absl::StrCat(at, ".title"), c.buttons[i].title, 1, kButtonTitle, true);
      if (!titles.insert(c.buttons[i].title).second) bad.Add(Path(at + ".title"), "is used by another button");
      if (!ids.insert(c.buttons[i].id).second) bad.Add(Path(at + ".id"), "is used by another button");
    }
  }
  void operator()(ListContent& c) const {
    MediaHeader none;
    Text("list.body", c.body, 1, kTextBody);
    Frame("list", c.header, none, c.footer);
    Text("list.menu_label", c.menu_label, 1, kMenuLabel, true);
    if (c.sections.empty() || c.sections.size() > kSections)
      bad.Add(Path("list.sections"), "one to ten sections are required");
    absl::flat_hash_set<std::string> ids;
    size_t rows = 0;
    for (size_t s = 0; s < c.sections.size(); ++s) {
      const std::string at = absl::StrCat("list.sections[", s, "]");
      Text(absl::StrCat(at, ".title"), c.sections[s].title, c.sections.size() > 1 ? 1 : 0, kSectionTitle, true);
      rows += c.sections[s].rows.size();
      for (size_t r = 0; r < c.sections[s].rows.size(); ++r) {
        ListRow& row = c.sections[s].rows[r];
        const std::string row_at = absl::StrCat(at, ".rows[", r, "]");
        Text(absl::StrCat(row_at, ".id"), row.id, 1, kRowId, true);
        Text(absl::StrCat(row_at, ".title"), row.title, 1, kRowTitle, true);
        Text(absl::StrCat(row_at, ".description"), row.description, 0, kRowDescription, true);
        if (!ids.insert(row.id).second) bad.Add(Path(row_at + ".id"), "is used by another row");
      }
    }
    if (rows == 0 || rows > kRows) bad.Add(Path("list.sections"), "one to ten rows over all sections are required");
  }
  void operator()(MediaContent& c) const { Media("media", c); }
  void operator()(LinkContent& c) const {
    Text("link.body", c.body, 1, kShortBody);
    Frame("link", c.header, c.media_header, c.footer);
    Text("link.label", c.label, 1, kButtonTitle, true);
    Link("link.url", c.url, /*https_only=*/false);
  }
  void operator()(AskContent& c) const {
    Text(c.kind == AskContent::Kind::kPhone ? "ask_phone.body" : "ask_location.body", c.body, 1, kShortBody);
  }
  void operator()(LocationContent& c) const {
    if (!(std::abs(c.latitude) <= 90)) bad.Add(Path("location.latitude"), "must lie between -90 and 90");
    if (!(std::abs(c.longitude) <= 180)) bad.Add(Path("location.longitude"), "must lie between -180 and 180");
    Text("location.name", c.name, 0, kPlace, true);
    Text("location.address", c.address, 0, kPlace, true);
  }
  void operator()(ReactionContent& c) const {
    Text("reaction.wamid", c.wamid, 1, kWamid, true);
    Text("reaction.emoji", c.emoji, 0, kEmoji, true);
    const bool words =
        absl::c_any_of(c.emoji, [](unsigned char b) { return absl::ascii_isspace(b) || (absl::ascii_isalpha(b)); });
    if (words) bad.Add(Path("reaction.emoji"), "must be one emoji");
  }
};

}  // namespace

absl::string_view RouteName(Route route) {
  switch (route) {
    case Route::kProfiling:
      return "PROFILING";
    case Route::kSupport:
      return "SUPPORT";
    case Route::kNone:
      return "NONE";
    case Route::kUnspecified:
      break;
  }
  return "";
}

absl::string_view MediaKindName(MediaKind kind) {
  switch (kind) {
    case MediaKind::kImage:
      return "image";
    case MediaKind::kVideo:
      return "video";
    case MediaKind::kAudio:
      return "audio";
    case MediaKind::kDocument:
      return "document";
    case MediaKind::kSticker:
      return "sticker";
    case MediaKind::kUnspecified:
      break;
  }
  return "";
}

MediaKind ParseMediaKind(absl::string_view name) {
  if (name == "voice") return MediaKind::kAudio;
  for (MediaKind kind :
       {MediaKind::kImage, MediaKind::kVideo, MediaKind::kAudio, MediaKind::kDocument, MediaKind::kSticker}) {
    if (MediaKindName(kind) == name) return kind;
  }
  return MediaKind::kUnspecified;
}

void ValidateContent(Content& content, absl::string_view field, FieldViolations& bad) {
  std::visit(Check{field, bad}, content);
}

bool IsLink(absl::string_view media) { return absl::StrContains(media, "://"); }

std::vector<std::string> MediaIds(const Content& content) {
  std::vector<std::string> ids;
  const auto add = [&](const std::string& id) {
    if (!id.empty() && !IsLink(id)) ids.push_back(id);
  };
  if (const auto* media = std::get_if<MediaContent>(&content)) add(media->file.id);
  if (const auto* c = std::get_if<ButtonsContent>(&content); c != nullptr && c->media_header)
    add(c->media_header->file.id);
  if (const auto* c = std::get_if<LinkContent>(&content); c != nullptr && c->media_header)
    add(c->media_header->file.id);
  if (const auto* c = std::get_if<TemplateContent>(&content)) {
    if (const auto media = c->values.find("header.media"); media != c->values.end()) add(media->second);
  }
  return ids;
}

}  // namespace vinculo::messaging
