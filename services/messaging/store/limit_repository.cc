#include "services/messaging/store/limit_repository.h"

#include <algorithm>

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

// Open at its end, for what else a campaign's message must be to count. ?2 sender, ?3 portfolio, ?4 and ?5 between
// which ids a campaign's message still counts.
#define ADDRESSEE                                                                                                      \
  "c.contact_id, c.state, c.name, c.first_name, c.language, c.time_zone, c.country, c.customer_id, c.phone, c.bsuid, " \
  "c.marketing, c.transactional, c.suppressed, c.marketing_rest_until, w.open_until, w.pair_paid_at, x.last_at, "      \
  "c.recent_marketing, c.tester, "                                                                                     \
  "(SELECT COUNT(*) FROM message b WHERE b.tenant_id = c.tenant_id AND b.contact_id = c.contact_id AND "               \
  "b.message_id >= ?4 AND b.message_id < ?5 AND b.sender_id = ?2 AND b.campaign_id IS NOT NULL"
#define ADDRESSEE_JOIN                                                                                             \
  " LEFT JOIN contact_window w ON w.tenant_id = c.tenant_id AND w.sender_id = ?2 AND w.contact_id = c.contact_id " \
  "LEFT JOIN reach x ON x.tenant_id = c.tenant_id AND x.portfolio_id = ?3 AND x.contact_id = c.contact_id "

constexpr int kAddresseeColumns = 20;

constexpr sql::Query kFind{"addressee_get", "SELECT " ADDRESSEE ") FROM contact c" ADDRESSEE_JOIN
                                            "WHERE c.tenant_id = ?1 AND c.contact_id = ?6"};
constexpr sql::Query kDue{
    "addressee_due",
    "SELECT " ADDRESSEE
    " AND (r.message_id IS NULL OR b.message_id <> r.message_id)), r.position, r.reason, r.language, r.version, "
    "r.category, r.params, r.round, r.tries, r.message_id, "
    "r.not_before, "
    "r.replied, r.opted_out, r.updated_at FROM campaign_recipient r JOIN contact c ON c.tenant_id = r.tenant_id AND "
    "c.contact_id = r.contact_id" ADDRESSEE_JOIN
    "WHERE r.tenant_id = ?1 AND r.campaign_id = ?6 AND r.state = 2 AND r.not_before <= ?7 ORDER BY r.not_before, "
    "r.position LIMIT ?8"};
constexpr sql::Query kPairPaid{
    "window_pair_paid",
    "INSERT INTO contact_window (tenant_id, sender_id, contact_id, hold_route, hold_ref, pair_paid_at) VALUES (?, ?, "
    "?, 0, '', ?) ON CONFLICT (tenant_id, sender_id, contact_id) DO UPDATE SET pair_paid_at = excluded.pair_paid_at"};
constexpr sql::Query kRefundPair{"window_pair_refund",
                                 "UPDATE contact_window SET pair_paid_at = pair_paid_at - ? WHERE tenant_id = ? AND "
                                 "sender_id = ? AND contact_id = ? "
                                 "AND pair_paid_at IS NOT NULL"};
constexpr sql::Query kReachUsed{"reach_count_get",
                                "SELECT used FROM reach_count WHERE tenant_id = ? AND portfolio_id = ?"};
constexpr sql::Query kTakeReach{
    "reach_take",
    "INSERT INTO reach (tenant_id, portfolio_id, contact_id, last_at, message_id, uses) VALUES (?1, ?2, ?3, ?4, ?5, 1) "
    "ON CONFLICT (tenant_id, portfolio_id, contact_id) DO UPDATE SET uses = CASE WHEN reach.last_at <= ?6 THEN 1 ELSE "
    "reach.uses + 1 END, last_at = excluded.last_at, message_id = excluded.message_id"};
constexpr sql::Query kAddReach{
    "reach_count_add",
    "INSERT INTO reach_count (tenant_id, portfolio_id, used) VALUES (?, ?, ?) ON CONFLICT (tenant_id, portfolio_id) DO "
    "UPDATE SET used = reach_count.used + excluded.used"};
