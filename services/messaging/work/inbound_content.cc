#include "services/messaging/work/inbound_content.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "services/messaging/work/webhook_fields.h"

namespace vinculo::messaging {
namespace {

constexpr int kDataDepth = 8;
constexpr size_t kDataBytes = 16 << 10;

using Reader = void (*)(const JsonView& m, InboundContent& c);

void ReadText(const JsonView& m, InboundContent& c) {
  c.kind = InboundKind::kText;
  c.text = CleanText(m["text"]["body"]);
}

void ReadMedia(const JsonView& m, InboundContent& c) {
  const JsonView file = m[c.type.c_str()];
  c.kind = InboundKind::kMedia;
  c.media_id = CleanText(file["id"]);
  c.mime_type = CleanText(file["mime_type"]);
  c.filename = CleanText(file["filename"]);
  c.text = CleanText(file["caption"]);
}

void ReadButton(const JsonView& m, InboundContent& c) {
  c.kind = InboundKind::kTemplateButton;
  c.text = CleanText(m["button"]["text"]);
  c.reply_id = CleanText(m["button"]["payload"]);
}

void ReadInteractive(const JsonView& m, InboundContent& c) {
  const JsonView i = m["interactive"];
  if (const JsonView form = i["nfm_reply"]; form.is_object()) {
    c.kind = InboundKind::kStructured;
    c.text = CleanText(form["body"]);
    c.reply_id = CleanText(form["name"]);
    if (const std::string answers = form["response_json"].Text(); answers.size() <= kDataBytes) c.data = Clean(answers);
    return;
  }
  const bool list = i["list_reply"].is_object();
  const JsonView reply = list ? i["list_reply"] : i["button_reply"];
  if (!reply.is_object()) return;  // a permission to call, or a payload that WhatsApp left out
  c.kind = list ? InboundKind::kListReply : InboundKind::kButtonReply;
  c.text = CleanText(reply["title"]);
  c.reply_id = CleanText(reply["id"]);
}

void ReadLocation(const JsonView& m, InboundContent& c) {
  const JsonView place = m["location"];
  c.kind = InboundKind::kLocation;
  c.latitude = place["latitude"].Double();
  c.longitude = place["longitude"].Double();
  c.place_name = CleanText(place["name"]);
  c.place_address = CleanText(place["address"]);
}

void ReadReaction(const JsonView& m, InboundContent& c) {
  c.kind = InboundKind::kReaction;
  c.text = CleanText(m["reaction"]["emoji"]);
  c.target_wamid = CleanText(m["reaction"]["message_id"]);
}

void ReadChange(const JsonView& m, InboundContent& c) {
  c.kind = InboundKind::kChange;
  const JsonView change = m[c.type.c_str()];
  c.target_wamid = CleanText(change["original_message_id"]);
  c.text = CleanText(change["message"]["text"]["body"]);
}

void ReadSystem(const JsonView& m, InboundContent& c) {
  c.kind = InboundKind::kSystem;
  c.text = CleanText(m["system"]["type"]);
}

void ReadContacts(const JsonView& m, InboundContent& c) {
  c.kind = InboundKind::kStructured;
  c.data = m["contacts"].Dump(kDataDepth, kDataBytes);
  const JsonView cards = m["contacts"];
  for (size_t i = 0; i < cards.size() && i < 10; ++i) {
    const std::string name = CleanText(cards[i]["name"]["formatted_name"]);
    if (!name.empty()) absl::StrAppend(&c.text, c.text.empty() ? "" : ", ", name);
  }
}

void ReadOrder(const JsonView& m, InboundContent& c) {
  c.kind = InboundKind::kStructured;
  c.text = CleanText(m["order"]["text"]);
  c.data = m["order"].Dump(kDataDepth, kDataBytes);
}

}  // namespace

InboundContent ParseInboundContent(const JsonView& m) {
  static const auto& readers = *new absl::flat_hash_map<std::string, Reader>{
      {"text", ReadText},         {"image", ReadMedia},       {"video", ReadMedia},
      {"audio", ReadMedia},       {"voice", ReadMedia},       {"document", ReadMedia},
      {"sticker", ReadMedia},     {"button", ReadButton},     {"interactive", ReadInteractive},
      {"location", ReadLocation}, {"reaction", ReadReaction}, {"edit", ReadChange},
      {"revoke", ReadChange},     {"system", ReadSystem},     {"contacts", ReadContacts},
      {"order", ReadOrder}};
  InboundContent c;
  c.type = CleanText(m["type"]);
  if (const auto reader = readers.find(c.type); reader != readers.end()) reader->second(m, c);
  return c;
}

}  // namespace vinculo::messaging
