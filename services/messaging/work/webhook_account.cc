#include "services/messaging/work/webhook_account.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/messaging/domain/contact.h"
#include "services/messaging/work/inbound_content.h"
#include "services/messaging/work/webhook_fields.h"

namespace vinculo::messaging {
namespace {

struct Change {
  const JsonView& entry;
  const std::string& field;
  const JsonView& value;
  absl::Time now;
  std::vector<WebhookItem>& out;

  std::string Waba() const { return CleanText(entry["id"]); }
  absl::Time Happened() const { return At(entry["time"], now); }
};

// A WhatsApp or user id in either place: whatever looks like a user id is one.
void TakeIds(const std::string& first, const std::string& second, std::string& wa_id, std::string& bsuid) {
  for (const std::string& id : {first, second}) {
    std::string& slot = IsBsuid(id) ? bsuid : wa_id;
    if (slot.empty()) slot = id;
  }
}

std::optional<int64_t> OptionalInt(const JsonView& value) {
  return value.exists() ? std::optional<int64_t>(value.Int()) : std::nullopt;
}

TemplateItem TemplateOf(const Change& c, TemplateTopic topic) {
  return {.topic = topic,
          .waba_id = c.Waba(),
          .graph_id = CleanText(c.value["message_template_id"]),
          .name = CleanText(c.value["message_template_name"]),
          .language = absl::StrReplaceAll(CleanText(c.value["message_template_language"]), {{"-", "_"}}),
          .at = c.Happened()};
}

int TemplateStatus(const Change& c) {
  TemplateItem item = TemplateOf(c, TemplateTopic::kStatus);
  const JsonView& v = c.value;
  item.status = CleanText(v["event"]);
  item.reason = CleanText(v["reason"]);
  if (item.reason == "NONE") item.reason = "";
  item.category = CleanText(v["message_template_category"]);
  item.disable_at = OptionalTime(v["disable_info"]["disable_date"]);
  item.other_title = CleanText(v["other_info"]["title"]);
  item.other_description = CleanText(v["other_info"]["description"]);
  item.rejection_reason = CleanText(v["rejection_info"]["reason"]);
  item.rejection_recommendation = CleanText(v["rejection_info"]["recommendation"]);
  c.out.push_back(std::move(item));
  return 0;
}

int TemplateQuality(const Change& c) {
  TemplateItem item = TemplateOf(c, TemplateTopic::kQuality);
  item.quality = CleanText(c.value["new_quality_score"]);
  item.previous_quality = CleanText(c.value["previous_quality_score"]);
  c.out.push_back(std::move(item));
  return 0;
}

int TemplateCategory(const Change& c) {
  TemplateItem item = TemplateOf(c, TemplateTopic::kCategory);
  item.previous_category = CleanText(c.value["previous_category"]);
  item.announced_category = CleanText(c.value["correct_category"]);
  if (!item.previous_category.empty()) item.category = CleanText(c.value["new_category"]);
  c.out.push_back(std::move(item));
  return 0;
}

int TemplateParts(const Change& c) {
  c.out.push_back(TemplateOf(c, TemplateTopic::kComponents));
  return 0;
}

int Number(const Change& c) {
  const JsonView& v = c.value;
  c.out.push_back(NumberItem{
      .waba_id = c.Waba(),
      .display_phone_number = CleanText(v["display_phone_number"]),
      .event = CleanText(v["event"]),
      .max_daily_conversations_per_business = CleanText(v["max_daily_conversations_per_business"]),
      .current_limit = CleanText(v["current_limit"]),
      .old_limit = CleanText(v["old_limit"]),
      .at = c.Happened(),
  });
  return 0;
}

int Capability(const Change& c) {
  const JsonView& v = c.value;
  c.out.push_back(CapabilityItem{
      .waba_id = c.Waba(),
      .max_daily_conversations_per_business = OptionalInt(v["max_daily_conversations_per_business"]),
      .max_daily_conversation_per_phone = OptionalInt(v["max_daily_conversation_per_phone"]),
      .max_phone_numbers_per_business = OptionalInt(v["max_phone_numbers_per_business"]),
      .max_phone_numbers_per_waba = OptionalInt(v["max_phone_numbers_per_waba"]),
      .at = c.Happened(),
  });
  return 0;
}

int Account(const Change& c) {
  const JsonView& v = c.value;
  AccountItem item{.waba_id = c.Waba(), .event = CleanText(v["event"]), .at = c.Happened()};
  const JsonView restrictions = v["restriction_info"];
  for (size_t i = 0; i < restrictions.size(); ++i) {
    const JsonView r = restrictions[i];
    item.restrictions.push_back({CleanText(r["restriction_type"]), OptionalTime(r["expiration"])});
  }
  const JsonView state = v["ban_info"]["waba_ban_state"];
  item.waba_ban_state = CleanText(state.is_array() ? state[0] : state);
  item.waba_ban_date = OptionalTime(v["ban_info"]["waba_ban_date"]);
  item.violation_type = CleanText(v["violation_info"]["violation_type"]);
  c.out.push_back(std::move(item));
  return 0;
}

int Preferences(const Change& c) {
  const JsonView list = c.value["user_preferences"];
  int unknown = list.is_array() ? 0 : 1;
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonView p = list[i];
    PreferenceItem item{.phone_number_id = CleanText(c.value["metadata"]["phone_number_id"]),
                        .waba_id = c.Waba(),
                        .value = CleanText(p["value"]),
                        .detail = CleanText(p["detail"]),
                        .signup_id = CleanText(p["signup_id"]),
                        .at = At(p["timestamp"], c.now)};
    TakeIds(CleanText(p["wa_id"]), CleanText(p["user_id"]), item.wa_id, item.bsuid);
    item.stop = item.value == "stop";
    const bool known = item.stop || item.value == "resume" || item.value == "signup";
    if (!known || p["category"].Text() != "marketing_messages" || (item.wa_id.empty() && item.bsuid.empty())) {
      ++unknown;
      continue;
    }
    c.out.push_back(std::move(item));
  }
  return unknown;
}

// Only what names things and says what happened; who asked for it is nobody's business in a log.
int Notice(const Change& c) {
  NoticeItem item{.waba_id = c.Waba(), .field = c.field, .at = c.Happened()};
  for (const char* key :
       {"event", "entity_type", "entity_id", "alert_severity", "alert_status", "alert_type", "alert_description",
        "decision", "display_phone_number", "requested_verified_name", "rejection_reason"}) {
    const std::string value = CleanText(c.value[key]);
    if (!value.empty()) absl::StrAppend(&item.summary, item.summary.empty() ? "" : " ", key, "=", value);
  }
  c.out.push_back(std::move(item));
  return 0;
}

int Echoes(const Change& c) {
  const JsonView list = c.value["message_echoes"];
  int unknown = list.is_array() ? 0 : 1;
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonView m = list[i];
    EchoItem item{.phone_number_id = CleanText(c.value["metadata"]["phone_number_id"]),
                  .wamid = CleanText(m["id"]),
                  .at = At(m["timestamp"], c.now),
                  .content = ParseInboundContent(m)};
    TakeIds(CleanText(m["to"]), CleanText(m["to_user_id"]), item.to_wa_id, item.to_bsuid);
    if (item.wamid.empty() || item.wamid.size() > 256 || (item.to_wa_id.empty() && item.to_bsuid.empty())) {
      ++unknown;
      continue;
    }
    c.out.push_back(std::move(item));
  }
  return unknown;
}

}  // namespace

int ParseAccountChange(const JsonView& entry, const std::string& field, const JsonView& value, absl::Time now,
                       std::vector<WebhookItem>& out) {
  using Reader = int (*)(const Change&);
  static const auto& readers =
      *new absl::flat_hash_map<std::string, Reader>{{"message_template_status_update", TemplateStatus},
                                                    {"message_template_quality_update", TemplateQuality},
                                                    {"template_category_update", TemplateCategory},
                                                    {"message_template_components_update", TemplateParts},
                                                    {"phone_number_quality_update", Number},
                                                    {"business_capability_update", Capability},
                                                    {"user_preferences", Preferences},
                                                    {"account_update", Account},
                                                    {"account_alerts", Notice},
                                                    {"account_review_update", Notice},
                                                    {"phone_number_name_update", Notice},
                                                    {"security", Notice},
                                                    {"smb_message_echoes", Echoes}};
  const auto reader = readers.find(field);
  if (reader == readers.end() || !value.is_object()) return 1;
  return reader->second({entry, field, value, now, out});
}

}  // namespace vinculo::messaging
