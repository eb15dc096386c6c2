#include "services/messaging/work/webhook_parse.h"

#include <limits>

#include "absl/strings/match.h"
#include "services/messaging/domain/contact.h"
#include "services/messaging/work/inbound_content.h"
#include "services/messaging/work/json_view.h"
#include "services/messaging/work/webhook_account.h"
#include "services/messaging/work/webhook_fields.h"

namespace vinculo::messaging {
namespace {

constexpr size_t kWamidMax = 256;
constexpr size_t kCallbackMax = 512;

int CodeOf(const JsonView& error) {
  const int64_t code = error["code"].Int();
  return code >= 0 && code <= std::numeric_limits<int>::max() ? static_cast<int>(code) : 0;
}

// A BSUID is one wherever it stands [M-07]; the first of a kind holds.
void Put(const std::string& id, std::string& wa_id, std::string& bsuid) {
  std::string& slot = IsBsuid(id) ? bsuid : wa_id;
  if (slot.empty()) slot = id;
}

// Whether the message is billed: as said, else as the kind of pricing implies.
std::optional<bool> Billable(const JsonView& pricing) {
  if (const std::optional<bool> told = pricing["billable"].Flag()) return told;
  const std::string type = pricing["type"].Text();
  if (type == "regular") return true;
  return absl::StartsWith(type, "free_") ? std::optional(false) : std::nullopt;
}

// The field `messages` of one change.
struct MessagesParser {
  const JsonView& value;
  absl::Time now;
  ParsedWebhook& out;
  const std::string phone_number_id = CleanText(value["metadata"]["phone_number_id"]);

  // The entry of `contacts` about this sender; they stand in no promised order.
  JsonView Profile(const std::string& from, const std::string& from_user) const {
    const JsonView contacts = value["contacts"];
    for (size_t i = 0; i < contacts.size(); ++i) {
      const std::string wa_id = contacts[i]["wa_id"].Text(), user_id = contacts[i]["user_id"].Text();
      const auto is = [&](const std::string& id) { return !id.empty() && (id == from || id == from_user); };
      if (is(wa_id) || is(user_id)) return contacts[i];
    }
    return contacts[contacts.size() == 1 || (from.empty() && from_user.empty()) ? 0 : contacts.size()];
  }

  void Message(const JsonView& m) {
    InboundItem item{.phone_number_id = phone_number_id, .wamid = CleanText(m["id"])};
    if (item.wamid.empty() || item.wamid.size() > kWamidMax || m["group_id"].exists()) return void(++out.unknown);
    const std::string from = CleanText(m["from"]), from_user = CleanText(m["from_user_id"]);
    const JsonView profile = Profile(from, from_user);
    for (const std::string& id : {from, from_user, CleanText(profile["wa_id"]), CleanText(profile["user_id"])})
      Put(id, item.wa_id, item.bsuid);
    if (item.wa_id.empty() && item.bsuid.empty()) return void(++out.unknown);
    item.profile_name = CleanText(profile["profile"]["name"]);
    item.names_wamid = CleanText(m["context"]["id"]);
    item.from_advert = m["referral"].is_object();
    item.at = At(m["timestamp"], now);
    item.content = ParseInboundContent(m);
    if (item.content.kind == InboundKind::kOther) ++out.unknown;
    if (item.content.kind == InboundKind::kSystem && item.content.text == "user_changed_number") {
      for (const char* name : {"wa_id", "user_id"}) Put(CleanText(m["system"][name]), item.new_wa_id, item.new_bsuid);
    }
    out.items.push_back(std::move(item));
  }

  void Status(const JsonView& s) {
    StatusItem item{.phone_number_id = phone_number_id,
                    .wamid = CleanText(s["id"]),
                    .callback = CleanText(s["biz_opaque_callback_data"])};
    const std::optional<ReportedStatus> status = ParseReportedStatus(s["status"].Text());
    const bool nameless = item.wamid.empty() && item.callback.empty();
    if (!status || nameless || item.wamid.size() > kWamidMax || item.callback.size() > kCallbackMax)
      return void(++out.unknown);
    item.report = {.status = *status, .at = At(s["timestamp"], now), .error_code = CodeOf(s["errors"][0])};
    item.recipient_wa_id = CleanText(s["recipient_id"]);
    item.recipient_bsuid = CleanText(s["recipient_user_id"]);
    if (IsBsuid(item.recipient_wa_id)) item.recipient_bsuid = std::exchange(item.recipient_wa_id, "");
    const JsonView pricing = s["pricing"];
    item.has_pricing = pricing.is_object();
    item.billing_category = CleanText(pricing["category"]);
    item.billing_type = CleanText(pricing["type"]);
    item.billable = Billable(pricing);
    out.items.push_back(std::move(item));
  }

  void Error(const JsonView& e) {
    out.items.push_back(AccountErrorItem{.phone_number_id = phone_number_id,
                                         .code = CodeOf(e),
                                         .title = CleanText(e["title"]),
                                         .message = CleanText(e["message"]),
                                         .details = CleanText(e["error_data"]["details"]),
                                         .href = CleanText(e["href"]),
                                         .at = now});
  }

  void All() {
    const JsonView messages = value["messages"], statuses = value["statuses"], errors = value["errors"];
    for (size_t i = 0; i < messages.size(); ++i) Message(messages[i]);
    for (size_t i = 0; i < statuses.size(); ++i) Status(statuses[i]);
    for (size_t i = 0; i < errors.size(); ++i) Error(errors[i]);
    if (!messages.is_array() && !statuses.is_array() && !errors.is_array()) ++out.unknown;
  }
};

}  // namespace

ParsedWebhook ParseWebhook(absl::string_view body, absl::Time now) {
  ParsedWebhook out;
  const JsonView entries = JsonView::Parse(body)["entry"];
  if (!entries.is_array()) ++out.unknown;
  for (size_t e = 0; e < entries.size(); ++e) {
    const JsonView changes = entries[e]["changes"];
    if (!changes.is_array()) ++out.unknown;
    for (size_t c = 0; c < changes.size(); ++c) {
      const std::string field = changes[c]["field"].Text();
      const JsonView value = changes[c]["value"];
      if (field == "messages") {
        MessagesParser{value, now, out}.All();
      } else {
        out.unknown += ParseAccountChange(entries[e], field, value, now, out.items);
      }
    }
  }
  return out;
}

}  // namespace vinculo::messaging
