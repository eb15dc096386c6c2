#include "services/messaging/store/message_repository.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

// Without what a status does not touch: reading and decoding the content costs more than the rest. Which template it
// was lies beside it, for the counters of reports.
#define FACTS COLUMNS_OF("'{}', ''")
#define COLUMNS COLUMNS_OF("m.content, m.fallback")
#define COLUMNS_OF(CONTENT)                                                                                        \
  "m.message_id, m.contact_id, m.sender_id, m.campaign_id, m.lane, m.phase, m.attempt, m.token, m.due_at, "        \
  "m.expire_at, m.resend, " CONTENT                                                                                \
  ", m.version, m.category, m.quote_wamid, m.reply_route, m.reply_ref, m.labels, m.caller, "                       \
  "m.wamid, "                                                                                                      \
  "m.error_reason, m.error_code, m.created_at, m.accepted_at, m.sent_at, m.delivered_at, m.read_at, m.failed_at, " \
  "m.expired_at, "                                                                                                 \
  "c.customer_id, m.ledger_contact_id, m.origin, c.country, m.test, m.billing_category, m.billable, m.price, "     \
  "m.currency, m.reserved, m.template_name, m.template_language FROM message m JOIN contact c ON c.tenant_id = "   \
  "m.tenant_id AND "                                                                                               \
  "c.contact_id = "                                                                                                \
  "m.contact_id "

constexpr sql::Query kInsert{"message_insert",
                             "INSERT INTO message (tenant_id, message_id, contact_id, sender_id, campaign_id, lane, "
                             "state, phase, attempt, token, due_at, "
                             "expire_at, resend, content, fallback, version, category, quote_wamid, reply_route, "
                             "reply_ref, labels, caller, wamid, error_reason, "
                             "error_code, billing_category, created_at, ledger_contact_id, origin, test, currency, "
                             "reserved, template_name, template_language, wa_id) VALUES (?, ?, ?, ?, ?, ?, ?, "
                             "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', 0, '', ?, ?, ?, ?, ?, ?, ?, ?, '')"};
constexpr sql::Query kCountQueued{"message_count_queued",
                                  "SELECT COUNT(*) FROM sender s JOIN message m ON m.tenant_id = s.tenant_id AND "
                                  "m.sender_id = s.sender_id AND m.lane "
                                  "IN (1, 2) AND m.state = 1 AND m.state IN (1, 2, 3) WHERE s.tenant_id = ?"};
constexpr sql::Query kGet{"message_get", "SELECT " COLUMNS "WHERE m.tenant_id = ? AND m.message_id = ?"};
constexpr sql::Query kFacts{"message_facts", "SELECT " FACTS "WHERE m.tenant_id = ? AND m.message_id = ?"};
constexpr sql::Query kManyFacts{"message_many_facts", "SELECT " FACTS
                                                      "WHERE m.tenant_id = ? AND m.message_id IN (?, ?, ?, ?, ?, ?, ?, "
                                                      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                                      "?, ?, ?, ?, ?, ?, ?, ?)"};
constexpr size_t kMany = 32;
constexpr int kLastCampaignMessages = 32;
constexpr sql::Query kByWamid{"message_by_wamid",
                              "SELECT " FACTS "WHERE m.tenant_id = ? AND m.wamid = ? AND m.wamid <> '' LIMIT 1"};
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
constexpr sql::Query kDue{
    "message_due",
    "SELECT " COLUMNS
    "WHERE m.tenant_id = ? AND m.sender_id = ? AND m.lane = ? AND m.state = 1 AND m.state IN (1, 2, 3) AND m.due_at <= "
    "? AND (m.due_at, m.message_id) > (?, ?) AND m.campaign_id IS NULL ORDER BY m.due_at, m.message_id LIMIT ?"};
