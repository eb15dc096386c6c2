#pragma once

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
struct ReplyButton {
  std::string id;
  std::string title;
};
struct ButtonsContent {
  std::string body;
  std::string header;
  std::string footer;
  std::vector<ReplyButton> buttons;
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

// What goes out.
using Content = std::variant<std::monostate, TemplateContent, TextContent, ButtonsContent, ListContent>;

// All of WhatsApp's limits on free-form content at once, each violation with its path under `field`. Template values
// are checked against the template by CheckValues.
void ValidateContent(const Content& content, absl::string_view field, FieldViolations& bad);

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
