#include "services/messaging/store/message_repository.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"
#include "services/messaging/store/message_row.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kInsert{"message_insert",
                             "INSERT INTO message (tenant_id, message_id, contact_id, sender_id, campaign_id, lane, "
                             "state, phase, attempt, token, due_at, "
                             "expire_at, resend, content, fallback, version, category, quote_wamid, reply_route, "
                             "reply_ref, labels, caller, wamid, error_reason, "
                             "error_code, billing_category, created_at, ledger_contact_id, origin, test, currency, "
                             "reserved, template_name, template_language, wa_id) VALUES (?, ?, ?, ?, ?, ?, ?, "
                             "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', 0, '', ?, ?, ?, ?, ?, ?, ?, ?, '')"};
constexpr sql::Query kGet{"message_get",
                          "SELECT " VINCULO_MESSAGE_COLUMNS "WHERE m.tenant_id = ? AND m.message_id = ?"};
constexpr sql::Query kFacts{"message_facts",
                            "SELECT " VINCULO_MESSAGE_FACTS "WHERE m.tenant_id = ? AND m.message_id = ?"};
constexpr sql::Query kManyFacts{"message_many_facts", "SELECT " VINCULO_MESSAGE_FACTS
                                                      "WHERE m.tenant_id = ? AND m.message_id IN (?, ?, ?, ?, ?, ?, ?, "
                                                      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                                      "?, ?, ?, ?, ?, ?, ?, ?)"};
constexpr size_t kMany = 32;
constexpr int kLastCampaignMessages = 32;
constexpr sql::Query kByWamid{"message_by_wamid", "SELECT " VINCULO_MESSAGE_FACTS
                                                  "WHERE m.tenant_id = ? AND m.wamid = ? AND m.wamid <> '' LIMIT 1"};
constexpr sql::Query kUpdate{"message_update",
                             "UPDATE message SET state = ?, phase = ?, attempt = ?, token = ?, due_at = ?, content = "
                             "?, fallback = ?, version = ?, category = ?, lane = ?, resend = ?, currency = ?, reserved "
                             "= ?, template_name = ?, template_language = ?, "
                             "wamid = ?, error_reason = ?, error_code = ?, accepted_at = ?, sent_at = ?, delivered_at "
                             "= ?, read_at = ?, failed_at = ?, expired_at = "
                             "? WHERE tenant_id = ? AND message_id = ?"};
constexpr sql::Query kUpdateProgress{"message_update_progress",
                                     "UPDATE message SET state = ?, phase = ?, attempt = ?, token = ?, due_at = ?, "
                                     "wamid = ?, error_reason = ?, error_code = ?, accepted_at "
                                     "= ?, sent_at = ?, delivered_at = ?, read_at = ?, failed_at = ?, expired_at = ? "
                                     "WHERE tenant_id = ? AND message_id = ?"};
// An erased message, whose content is gone, learns nothing of the person any more.
#define WA_ID "wa_id = CASE WHEN content = '{}' THEN '' ELSE ? END WHERE tenant_id = ? AND message_id = ?"
constexpr sql::Query kAcceptBegun{"message_accept_begun",
                                  "UPDATE message SET state = ?, phase = ?, due_at = ?, wamid = ?, accepted_at = "
                                  "?, " WA_ID " AND attempt = ? AND phase = ? AND contact_id = ?"};
constexpr sql::Query kSetWaId{"message_set_wa_id", "UPDATE message SET " WA_ID};
// Newest first: mostly each one answers it, and the order says by contact.
constexpr sql::Query kAnsweredWith{
    "message_answered_with",
    "SELECT 1 FROM message WHERE tenant_id = ? AND contact_id = ? AND wa_id = ? ORDER BY message_id DESC LIMIT 1"};
// Touches no index of attempts and wamids: statuses come three times as often as messages.
constexpr sql::Query kUpdateReported{
    "message_update_reported",
    "UPDATE message SET state = ?, phase = ?, due_at = ?, error_reason = ?, error_code = ?, accepted_at = ?, sent_at = "
    "?, delivered_at = ?, read_at = ?, failed_at = ?, expired_at = ? WHERE tenant_id = ? AND message_id = ?"};
constexpr sql::Query kSetPricing{
    "message_set_pricing",
    "UPDATE message SET billing_category = ?, billable = ?, price = ?, currency = ? WHERE tenant_id = ? AND message_id "
    "= ?"};