constexpr sql::Query kPostponeContact{
    "message_postpone_contact",
    "UPDATE message SET due_at = ?1 WHERE tenant_id = ?2 AND contact_id = ?3 AND message_id >= ?4 AND sender_id = ?5 "
    "AND lane = ?6 AND state = 1 AND campaign_id IS NULL AND due_at < ?1"};
constexpr sql::Query kNextDue{
    "message_next_due",
    "SELECT due_at FROM message WHERE tenant_id = ? AND sender_id = ? AND lane = ? AND state = 1 AND state IN (1, "
    "2, 3) AND campaign_id IS NULL ORDER BY due_at LIMIT 1"};
constexpr sql::Query kOrphans{
    "message_orphans",
    "SELECT " COLUMNS
    "WHERE m.tenant_id = ? AND m.sender_id = ? AND m.lane = ? AND m.state = 2 AND m.state IN (1, 2, 3) AND m.token "
    "< ? ORDER BY m.due_at, m.message_id LIMIT ?"};
constexpr sql::Query kUnknownDue{
    "message_unknown_due",
    "SELECT " COLUMNS
    "WHERE m.tenant_id = ? AND m.sender_id = ? AND m.lane = ? AND m.state = 3 AND m.state IN (1, 2, 3) AND "
    "m.due_at <= ? ORDER BY m.due_at, m.message_id LIMIT ?"};
constexpr sql::Query kUnknownWaiting{
    "message_unknown_waiting",
    "SELECT 1 FROM message WHERE tenant_id = ? AND sender_id = ? AND lane = 2 AND state = 3 AND state IN (1, "
    "2, 3) AND due_at < ? AND campaign_id = ? LIMIT 1"};
constexpr sql::Query kAwaited{"message_awaited", "SELECT " COLUMNS
                                                 "WHERE m.tenant_id = ? AND m.state IN (4, 5, 6) AND m.due_at <= ? "
                                                 "ORDER BY m.due_at, m.message_id LIMIT ?"};
constexpr sql::Query kLastFacts{"message_last_facts",
                                "SELECT " FACTS
                                "WHERE m.tenant_id = ? AND m.contact_id = ? ORDER BY m.message_id DESC LIMIT ?"};
constexpr sql::Query kByContact{
    "message_by_contact",
    "SELECT " COLUMNS
    "WHERE m.tenant_id = ? AND m.contact_id = ? AND m.message_id < ? ORDER BY m.message_id DESC LIMIT ?"};
constexpr sql::Query kByCampaign{
    "message_by_campaign",
    "SELECT " COLUMNS
    "WHERE m.tenant_id = ? AND m.campaign_id = ? AND m.message_id < ? AND m.campaign_id IS NOT NULL ORDER BY "
    "m.message_id DESC LIMIT ?"};

