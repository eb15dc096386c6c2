#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/status/error.h"
#include "services/messaging/domain/template.h"

namespace vinculo::messaging {

// Stored as these numbers; never renumbered.
enum class Route { kUnspecified = 0, kProfiling = 1, kSupport = 2, kNone = 3 };

absl::string_view RouteName(Route route);  // "PROFILING", ...

struct ReplyRoute {
  Route route = Route::kUnspecified;
  std::string ref;
  friend bool operator==(const ReplyRoute&, const ReplyRoute&) = default;
};

struct TemplateContent {
  std::string name;
  std::string language;
  PlaceValues values;
};
struct TextContent {
  std::string body;
  bool preview_url = false;
};

// A file by Graph media id or by https link: exactly one.
struct MediaFile {
  std::string id;
  std::string link;
  friend bool operator==(const MediaFile&, const MediaFile&) = default;
};
// Stored as these numbers; never renumbered.
enum class MediaKind { kUnspecified = 0, kImage = 1, kVideo = 2, kAudio = 3, kDocument = 4, kSticker = 5 };
absl::string_view MediaKindName(MediaKind kind);   // "image", ..., as WhatsApp writes it
MediaKind ParseMediaKind(absl::string_view name);  // of such a word; `voice` is audio, kUnspecified for any other
inline constexpr size_t kMediaIdMax = 128;
struct MediaContent {
  MediaKind kind = MediaKind::kUnspecified;
  MediaFile file;
  std::string caption;   // of images, videos and documents
  std::string filename;  // of documents
};
// The media of a header: an image, a video or a document, without caption.
using MediaHeader = std::optional<MediaContent>;

struct ReplyButton {
  std::string id;
  std::string title;
};
struct ButtonsContent {
  std::string body;
  std::string header;
  std::string footer;
  std::vector<ReplyButton> buttons;
  MediaHeader media_header;  // instead of `header`
};
struct ListRow {
  std::string id;
  std::string title;
  std::string description;
};
struct ListSection {
  std::string title;
  std::vector<ListRow> rows;
};
struct ListContent {
  std::string body;
  std::string header;
  std::string footer;
  std::string menu_label;
  std::vector<ListSection> sections;
};

// One button that opens a web page.
struct LinkContent {
  std::string body;
  std::string header;
  std::string footer;
  std::string label;
  std::string url;
  MediaHeader media_header;  // instead of `header`
};
// A button with which the person shares where they are, or their phone number.
struct AskContent {
  enum class Kind { kLocation = 1, kPhone = 2 };
  Kind kind = Kind::kLocation;
  std::string body;
};
struct LocationContent {
  double latitude = 0;
  double longitude = 0;
  std::string name;
  std::string address;
};
// An emoji under a message of the person; empty takes it away.
struct ReactionContent {
  std::string wamid;
  std::string emoji;
};

// What goes out.
using Content = std::variant<std::monostate, TemplateContent, TextContent, ButtonsContent, ListContent, MediaContent,
                             LinkContent, AskContent, LocationContent, ReactionContent>;

// All of WhatsApp's limits on free-form content at once, each violation with its path under `field`; text is brought to
// its normal form. Template values are checked against the template by CheckValues.
void ValidateContent(Content& content, absl::string_view field, FieldViolations& bad);

// The Graph media ids that the content uses, of templates in their media header.
std::vector<std::string> MediaIds(const Content& content);
// A value of `header.media`, which is an id or a link.
bool IsLink(absl::string_view media);

// What a person sent. `type` is the platform's word.
enum class InboundKind {
  kText = 1,
  kTemplateButton = 2,
  kButtonReply = 3,
  kListReply = 4,
  kMedia = 5,
  kLocation = 6,
  kReaction = 7,
  kChange = 8,
  kSystem = 9,
  kOther = 10,
  kStructured = 11  // contact cards, an order, a filled form
};
struct InboundContent {
  InboundKind kind = InboundKind::kOther;
  std::string type;
  std::string text;
  std::string reply_id;
  std::string target_wamid;  // the message that a reaction, edit or withdrawal is about
  std::string data;          // kStructured: what was sent, as JSON
  std::string media_id;
  std::string mime_type;
  std::string filename;
  double latitude = 0;
  double longitude = 0;
  std::string place_name;
  std::string place_address;
};

}  // namespace vinculo::messaging