constexpr sql::Query kLastFacts{"message_last_facts",
                                "SELECT " VINCULO_MESSAGE_FACTS
                                "WHERE m.tenant_id = ? AND m.contact_id = ? ORDER BY m.message_id DESC LIMIT ?"};
constexpr sql::Query kByContact{
    "message_by_contact",
    "SELECT " VINCULO_MESSAGE_COLUMNS
    "WHERE m.tenant_id = ? AND m.contact_id = ? AND m.message_id < ? ORDER BY m.message_id DESC LIMIT ?"};
constexpr sql::Query kByCampaign{
    "message_by_campaign",
    "SELECT " VINCULO_MESSAGE_COLUMNS
    "WHERE m.tenant_id = ? AND m.campaign_id = ? AND m.message_id < ? AND m.campaign_id IS NOT NULL ORDER BY "
    "m.message_id DESC LIMIT ?"};

// Which template a message is of, apart from the values in it.
struct TemplateKey {
  explicit TemplateKey(const Content& content) {
    const auto* t = std::get_if<TemplateContent>(&content);
    if (t != nullptr) name = t->name, language = t->language;
  }
  std::string name;
  std::string language;
};

Uuid Before(const Uuid& before) {
  static const Uuid newest = *Uuid::FromBytes(std::string(16, '\xff'));
  return before.is_nil() ? newest : before;
}

}  // namespace

absl::Status MessageRepository::Insert(sql::Transaction& tx, const Message& m) {
  const std::string fallback = m.fallback ? EncodeContent(*m.fallback) : "";
  const TemplateKey key(m.content);
  RETURN_IF_ERROR(tx.Exec(kInsert, tx.tenant(), m.id, m.contact_id, m.sender_id, m.campaign_id, m.lane, m.state(),
                          m.progress.phase, m.progress.attempt, m.token, m.due_at, m.expire_at, m.resend,
                          EncodeContent(m.content), fallback, m.version, m.category, m.quote_wamid, m.reply_route.route,
                          m.reply_route.ref, EncodeMap(m.labels), m.caller, m.created_at, m.ledger_contact_id, m.origin,
                          m.test, m.currency, m.reserved, key.name, key.language));
  if (m.progress.phase == Phase::kQueued) tx.Raise(kSignalQueue);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Message>> MessageRepository::Find(sql::Transaction& tx, const Uuid& id) {
  return FindMessage(tx, kGet, tx.tenant(), id);
}

absl::StatusOr<std::optional<Message>> MessageRepository::FindFacts(sql::Transaction& tx, const Uuid& id) {
  return FindMessage(tx, kFacts, tx.tenant(), id);
}

absl::StatusOr<std::vector<Message>> MessageRepository::FindAllFacts(sql::Transaction& tx,
                                                                     const std::vector<Uuid>& ids) {
  std::vector<Message> out;
  for (size_t at = 0; at < ids.size(); at += kMany) {
    // The last page is filled up with its first id.
    std::array<Uuid, kMany> page;
    for (size_t i = 0; i < kMany; ++i) page[i] = at + i < ids.size() ? ids[at + i] : ids[at];
    RETURN_IF_ERROR(
        std::apply([&](const auto&... id) { return CollectMessages(tx, out, kManyFacts, tx.tenant(), id...); }, page));
  }
  return out;
}

absl::StatusOr<Message> MessageRepository::Get(sql::Transaction& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(std::optional<Message> found, Find(tx, id));
  if (!found) return NotFound("message", id.ToString());
  return *std::move(found);
}

absl::StatusOr<std::optional<Message>> MessageRepository::FindByWamid(sql::Transaction& tx, const std::string& wamid) {
  if (wamid.empty()) return std::nullopt;
  return FindMessage(tx, kByWamid, tx.tenant(), wamid);
}

absl::Status MessageRepository::Update(sql::Transaction& tx, const Message& m) {
  const Progress& p = m.progress;
  const std::string fallback = m.fallback ? EncodeContent(*m.fallback) : "";
  const TemplateKey key(m.content);
  return tx.Exec(kUpdate, m.state(), p.phase, p.attempt, m.token, m.next_look(), EncodeContent(m.content), fallback,
                 m.version, m.category, m.lane, m.resend, m.currency, m.reserved, key.name, key.language, m.wamid,
                 p.error_reason, p.error_code, p.accepted_at, p.sent_at, p.delivered_at, p.read_at, p.failed_at,
                 p.expired_at, tx.tenant(), m.id);
}

absl::Status MessageRepository::UpdateProgress(sql::Transaction& tx, const Message& m) {
  const Progress& p = m.progress;
  return tx.Exec(kUpdateProgress, m.state(), p.phase, p.attempt, m.token, m.next_look(), m.wamid, p.error_reason,
                 p.error_code, p.accepted_at, p.sent_at, p.delivered_at, p.read_at, p.failed_at, p.expired_at,
                 tx.tenant(), m.id);
}

absl::StatusOr<bool> MessageRepository::AcceptBegun(sql::Transaction& tx, const Message& m, const std::string& wa_id) {
  ASSIGN_OR_RETURN(const int64_t changed, tx.ExecCount(kAcceptBegun, m.state(), m.progress.phase, m.next_look(),
                                                       m.wamid, m.progress.accepted_at, wa_id, tx.tenant(), m.id,
                                                       m.progress.attempt, Phase::kSending, m.contact_id));
  return changed == 1;
}

absl::Status MessageRepository::SetWaId(sql::Transaction& tx, const Uuid& id, const std::string& wa_id) {
  return tx.Exec(kSetWaId, wa_id, tx.tenant(), id);
}

absl::StatusOr<bool> MessageRepository::AnsweredWith(sql::Transaction& tx, const Uuid& contact,
                                                     const std::string& wa_id) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> found, FindNumber(tx, kAnsweredWith, tx.tenant(), contact, wa_id));
  return found.has_value();
}