Message ReadMessage(const sql::Row& r, absl::Status& status) {
  Message m;
  m.id = r.Id(0);
  m.contact_id = r.Id(1);
  m.sender_id = r.Id(2);
  m.campaign_id = r.OptionalId(3);
  m.lane = static_cast<Lane>(r.Int(4));
  m.progress.phase = static_cast<Phase>(r.Int(5));
  m.progress.attempt = static_cast<int>(r.Int(6));
  m.token = r.Int(7);
  m.due_at = r.Time(8);
  m.expire_at = r.Time(9);
  m.resend = static_cast<ResendPolicy>(r.Int(10));
  absl::StatusOr<Content> content = DecodeContent(r.Text(11));
  content.ok() ? void(m.content = *std::move(content)) : void(status = content.status());
  if (!r.Text(12).empty()) {
    absl::StatusOr<Content> fallback = DecodeContent(r.Text(12));
    if (fallback.ok() && std::holds_alternative<TemplateContent>(*fallback))
      m.fallback = std::get<TemplateContent>(*std::move(fallback));
  }
  m.version = static_cast<int>(r.Int(13));
  m.category = static_cast<Category>(r.Int(14));
  m.quote_wamid = r.String(15);
  m.reply_route = {static_cast<Route>(r.Int(16)), r.String(17)};
  absl::StatusOr<std::map<std::string, std::string>> labels = DecodeMap(r.Text(18));
  labels.ok() ? void(m.labels = *std::move(labels)) : void(status = labels.status());
  m.caller = r.String(19);
  m.wamid = r.String(20);
  m.progress.error_reason = r.String(21);
  m.progress.error_code = static_cast<int>(r.Int(22));
  m.created_at = r.Time(23);
  m.progress.accepted_at = r.OptionalTime(24);
  m.progress.sent_at = r.OptionalTime(25);
  m.progress.delivered_at = r.OptionalTime(26);
  m.progress.read_at = r.OptionalTime(27);
  m.progress.failed_at = r.OptionalTime(28);
  m.progress.expired_at = r.OptionalTime(29);
  m.customer_id = r.String(30);
  m.ledger_contact_id = r.OptionalId(31);
  m.origin = static_cast<Origin>(r.Int(32));
  m.country = r.String(33);
  m.test = r.Bool(34);
  m.billing_category = r.String(35);
  if (!r.IsNull(36)) m.billable = r.Bool(36);
  if (!r.IsNull(37)) m.price = r.Int(37);
  m.currency = r.String(38);
  m.reserved = r.Int(39);
  if (std::holds_alternative<std::monostate>(m.content) && !r.Text(40).empty())
    m.content = TemplateContent{r.String(40), r.String(41), {}};
  return m;
}

template <class... Args>
absl::StatusOr<std::optional<Message>> FindOne(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  absl::Status decoded;
  ASSIGN_OR_RETURN(std::optional<Message> found,
                   tx.Find(
                       query, [&](const sql::Row& r) { return ReadMessage(r, decoded); }, args...));
  RETURN_IF_ERROR(decoded);
  return found;
}

template <class... Args>
absl::StatusOr<std::optional<int64_t>> FindNumber(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  return tx.Find(
      query, [](const sql::Row& r) { return r.Int(0); }, args...);
}

template <class... Args>
absl::Status Collect(sql::Transaction& tx, std::vector<Message>& out, const sql::Query& query, const Args&... args) {
  absl::Status decoded;
  RETURN_IF_ERROR(tx.Each(
      query, [&](const sql::Row& r) { out.push_back(ReadMessage(r, decoded)); }, args...));
  return decoded;
}

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

absl::StatusOr<int64_t> MessageRepository::CountQueued(sql::Transaction& tx) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> n, FindNumber(tx, kCountQueued, tx.tenant()));
  return n.value_or(0);
}

absl::StatusOr<std::optional<Message>> MessageRepository::Find(sql::Transaction& tx, const Uuid& id) {
  return FindOne(tx, kGet, tx.tenant(), id);
}

absl::StatusOr<std::optional<Message>> MessageRepository::FindFacts(sql::Transaction& tx, const Uuid& id) {
  return FindOne(tx, kFacts, tx.tenant(), id);
}