constexpr sql::Query kGiveReachBack{
    "reach_give_back",
    "DELETE FROM reach WHERE tenant_id = ? AND portfolio_id = ? AND contact_id = ? AND message_id = ? AND uses = 1"};
constexpr sql::Query kSweepReach{
    "reach_sweep",
    "DELETE FROM reach WHERE tenant_id = ?1 AND portfolio_id = ?2 AND contact_id IN (SELECT contact_id FROM reach "
    "WHERE tenant_id = ?1 AND portfolio_id = ?2 AND last_at <= ?3 ORDER BY last_at LIMIT ?4)"};
constexpr sql::Query kOldestReach{
    "reach_oldest", "SELECT last_at FROM reach WHERE tenant_id = ? AND portfolio_id = ? ORDER BY last_at LIMIT 1"};

constexpr int64_t kTick = 25'000;  // microseconds
constexpr int kSlots = 64;
constexpr int kInbound = 1, kOutbound = 2;
constexpr sql::Query kCountTraffic{
    "sender_traffic_add",
    "INSERT INTO sender_traffic (tenant_id, sender_id, direction, slot, tick, count) VALUES (?, ?, ?, ?, ?, ?) ON "
    "CONFLICT (tenant_id, sender_id, direction, slot) DO UPDATE SET count = CASE WHEN sender_traffic.tick = "
    "excluded.tick THEN sender_traffic.count + excluded.count ELSE excluded.count END, tick = excluded.tick"};
constexpr sql::Query kTraffic{
    "sender_traffic_sum",
    "SELECT COALESCE(SUM(count), 0) FROM sender_traffic WHERE tenant_id = ? AND sender_id = ? AND direction = ? AND "
    "tick >= ?"};
constexpr sql::Query kReachExpired{
    "reach_expired", "SELECT COUNT(*) FROM reach WHERE tenant_id = ? AND portfolio_id = ? AND last_at <= ?"};
constexpr sql::Query kNextReachAfter{
    "reach_oldest_live",
    "SELECT last_at FROM reach WHERE tenant_id = ? AND portfolio_id = ? AND last_at > ? ORDER BY last_at LIMIT 1"};
constexpr sql::Query kCampaignBegun{
    "message_campaign_begun",
    "SELECT COUNT(*) FROM message WHERE tenant_id = ? AND campaign_id = ? AND message_id >= ? AND campaign_id IS NOT "
    "NULL"};

Addressee ReadAddressee(const sql::Row& r) {
  Addressee a;
  Contact& c = a.contact;
  c.id = r.Id(0);
  c.state = static_cast<ContactState>(r.Int(1));
  c.name = r.String(2);
  c.first_name = r.String(3);
  c.language = r.String(4);
  c.time_zone = r.String(5);
  c.country = r.String(6);
  c.customer_id = r.String(7);
  c.phone = r.String(8);
  c.bsuid = r.String(9);
  c.marketing = static_cast<Decision>(r.Int(10));
  c.transactional = static_cast<Decision>(r.Int(11));
  c.suppressed = static_cast<int>(r.Int(12));
  c.marketing_rest_until = r.OptionalTime(13);
  a.window_until = r.OptionalTime(14);
  a.pair_paid_at = r.OptionalTime(15);
  a.reach_at = r.OptionalTime(16);
  c.recent_marketing = DecodeTimes(r.Text(17));
  c.tester = r.Bool(18);
  a.campaigns_begun = static_cast<int>(r.Int(19));
  return a;
}

