#include "services/messaging/work/webhook_parse.h"

#include "absl/strings/str_replace.h"
#include "common/text/text.h"
#include "services/messaging/domain/contact.h"
#include "services/messaging/work/json_view.h"

namespace vinculo::messaging {
namespace {

constexpr int64_t kMilliseconds = 1'000'000'000'000;

absl::Time At(const JsonView& value, absl::Time now) {
  int64_t n = value.Int();
  if (n <= 0) return now;
  const absl::Time t = n >= kMilliseconds ? absl::FromUnixMillis(n) : absl::FromUnixSeconds(n);
  return std::min(t, now);
}

// Stored text is valid UTF-8 without NUL, whatever came.
std::string Clean(const std::string& text) {
  if (!text::IsValidUtf8(text)) return "";
  return std::string(text::Truncate(text, 4096));
}

InboundContent ParseContent(const JsonView& m) {
  InboundContent c;
  c.type = Clean(m["type"].Text());
  const auto media = [&](const JsonView& file) {
    c.kind = InboundKind::kMedia;
    c.media_id = Clean(file["id"].Text());
    c.mime_type = Clean(file["mime_type"].Text());
    c.filename = Clean(file["filename"].Text());
    c.text = Clean(file["caption"].Text());
  };
  if (c.type == "text") {
    c.kind = InboundKind::kText;
    c.text = Clean(m["text"]["body"].Text());
  } else if (c.type == "button") {
    c.kind = InboundKind::kTemplateButton;
    c.text = Clean(m["button"]["text"].Text());
    c.reply_id = Clean(m["button"]["payload"].Text());
  } else if (c.type == "interactive") {
    const JsonView i = m["interactive"];
    const bool list = i["list_reply"].is_object();
    const JsonView reply = list ? i["list_reply"] : i["button_reply"];
    c.kind = list ? InboundKind::kListReply : reply.is_object() ? InboundKind::kButtonReply : InboundKind::kOther;
    c.text = Clean(reply["title"].Text());
    c.reply_id = Clean(reply["id"].Text());
  } else if (c.type == "location") {
    c.kind = InboundKind::kLocation;
    c.latitude = m["location"]["latitude"].Double();
    c.longitude = m["location"]["longitude"].Double();
    c.place_name = Clean(m["location"]["name"].Text());
    c.place_address = Clean(m["location"]["address"].Text());
  } else if (c.type == "reaction") {
    c.kind = InboundKind::kReaction;
    c.text = Clean(m["reaction"]["emoji"].Text());
  } else if (c.type == "edit" || c.type == "revoke") {
    c.kind = InboundKind::kChange;
  } else if (c.type == "system") {
    c.kind = InboundKind::kSystem;
    c.text = Clean(m["system"]["type"].Text());
  } else {
    for (const char* kind : {"image", "video", "audio", "document", "sticker", "voice"}) {
      if (c.type == kind) media(m[kind]);
    }
  }
  return c;
}

struct Parser {
  absl::Time now;
  ParsedWebhook out;

  void Message(const JsonView& value, const JsonView& m) {
    InboundItem item;
    item.phone_number_id = value["metadata"]["phone_number_id"].Text();
    item.wamid = Clean(m["id"].Text());
    if (item.wamid.empty() || item.wamid.size() > 256 || m["group_id"].exists()) return void(++out.unknown);
    const JsonView contact = value["contacts"][0];
    for (const std::string& id :
         {m["from"].Text(), m["from_user_id"].Text(), contact["wa_id"].Text(), contact["user_id"].Text()}) {
      if (IsBsuid(id)) {
        if (item.bsuid.empty()) item.bsuid = id;
      } else if (item.wa_id.empty()) {
        item.wa_id = Clean(id);
      }
    }
    if (item.wa_id.empty() && item.bsuid.empty()) return void(++out.unknown);
    item.profile_name = Clean(contact["profile"]["name"].Text());
    item.names_wamid = Clean(m["context"]["id"].Text());
    item.at = At(m["timestamp"], now);
    item.content = ParseContent(m);
    if (item.content.kind == InboundKind::kOther) ++out.unknown;
    if (item.content.text == "user_changed_number") item.new_wa_id = Clean(m["system"]["wa_id"].Text());
    out.items.push_back(std::move(item));
  }