absl::StatusOr<std::vector<Message>> MessageRepository::FindAllFacts(sql::Transaction& tx,
                                                                     const std::vector<Uuid>& ids) {
  std::vector<Message> out;
  for (size_t at = 0; at < ids.size(); at += kMany) {
    // The last page is filled up with its first id.
    std::array<Uuid, kMany> page;
    for (size_t i = 0; i < kMany; ++i) page[i] = at + i < ids.size() ? ids[at + i] : ids[at];
    RETURN_IF_ERROR(
        std::apply([&](const auto&... id) { return Collect(tx, out, kManyFacts, tx.tenant(), id...); }, page));
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
  return FindOne(tx, kByWamid, tx.tenant(), wamid);
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

absl::StatusOr<std::vector<Message>> MessageRepository::Due(sql::Transaction& tx, const Uuid& sender, Lane lane,
                                                            absl::Time now, const DuePosition& after, int limit) {
  std::vector<Message> out;
  RETURN_IF_ERROR(Collect(tx, out, kDue, tx.tenant(), sender, lane, now, after.due_at, after.id, limit));
  return out;
}

absl::Status MessageRepository::PostponeContact(sql::Transaction& tx, const Message& m, absl::Time until) {
  return tx.Exec(kPostponeContact, until, tx.tenant(), m.contact_id, m.id, m.sender_id, m.lane);
}

absl::StatusOr<std::optional<absl::Time>> MessageRepository::NextDue(sql::Transaction& tx, const Uuid& sender) {
  std::optional<absl::Time> next;
  for (Lane lane : {Lane::kTransactional, Lane::kBulk}) {
    ASSIGN_OR_RETURN(const std::optional<absl::Time> due,
                     tx.Find(
                         kNextDue, [](const sql::Row& r) { return r.Time(0); }, tx.tenant(), sender, lane));
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

absl::StatusOr<std::vector<Message>> MessageRepository::Orphans(sql::Transaction& tx, const Uuid& sender, int64_t token,
                                                                int limit) {
  std::vector<Message> out;
  for (Lane lane : {Lane::kTransactional, Lane::kBulk})
    RETURN_IF_ERROR(Collect(tx, out, kOrphans, tx.tenant(), sender, lane, token, limit));
  return out;
}

absl::StatusOr<std::vector<Message>> MessageRepository::UnknownDue(sql::Transaction& tx, const Uuid& sender,
                                                                   absl::Time now, int limit) {
  std::vector<Message> out;
  for (Lane lane : {Lane::kTransactional, Lane::kBulk})
    RETURN_IF_ERROR(Collect(tx, out, kUnknownDue, tx.tenant(), sender, lane, now, limit));
  return out;
}

absl::StatusOr<std::vector<Message>> MessageRepository::Awaited(sql::Transaction& tx, absl::Time now, int limit) {
  std::vector<Message> out;
  RETURN_IF_ERROR(Collect(tx, out, kAwaited, tx.tenant(), now, limit));
  return out;
}

absl::StatusOr<bool> MessageRepository::UnknownWaiting(sql::Transaction& tx, const Uuid& sender, const Uuid& campaign,
                                                       absl::Time never) {
  ASSIGN_OR_RETURN(const auto found, FindNumber(tx, kUnknownWaiting, tx.tenant(), sender, never, campaign));
  return found.has_value();
}

absl::StatusOr<std::vector<Message>> MessageRepository::ListByContact(sql::Transaction& tx, const Uuid& contact,
                                                                      const Uuid& before, int limit) {
  std::vector<Message> out;
  RETURN_IF_ERROR(Collect(tx, out, kByContact, tx.tenant(), contact, Before(before), limit));
  return out;
}

absl::StatusOr<std::vector<Message>> MessageRepository::ListByCampaign(sql::Transaction& tx, const Uuid& campaign,
                                                                       const Uuid& before, int limit) {
  std::vector<Message> out;
  RETURN_IF_ERROR(Collect(tx, out, kByCampaign, tx.tenant(), campaign, Before(before), limit));
  return out;
}

absl::StatusOr<std::optional<Message>> MessageRepository::LastCampaignMessage(sql::Transaction& tx, const Uuid& contact,
                                                                              const Uuid& sender, absl::Time since,
                                                                              absl::Time until) {
  std::vector<Message> newest;
  RETURN_IF_ERROR(Collect(tx, newest, kLastFacts, tx.tenant(), contact, kLastCampaignMessages));
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
  return {kAcceptBegun,    kSetWaId,        kAnsweredWith, kFacts,      kManyFacts,       kUpdateReported,
          kAwaited,        kLastFacts,      kInsert,       kGet,        kByWamid,         kUpdate,
          kUpdateProgress, kSetPricing,     kDue,          kNextDue,    kPostponeContact, kOrphans,
          kUnknownDue,     kUnknownWaiting, kByContact,    kByCampaign, kCountQueued};
}

}  // namespace vinculo::messaging