absl::Status MessageRepository::UpdateReported(sql::Transaction& tx, const Message& m) {
  const Progress& p = m.progress;
  return tx.Exec(kUpdateReported, m.state(), p.phase, m.next_look(), p.error_reason, p.error_code, p.accepted_at,
                 p.sent_at, p.delivered_at, p.read_at, p.failed_at, p.expired_at, tx.tenant(), m.id);
}

absl::Status MessageRepository::SetPricing(sql::Transaction& tx, const Message& m) {
  return tx.Exec(kSetPricing, m.billing_category, m.billable, m.price, m.currency, tx.tenant(), m.id);
}

absl::StatusOr<std::vector<Message>> MessageRepository::ListByContact(sql::Transaction& tx, const Uuid& contact,
                                                                      const Uuid& before, int limit) {
  std::vector<Message> out;
  RETURN_IF_ERROR(CollectMessages(tx, out, kByContact, tx.tenant(), contact, Before(before), limit));
  return out;
}

absl::StatusOr<std::vector<Message>> MessageRepository::ListByCampaign(sql::Transaction& tx, const Uuid& campaign,
                                                                       const Uuid& before, int limit) {
  std::vector<Message> out;
  RETURN_IF_ERROR(CollectMessages(tx, out, kByCampaign, tx.tenant(), campaign, Before(before), limit));
  return out;
}

absl::StatusOr<std::optional<Message>> MessageRepository::LastCampaignMessage(sql::Transaction& tx, const Uuid& contact,
                                                                              const Uuid& sender, absl::Time since,
                                                                              absl::Time until) {
  std::vector<Message> newest;
  RETURN_IF_ERROR(CollectMessages(tx, newest, kLastFacts, tx.tenant(), contact, kLastCampaignMessages));
  const auto answers = [&](const Message& m) {
    const std::optional<absl::Time>& at = m.progress.accepted_at;
    return m.campaign_id && m.sender_id == sender && at && *at >= since && *at <= until;
  };
  std::erase_if(newest, [&](const Message& m) { return !answers(m); });
  const auto last = std::max_element(newest.begin(), newest.end(), [](const Message& a, const Message& b) {
    return *a.progress.accepted_at < *b.progress.accepted_at;
  });
  return last == newest.end() ? std::nullopt : std::optional<Message>(std::move(*last));
}

std::vector<sql::Query> MessageRepository::Queries() {
  std::vector<sql::Query> all = QueueQueries();
  all.insert(all.end(), {kAcceptBegun, kSetWaId, kAnsweredWith, kFacts, kManyFacts, kUpdateReported, kLastFacts,
                         kInsert, kGet, kByWamid, kUpdate, kUpdateProgress, kSetPricing, kByContact, kByCampaign});
  return all;
}

}  // namespace vinculo::messaging