  void Status(const JsonView& value, const JsonView& s) {
    StatusItem item;
    item.phone_number_id = value["metadata"]["phone_number_id"].Text();
    item.wamid = Clean(s["id"].Text());
    item.callback = Clean(s["biz_opaque_callback_data"].Text());
    const std::optional<ReportedStatus> status = ParseReportedStatus(s["status"].Text());
    if (!status || item.wamid.size() > 256 || item.callback.size() > 512) return void(++out.unknown);
    item.report.status = *status;
    item.report.at = At(s["timestamp"], now);
    item.report.error_code = static_cast<int>(s["errors"][0]["code"].Int());
    item.has_pricing = s["pricing"].is_object();
    item.billing_category = Clean(s["pricing"]["category"].Text());
    item.billable = s["pricing"]["billable"].Bool();
    out.items.push_back(std::move(item));
  }

  void Template(const std::string& waba, const std::string& field, const JsonView& entry, const JsonView& v) {
    TemplateItem item{.waba_id = waba,
                      .graph_id = v["message_template_id"].Text(),
                      .name = Clean(v["message_template_name"].Text()),
                      .language = absl::StrReplaceAll(Clean(v["message_template_language"].Text()), {{"-", "_"}}),
                      .at = At(entry["time"], now)};
    if (field == "message_template_status_update") {
      item.status = Clean(v["event"].Text());
      item.reason = Clean(v["reason"].Text());
      if (item.reason == "NONE") item.reason = "";
      item.category = Clean(v["message_template_category"].Text());
    } else if (field == "message_template_quality_update") {
      item.quality = Clean(v["new_quality_score"].Text());
    } else if (v["previous_category"].exists()) {
      item.category = Clean(v["new_category"].Text());
    }
    out.items.push_back(std::move(item));
  }

  void Preferences(const JsonView& value) {
    const JsonView list = value["user_preferences"];
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i]["category"].Text() != "marketing_messages") {
        ++out.unknown;
        continue;
      }
      out.items.push_back(PreferenceItem{value["metadata"]["phone_number_id"].Text(), Clean(list[i]["wa_id"].Text()),
                                         Clean(list[i]["user_id"].Text()), list[i]["value"].Text() == "stop",
                                         At(list[i]["timestamp"], now)});
    }
  }

  void Change(const JsonView& entry, const JsonView& change) {
    const std::string field = change["field"].Text();
    const JsonView value = change["value"];
    if (field == "messages") {
      const JsonView messages = value["messages"], statuses = value["statuses"];
      for (size_t i = 0; i < messages.size(); ++i) Message(value, messages[i]);
      for (size_t i = 0; i < statuses.size(); ++i) Status(value, statuses[i]);
    } else if (field == "message_template_status_update" || field == "message_template_quality_update" ||
               field == "template_category_update") {
      Template(entry["id"].Text(), field, entry, value);
    } else if (field == "user_preferences") {
      Preferences(value);
    } else {
      ++out.unknown;
    }
  }
};

}  // namespace

ParsedWebhook ParseWebhook(absl::string_view body, absl::Time now) {
  Parser parser{now, {}};
  const JsonView entries = JsonView::Parse(body)["entry"];
  if (!entries.is_array()) ++parser.out.unknown;
  for (size_t e = 0; e < entries.size(); ++e) {
    const JsonView changes = entries[e]["changes"];
    for (size_t c = 0; c < changes.size(); ++c) parser.Change(entries[e], changes[c]);
  }
  return std::move(parser.out);
}

}  // namespace vinculo::messaging