Recipient ReadDueRow(const sql::Row& r, const Uuid& campaign, const Uuid& contact, absl::Status& status) {
  constexpr int k = kAddresseeColumns;
  Recipient out{.campaign_id = campaign, .contact_id = contact, .position = r.Int(k), .reason = r.String(k + 1)};
  out.language = r.String(k + 2);
  out.version = static_cast<int>(r.Int(k + 3));
  out.category = static_cast<Category>(r.Int(k + 4));
  absl::StatusOr<PlaceValues> params = DecodeMap(r.Text(k + 5));
  params.ok() ? void(out.params = *std::move(params)) : void(status = params.status());
  out.round = static_cast<int>(r.Int(k + 6));
  out.tries = static_cast<int>(r.Int(k + 7));
  out.message_id = r.OptionalId(k + 8);
  out.not_before = r.Time(k + 9);
  out.replied = static_cast<int>(r.Int(k + 10));
  out.opted_out = r.Bool(k + 11);
  out.updated_at = r.Time(k + 12);
  return out;
}

// The least of all ids made at `at` or later: version 7 begins with milliseconds.
Uuid LeastIdAt(absl::Time at) {
  const uint64_t millis = static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMillis(at)));
  std::string bytes(16, '\0');
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<char>(millis >> (40 - 8 * i));
  return *Uuid::FromBytes(bytes);
}

template <class... Args>
absl::StatusOr<int64_t> Count(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> found, tx.Find(
                                                           query, [](const sql::Row& r) { return r.Int(0); }, args...));
  return found.value_or(0);
}

int64_t TickOf(absl::Time t) { return absl::ToUnixMicros(t) / kTick; }

}  // namespace

std::optional<absl::Time> Addressee::PairDebt(absl::Time now) const {
  if (campaigns_begun == 0) return pair_paid_at;
  return std::max(pair_paid_at.value_or(now), now) + kPairCost * campaigns_begun;
}

absl::StatusOr<Addressee> LimitRepository::Find(sql::Transaction& tx, const LimitScope& scope, const Uuid& contact,
                                                const BegunSpan& begun) {
  ASSIGN_OR_RETURN(std::optional<Addressee> found,
                   tx.Find(kFind, ReadAddressee, tx.tenant(), scope.sender_id, scope.portfolio_id,
                           LeastIdAt(begun.since), LeastIdAt(begun.until), contact));
  if (!found) return NotFound("contact", contact.ToString());
  return *std::move(found);
}

absl::StatusOr<std::vector<DueRecipient>> LimitRepository::Due(sql::Transaction& tx, const LimitScope& scope,
                                                               const Uuid& campaign, absl::Time now,
                                                               const BegunSpan& begun, int limit) {
  std::vector<DueRecipient> out;
  absl::Status decoded;
  RETURN_IF_ERROR(tx.Each(
      kDue,
      [&](const sql::Row& r) {
        Addressee to = ReadAddressee(r);
        Recipient row = ReadDueRow(r, campaign, to.contact.id, decoded);
        out.push_back({std::move(row), std::move(to)});
      },
      tx.tenant(), scope.sender_id, scope.portfolio_id, LeastIdAt(begun.since), LeastIdAt(begun.until), campaign, now,
      limit));
  RETURN_IF_ERROR(decoded);
  return out;
}

absl::Status LimitRepository::SetPairPaid(sql::Transaction& tx, const Uuid& sender, const Uuid& contact,
                                          absl::Time paid_at) {
  return tx.Exec(kPairPaid, tx.tenant(), sender, contact, paid_at);
}

absl::Status LimitRepository::RefundPair(sql::Transaction& tx, const Uuid& sender, const Uuid& contact) {
  return tx.Exec(kRefundPair, absl::ToInt64Microseconds(kPairCost), tx.tenant(), sender, contact);
}

absl::StatusOr<int64_t> LimitRepository::ReachUsed(sql::Transaction& tx, const std::string& portfolio) {
  return Count(tx, kReachUsed, tx.tenant(), portfolio);
}

absl::Status LimitRepository::TakeReach(sql::Transaction& tx, const std::string& portfolio, const Uuid& contact,
                                        const Uuid& message, absl::Time now) {
  return tx.Exec(kTakeReach, tx.tenant(), portfolio, contact, now, message, now - kReachSlot);
}

