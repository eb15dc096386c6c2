#include "services/messaging/store/campaign_repository.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"
#include "services/messaging/store/recipient_row.h"

namespace vinculo::messaging {
namespace {

#define COLUMNS                                                                                                      \
  "campaign_id, display_name, sender_id, channel_id, template_name, plan, reply_route, reply_ref, rate_per_second, " \
  "deadline, state, "                                                                                                \
  "pause_reason, pause_when_frozen, freeze_cursor, started_at, ended_at, caller, revision, created_at, guards, "     \
  "frozen, "                                                                                                         \
  "frozen_places, canary_phase, canary_size, canary_until, waiting_on, waiting_until"

constexpr sql::Query kInsert{"campaign_insert",
                             "INSERT INTO campaign (tenant_id, " COLUMNS
                             ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                             "?, ?)"};
constexpr sql::Query kGet{"campaign_get", "SELECT " COLUMNS " FROM campaign WHERE tenant_id = ? AND campaign_id = ?"};
constexpr sql::Query kList{"campaign_list",
                           "SELECT " COLUMNS
                           " FROM campaign WHERE tenant_id = ? AND campaign_id < ? ORDER BY campaign_id DESC LIMIT ?"};
constexpr sql::Query kUpdate{
    "campaign_update",
    "UPDATE campaign SET state = ?, pause_reason = ?, pause_when_frozen = ?, freeze_cursor = ?, started_at = ?, "
    "ended_at = ?, revision = ?, frozen = ?, frozen_places = ?, canary_phase = ?, canary_size = ?, canary_until = ?, "
    "waiting_on = ?, waiting_until = ? WHERE tenant_id = ? AND campaign_id = ?"};
constexpr sql::Query kRewrite{"campaign_rewrite",
                              "UPDATE campaign SET display_name = ?, sender_id = ?, channel_id = ?, template_name = ?, "
                              "plan = ?, reply_route = ?, "
                              "reply_ref = ?, rate_per_second = ?, deadline = ?, guards = ?, revision = ? WHERE "
                              "tenant_id = ? AND campaign_id = ?"};
constexpr sql::Query kSetWait{
    "campaign_set_wait",
    "UPDATE campaign SET waiting_on = ?, waiting_until = ? WHERE tenant_id = ? AND campaign_id = ?"};
constexpr sql::Query kDelete{"campaign_delete", "DELETE FROM campaign WHERE tenant_id = ? AND campaign_id = ?"};
constexpr sql::Query kLive{"campaign_live",
                           "SELECT campaign_id FROM campaign WHERE tenant_id = ? AND state IN (2, 3, 4) LIMIT ?"};
constexpr sql::Query kRunning{"campaign_running_of_sender",
                              "SELECT " COLUMNS
                              " FROM campaign WHERE tenant_id = ? AND sender_id = ? AND state = 4 AND state IN (3, 4) "
                              "ORDER BY campaign_id"};

constexpr sql::Query kOfTemplate{"campaign_of_template",
                                 "SELECT " COLUMNS
                                 " FROM campaign WHERE tenant_id = ? AND channel_id = ? AND template_name = ? AND "
                                 "state IN (2, 3, 4, 5) ORDER BY state, campaign_id LIMIT ?"};

#define ROW VINCULO_RECIPIENT_ROW("")
constexpr sql::Query kInsertRow{"campaign_recipient_insert",
                                "INSERT INTO campaign_recipient (tenant_id, " ROW
                                ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, NULL, 0, NULL, NULL)"};
constexpr sql::Query kGetRow{"campaign_recipient_get",
                             "SELECT " ROW
                             " FROM campaign_recipient WHERE tenant_id = ? AND campaign_id = ? AND contact_id = ?"};
constexpr sql::Query kDue{
    "campaign_recipient_due",
    "SELECT " ROW
    " FROM campaign_recipient WHERE tenant_id = ? AND campaign_id = ? AND state = 2 AND not_before <= ? "
    "ORDER BY not_before, position LIMIT ?"};
constexpr sql::Query kNextDue{
    "campaign_recipient_next_due",
    "SELECT not_before, tries FROM campaign_recipient WHERE tenant_id = ? AND campaign_id = ? AND state = 2 ORDER BY "
    "not_before LIMIT 1"};
constexpr sql::Query kQueuedOf{"campaign_recipient_of_contact",
                               "SELECT " ROW
                               " FROM campaign_recipient WHERE tenant_id = ? AND contact_id = ? AND state = 2"};
constexpr sql::Query kUpdateRow{
    "campaign_recipient_update",
    "UPDATE campaign_recipient SET state = ?, reason = ?, message_id = ?, not_before = ?, tries = ?, updated_at "
    "= ? WHERE tenant_id = ? AND campaign_id = ? AND position = ? AND contact_id = ?"};
constexpr sql::Query kRetryable{
    "campaign_recipient_retryable",
    "SELECT " ROW
    " FROM campaign_recipient WHERE tenant_id = ? AND campaign_id = ? AND state = ? AND state IN (3, 5, 11) AND "
    "contact_id > ? ORDER BY contact_id LIMIT ?"};
constexpr sql::Query kRequeue{
    "campaign_recipient_requeue",
    "UPDATE campaign_recipient SET state = 2, reason = '', message_id = NULL, tries = 0, not_before = ?, round = ?, "
    "first_message_id = ?, capped_retries = ?, updated_at = ? WHERE tenant_id = ? AND campaign_id = ? AND contact_id = "
    "?"};
constexpr sql::Query kShowMessage{
    "campaign_recipient_show_message",
    "UPDATE campaign_recipient SET state = ?, reason = ?, not_before = ?, tries = ?, updated_at = ? WHERE "
    "tenant_id = ? AND campaign_id = ? AND position = ? AND contact_id = ? AND message_id = ?"};
constexpr sql::Query kSetReplied{
    "campaign_recipient_set_replied",
    "UPDATE campaign_recipient SET replied = ?, opted_out = ?, replied_at = ?, opted_out_at = ? WHERE tenant_id = ? "
    "AND campaign_id = ? AND contact_id = ?"};
constexpr sql::Query kCounts{
    "campaign_count_get",
    "SELECT state, reason, count FROM campaign_count WHERE tenant_id = ? AND campaign_id = ? AND count <> 0"};
constexpr sql::Query kRecount{
    "campaign_recount",
    "SELECT state, reason, COUNT(*), SUM(CASE replied WHEN 1 THEN 1 ELSE 0 END), SUM(CASE replied WHEN 2 THEN 1 "
    "ELSE 0 END), SUM(opted_out) FROM campaign_recipient WHERE tenant_id = ? AND campaign_id = ? GROUP BY state, "
    "reason"};

Campaign Read(const sql::Row& r, absl::Status& status) {
  Campaign c;
  c.id = r.Id(0);
  c.display_name = r.String(1);
  c.sender_id = r.Id(2);
  c.channel_id = r.Id(3);
  c.template_name = r.String(4);
  if (const absl::Status decoded = DecodePlan(r.Text(5), c); !decoded.ok()) status = decoded;
  c.reply_route = {static_cast<Route>(r.Int(6)), r.String(7)};
  c.rate_per_second = static_cast<int>(r.Int(8));
  c.deadline = r.OptionalTime(9);
  c.state = static_cast<CampaignState>(r.Int(10));
  c.pause_reason = r.String(11);
  c.pause_when_frozen = r.Bool(12);
  c.freeze_cursor = r.Id(13);
  c.started_at = r.OptionalTime(14);
  c.ended_at = r.OptionalTime(15);
  c.caller = r.String(16);
  c.revision = r.Int(17);
  c.created_at = r.Time(18);
  if (const absl::Status decoded = DecodeGuards(r.Text(19), c); !decoded.ok()) status = decoded;
  c.frozen = r.Bool(20);
  absl::StatusOr<std::map<std::string, std::string>> places = DecodeMap(r.Text(21));
  places.ok() ? void(c.frozen_places = *std::move(places)) : void(status = places.status());
  c.canary_phase = static_cast<CanaryPhase>(r.Int(22));
  c.canary_size = r.Int(23);
  c.canary_until = r.OptionalTime(24);
  c.wait = {r.String(25), r.OptionalTime(26)};
  return c;
}

template <class... Args>
absl::StatusOr<std::vector<Recipient>> Rows(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  std::vector<Recipient> out;
  absl::Status decoded;
  RETURN_IF_ERROR(tx.Each(
      query, [&](const sql::Row& r) { out.push_back(ReadRecipient(r, decoded)); }, args...));
  RETURN_IF_ERROR(decoded);
  return out;
}

template <class... Args>
absl::StatusOr<std::vector<Campaign>> Campaigns(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  std::vector<Campaign> out;
  absl::Status decoded;
  RETURN_IF_ERROR(tx.Each(
      query, [&](const sql::Row& r) { out.push_back(Read(r, decoded)); }, args...));
  RETURN_IF_ERROR(decoded);
  return out;
}

}  // namespace

absl::Status CampaignRepository::Insert(sql::Transaction& tx, const Campaign& c) {
  return tx.Exec(kInsert, tx.tenant(), c.id, c.display_name, c.sender_id, c.channel_id, c.template_name, EncodePlan(c),
                 c.reply_route.route, c.reply_route.ref, c.rate_per_second, c.deadline, c.state, c.pause_reason,
                 c.pause_when_frozen, c.freeze_cursor, c.started_at, c.ended_at, c.caller, c.revision, c.created_at,
                 EncodeGuards(c), c.frozen, EncodeMap(c.frozen_places), c.canary_phase, c.canary_size, c.canary_until,
                 c.wait.reason, c.wait.until);
}

absl::StatusOr<Campaign> CampaignRepository::Get(sql::Transaction& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(std::vector<Campaign> found, Campaigns(tx, kGet, tx.tenant(), id));
  if (found.empty()) return NotFound("campaign", id.ToString());
  return std::move(found[0]);
}

absl::StatusOr<std::vector<Campaign>> CampaignRepository::List(sql::Transaction& tx, const Uuid& before, int limit) {
  static const Uuid newest = *Uuid::FromBytes(std::string(16, '\xff'));
  return Campaigns(tx, kList, tx.tenant(), before.is_nil() ? newest : before, limit);
}

absl::Status CampaignRepository::Update(sql::Transaction& tx, Campaign& c) {
  ++c.revision;
  return tx.Exec(kUpdate, c.state, c.pause_reason, c.pause_when_frozen, c.freeze_cursor, c.started_at, c.ended_at,
                 c.revision, c.frozen, EncodeMap(c.frozen_places), c.canary_phase, c.canary_size, c.canary_until,
                 c.wait.reason, c.wait.until, tx.tenant(), c.id);
}

absl::Status CampaignRepository::Rewrite(sql::Transaction& tx, Campaign& c) {
  ++c.revision;
  return tx.Exec(kRewrite, c.display_name, c.sender_id, c.channel_id, c.template_name, EncodePlan(c),
                 c.reply_route.route, c.reply_route.ref, c.rate_per_second, c.deadline, EncodeGuards(c), c.revision,
                 tx.tenant(), c.id);
}

absl::Status CampaignRepository::SetWait(sql::Transaction& tx, const Campaign& c) {
  return tx.Exec(kSetWait, c.wait.reason, c.wait.until, tx.tenant(), c.id);
}

absl::Status CampaignRepository::Delete(sql::Transaction& tx, const Uuid& id) {
  return tx.Exec(kDelete, tx.tenant(), id);
}

absl::StatusOr<int> CampaignRepository::CountLive(sql::Transaction& tx) {
  int live = 0;
  RETURN_IF_ERROR(tx.Each(
      kLive, [&](const sql::Row&) { ++live; }, tx.tenant(), kMaxLiveCampaigns));
  return live;
}

absl::StatusOr<std::vector<Campaign>> CampaignRepository::Running(sql::Transaction& tx, const Uuid& sender) {
  return Campaigns(tx, kRunning, tx.tenant(), sender);
}

absl::StatusOr<std::vector<Campaign>> CampaignRepository::OfTemplate(sql::Transaction& tx, const Uuid& channel,
                                                                     const std::string& name, int limit) {
  return Campaigns(tx, kOfTemplate, tx.tenant(), channel, name, limit);
}

absl::Status CampaignRepository::InsertRecipient(sql::Transaction& tx, const Recipient& r) {
  return tx.Exec(kInsertRow, tx.tenant(), r.campaign_id, r.contact_id, r.position, r.state, r.reason, r.language,
                 r.version, r.category, EncodeMap(r.params), r.round, r.tries, r.message_id, r.not_before,
                 r.updated_at);
}

absl::StatusOr<std::optional<Recipient>> CampaignRepository::FindRecipient(sql::Transaction& tx, const Uuid& campaign,
                                                                           const Uuid& contact) {
  ASSIGN_OR_RETURN(std::vector<Recipient> found, Rows(tx, kGetRow, tx.tenant(), campaign, contact));
  if (found.empty()) return std::nullopt;
  return std::move(found[0]);
}

absl::StatusOr<std::vector<Recipient>> CampaignRepository::Due(sql::Transaction& tx, const Uuid& campaign,
                                                               absl::Time now, int limit) {
  return Rows(tx, kDue, tx.tenant(), campaign, now, limit);
}

absl::StatusOr<std::optional<CampaignRepository::NextRow>> CampaignRepository::NextDue(sql::Transaction& tx,
                                                                                       const Uuid& campaign) {
  const auto read = [](const sql::Row& r) { return NextRow{r.Time(0), r.Int(1) > 0}; };
  return tx.Find(kNextDue, read, tx.tenant(), campaign);
}

absl::StatusOr<std::vector<Recipient>> CampaignRepository::Retryable(sql::Transaction& tx, const Uuid& campaign,
                                                                     RecipientState state, const Uuid& after,
                                                                     int limit) {
  return Rows(tx, kRetryable, tx.tenant(), campaign, state, after, limit);
}

absl::Status CampaignRepository::Requeue(sql::Transaction& tx, const Recipient& r) {
  return tx.Exec(kRequeue, r.not_before, r.round, r.first_message_id, r.capped_retries, r.updated_at, tx.tenant(),
                 r.campaign_id, r.contact_id);
}

absl::StatusOr<std::vector<Recipient>> CampaignRepository::QueuedOf(sql::Transaction& tx, const Uuid& contact) {
  return Rows(tx, kQueuedOf, tx.tenant(), contact);
}

absl::Status CampaignRepository::UpdateRecipient(sql::Transaction& tx, const Recipient& r) {
  return tx.Exec(kUpdateRow, r.state, r.reason, r.message_id, r.not_before, r.tries, r.updated_at, tx.tenant(),
                 r.campaign_id, r.position, r.contact_id);
}

absl::StatusOr<bool> CampaignRepository::ShowMessage(sql::Transaction& tx, const Recipient& r) {
  ASSIGN_OR_RETURN(const int64_t changed,
                   tx.ExecCount(kShowMessage, r.state, r.reason, r.not_before, r.tries, r.updated_at, tx.tenant(),
                                r.campaign_id, r.position, r.contact_id, r.message_id));
  return changed == 1;
}

absl::Status CampaignRepository::SetReplied(sql::Transaction& tx, const Recipient& r) {
  return tx.Exec(kSetReplied, r.replied, r.opted_out, r.replied_at, r.opted_out_at, tx.tenant(), r.campaign_id,
                 r.contact_id);
}

absl::StatusOr<RecipientCounts> CampaignRepository::Counts(sql::Transaction& tx, const Uuid& campaign) {
  RecipientCounts out;
  RETURN_IF_ERROR(tx.Each(
      kCounts,
      [&](const sql::Row& r) {
        out[{static_cast<RecipientState>(r.Int(0)), r.String(1)}] = r.Int(2);
      },
      tx.tenant(), campaign));
  return out;
}

absl::StatusOr<RecipientCounts> CampaignRepository::Recount(sql::Transaction& tx, const Uuid& campaign) {
  RecipientCounts out;
  const auto add = [&](RecipientState state, int64_t n) {
    if (n != 0) out[{state, ""}] += n;
  };
  RETURN_IF_ERROR(tx.Each(
      kRecount,
      [&](const sql::Row& r) {
        out[{static_cast<RecipientState>(r.Int(0)), r.String(1)}] += r.Int(2);
        add(RecipientState::kReplierDirect, r.Int(3));
        add(RecipientState::kReplierInferred, r.Int(4));
        add(RecipientState::kOptOut, r.Int(5));
      },
      tx.tenant(), campaign));
  return out;
}

std::vector<sql::Query> CampaignRepository::Queries() {
  return {kInsert,  kGet,         kList,       kUpdate, kRewrite, kSetWait,   kDelete,    kLive,
          kRunning, kInsertRow,   kGetRow,     kDue,    kNextDue, kQueuedOf,  kUpdateRow, kRetryable,
          kRequeue, kShowMessage, kSetReplied, kCounts, kRecount, kOfTemplate};
}

}  // namespace vinculo::messaging
