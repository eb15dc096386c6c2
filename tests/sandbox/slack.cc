#include "tests/sandbox/slack.h"

#include "absl/strings/match.h"

namespace vinculo::sandbox {
namespace {

constexpr size_t kMaxBlocks = 50, kMaxHeader = 150, kMaxSection = 3000, kMaxFields = 10, kMaxField = 2000;
constexpr size_t kMaxContext = 10, kMaxActions = 25, kMaxButton = 75, kMaxUrl = 3000, kMaxBlockId = 255;

size_t CodePoints(const std::string& text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string Text(const Json& json, const char* key) {
  const auto it = json.is_object() ? json.find(key) : json.end();
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

Json At(const Json& json, const char* key) {
  const auto it = json.is_object() ? json.find(key) : json.end();
  return it != json.end() ? *it : Json();
}

bool TextFits(const Json& text, size_t most, bool plain_only) {
  const std::string type = Text(text, "type");
  const size_t size = CodePoints(Text(text, "text"));
  return (type == "plain_text" || (!plain_only && type == "mrkdwn")) && size >= 1 && size <= most;
}

bool SectionFits(const Json& block) {
  const Json text = At(block, "text"), fields = At(block, "fields");
  if (text.is_null() && fields.is_null()) return false;
  if (!text.is_null() && !TextFits(text, kMaxSection, false)) return false;
  if (fields.is_null()) return true;
  if (!fields.is_array() || fields.empty() || fields.size() > kMaxFields) return false;
  for (const Json& field : fields) {
    if (!TextFits(field, kMaxField, false)) return false;
  }
  return true;
}

bool ElementsFit(const Json& block, size_t most) {
  const Json elements = At(block, "elements");
  if (!elements.is_array() || elements.empty() || elements.size() > most) return false;
  for (const Json& element : elements) {
    if (Text(element, "type") != "button") continue;
    if (!TextFits(At(element, "text"), kMaxButton, true) || Text(element, "url").size() > kMaxUrl) return false;
  }
  return true;
}

bool BlockFits(const Json& block) {
  if (Text(block, "block_id").size() > kMaxBlockId) return false;
  const std::string type = Text(block, "type");
  if (type == "divider") return true;
  if (type == "header") return TextFits(At(block, "text"), kMaxHeader, true);
  if (type == "section") return SectionFits(block);
  if (type == "context") return ElementsFit(block, kMaxContext);
  if (type == "actions") return ElementsFit(block, kMaxActions);
  return false;
}

}  // namespace

std::string SlackVerdict(absl::string_view body) {
  const Json json = Json::parse(body.begin(), body.end(), nullptr, false);
  if (!json.is_object()) return "invalid_payload";
  if (Text(json, "text").empty()) return "no_text";
  const Json blocks = At(json, "blocks");
  if (blocks.is_null()) return "ok";
  if (!blocks.is_array() || blocks.size() > kMaxBlocks) return "invalid_blocks";
  for (const Json& block : blocks) {
    if (!BlockFits(block)) return "invalid_blocks";
  }
  return "ok";
}

void Slack::Handle(const HttpMessage& request, const Exchange& exchange) {
  ++received_;
  const FaultRule* fault = faults_.Choose({"slack", request.path, "", ""});
  if (fault != nullptr) {
    if (fault->accept) ++accepted_;
    if (AnswerWithFault(*fault, exchange)) return;
  }
  std::string verdict = "invalid_payload";
  if (request.method == "POST" && absl::StartsWithIgnoreCase(request.Header("Content-Type"), "application/json")) {
    verdict = SlackVerdict(request.body);
  }
  if (verdict == "ok") ++accepted_;
  exchange.Send({.status = verdict == "ok" ? 200 : 400, .body = verdict, .content_type = "text/plain"});
}

}  // namespace vinculo::sandbox