absl::Status LimitRepository::AddReach(sql::Transaction& tx, const std::string& portfolio, int64_t n) {
  return n == 0 ? absl::OkStatus() : tx.Exec(kAddReach, tx.tenant(), portfolio, n);
}

absl::Status LimitRepository::GiveReachBack(sql::Transaction& tx, const std::string& portfolio, const Uuid& contact,
                                            const Uuid& message) {
  ASSIGN_OR_RETURN(const int64_t freed, tx.ExecCount(kGiveReachBack, tx.tenant(), portfolio, contact, message));
  return AddReach(tx, portfolio, -freed);
}

absl::StatusOr<int64_t> LimitRepository::SweepReach(sql::Transaction& tx, const std::string& portfolio, absl::Time now,
                                                    int limit) {
  ASSIGN_OR_RETURN(const int64_t freed, tx.ExecCount(kSweepReach, tx.tenant(), portfolio, now - kReachSlot, limit));
  RETURN_IF_ERROR(AddReach(tx, portfolio, -freed));
  return freed;
}

absl::StatusOr<std::optional<absl::Time>> LimitRepository::NextReach(sql::Transaction& tx,
                                                                     const std::string& portfolio) {
  return tx.Find(
      kOldestReach, [](const sql::Row& r) { return r.Time(0) + kReachSlot; }, tx.tenant(), portfolio);
}

absl::StatusOr<int64_t> LimitRepository::ReachUsedAt(sql::Transaction& tx, const std::string& portfolio,
                                                     absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t used, ReachUsed(tx, portfolio));
  ASSIGN_OR_RETURN(const int64_t expired, Count(tx, kReachExpired, tx.tenant(), portfolio, now - kReachSlot));
  return used - expired;
}

absl::StatusOr<std::optional<absl::Time>> LimitRepository::NextReachAfter(sql::Transaction& tx,
                                                                          const std::string& portfolio,
                                                                          absl::Time now) {
  return tx.Find(
      kNextReachAfter, [](const sql::Row& r) { return r.Time(0) + kReachSlot; }, tx.tenant(), portfolio,
      now - kReachSlot);
}

absl::Status LimitRepository::CountInbound(sql::Transaction& tx, const Uuid& sender, int64_t n, absl::Time now) {
  return tx.Exec(kCountTraffic, tx.tenant(), sender, kInbound, TickOf(now) % kSlots, TickOf(now), n);
}

absl::Status LimitRepository::CountOutbound(sql::Transaction& tx, const Uuid& sender, int64_t n, absl::Time now) {
  if (n == 0) return absl::OkStatus();
  return tx.Exec(kCountTraffic, tx.tenant(), sender, kOutbound, TickOf(now) % kSlots, TickOf(now), n);
}

absl::StatusOr<int64_t> LimitRepository::InboundOfLastSecond(sql::Transaction& tx, const Uuid& sender, absl::Time now) {
  return Count(tx, kTraffic, tx.tenant(), sender, kInbound, TickOf(now - absl::Seconds(1)));
}

absl::StatusOr<int64_t> LimitRepository::OutboundOfLastSecond(sql::Transaction& tx, const Uuid& sender,
                                                              absl::Time now) {
  return Count(tx, kTraffic, tx.tenant(), sender, kOutbound, TickOf(now - absl::Seconds(1)));
}

absl::StatusOr<int64_t> LimitRepository::CampaignBegun(sql::Transaction& tx, const Uuid& campaign, absl::Time since) {
  return Count(tx, kCampaignBegun, tx.tenant(), campaign, LeastIdAt(since));
}

std::vector<sql::Query> LimitRepository::Queries() {
  return {kFind,         kDue,      kPairPaid,      kRefundPair,     kReachUsed,
          kTakeReach,    kAddReach, kGiveReachBack, kSweepReach,     kOldestReach,
          kCountTraffic, kTraffic,  kReachExpired,  kNextReachAfter, kCampaignBegun};
}

}  // namespace vinculo::messaging
