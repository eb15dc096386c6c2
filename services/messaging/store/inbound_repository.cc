#include "services/messaging/store/inbound_repository.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

#define WINDOW_KEY "tenant_id = ? AND sender_id = ? AND contact_id = ?"
constexpr sql::Query kGetWindow{"window_get",
                                "SELECT open_until, hold_route, hold_ref, hold_until, hold_set_at, entry_until FROM "
                                "contact_window WHERE " WINDOW_KEY};
constexpr sql::Query kExtend{
    "window_extend",
    "INSERT INTO contact_window (tenant_id, sender_id, contact_id, open_until, hold_route, hold_ref) VALUES (?, ?, ?, "
    "?, 0, '') ON CONFLICT (tenant_id, sender_id, contact_id) DO UPDATE SET open_until = excluded.open_until WHERE "
    "contact_window.open_until IS NULL OR contact_window.open_until < excluded.open_until"};
constexpr sql::Query kExtendEntry{
    "window_extend_entry",
    "INSERT INTO contact_window (tenant_id, sender_id, contact_id, hold_route, hold_ref, entry_until) VALUES (?, ?, ?, "
    "0, '', ?) ON CONFLICT (tenant_id, sender_id, contact_id) DO UPDATE SET entry_until = excluded.entry_until WHERE "
    "contact_window.entry_until IS NULL OR contact_window.entry_until < excluded.entry_until"};
constexpr sql::Query kSetHold{
    "window_set_hold",
    "INSERT INTO contact_window (tenant_id, sender_id, contact_id, hold_route, hold_ref, hold_until, hold_set_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, sender_id, contact_id) DO UPDATE SET hold_route = "
    "excluded.hold_route, hold_ref = excluded.hold_ref, hold_until = excluded.hold_until, hold_set_at = "
    "excluded.hold_set_at WHERE contact_window.hold_set_at IS NULL OR contact_window.hold_set_at <= "
    "excluded.hold_set_at"};
constexpr sql::Query kClearHold{
    "window_clear_hold", "UPDATE contact_window SET hold_route = 0, hold_ref = '', hold_until = NULL WHERE " WINDOW_KEY
                         " AND hold_ref = ? AND hold_route <> 0"};
constexpr sql::Query kNewestOpen{
    "window_newest_open",
    "SELECT sender_id FROM contact_window WHERE tenant_id = ? AND contact_id = ? AND open_until > ? ORDER BY "
    "open_until DESC LIMIT 1"};

constexpr sql::Query kSeen{"inbound_seen",
                           "SELECT 1 FROM inbound_event WHERE tenant_id = ? AND sender_id = ? AND wamid = ?"};
constexpr sql::Query kInsert{
    "inbound_insert",
    "INSERT INTO inbound_event (tenant_id, sender_id, wamid, contact_id, received_at, kind, content, route, ref, "
    "campaign_id, message_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
#define EVENT_COLUMNS \
  "sender_id, wamid, contact_id, received_at, kind, content, route, ref, campaign_id, message_id FROM inbound_event "
constexpr sql::Query kNewest{"inbound_newest", "SELECT " EVENT_COLUMNS
                                               "WHERE tenant_id = ? AND contact_id = ? ORDER BY received_at DESC, "
                                               "wamid DESC LIMIT ?"};
constexpr sql::Query kOlder{"inbound_older", "SELECT " EVENT_COLUMNS
                                             "WHERE tenant_id = ? AND contact_id = ? AND (received_at, wamid) < (?, ?) "
                                             "ORDER BY received_at DESC, wamid DESC LIMIT ?"};
constexpr sql::Query kPark{
    "parked_status_put",
    "INSERT INTO parked_status (tenant_id, wamid, callback, status, at, error_code, has_pricing, billing_category, "
    "billable, parked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, wamid, callback, status, at) "
    "DO NOTHING"};
constexpr sql::Query kParked{"parked_status_get",
                             "SELECT callback, status, at, error_code, has_pricing, billing_category, billable FROM "
                             "parked_status WHERE tenant_id = ? AND wamid = ?"};
constexpr sql::Query kAnyParked{"parked_status_any", "SELECT 1 FROM parked_status WHERE tenant_id = ? LIMIT 1"};
constexpr sql::Query kUnpark{"parked_status_delete", "DELETE FROM parked_status WHERE tenant_id = ? AND wamid = ?"};
constexpr sql::Query kSweepParked{
    "parked_status_sweep",
    "DELETE FROM parked_status WHERE tenant_id = ?1 AND parked_at < ?2 AND (wamid, callback, status, at) IN "
    "(SELECT wamid, callback, status, at FROM parked_status WHERE tenant_id = ?1 AND parked_at < ?2 LIMIT ?3)"};
constexpr sql::Query kPutRule{
    "routing_rule_put",
    "INSERT INTO routing_rule (tenant_id, rule_id, priority, keywords, prefixes, route, ref, pre_empt, revision) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (tenant_id, rule_id) DO UPDATE SET priority = "
    "excluded.priority, keywords = excluded.keywords, prefixes = excluded.prefixes, route = excluded.route, ref = "
    "excluded.ref, pre_empt = excluded.pre_empt, revision = routing_rule.revision + 1 RETURNING revision"};
constexpr sql::Query kDeleteRule{"routing_rule_delete", "DELETE FROM routing_rule WHERE tenant_id = ? AND rule_id = ?"};
constexpr sql::Query kRules{
    "routing_rule_list",
    "SELECT rule_id, priority, keywords, prefixes, route, ref, pre_empt, revision FROM routing_rule WHERE tenant_id = "
    "? ORDER BY priority, rule_id"};

}  // namespace

absl::StatusOr<Window> WindowRepository::Get(sql::Transaction& tx, const Uuid& sender, const Uuid& contact) {
  const auto read = [](const sql::Row& r) {
    Window w{.open_until = r.OptionalTime(0), .entry_until = r.OptionalTime(5)};
    if (r.Int(1) != 0) w.hold = Hold{{static_cast<Route>(r.Int(1)), r.String(2)}, r.Time(3), r.Time(4)};
    return w;
  };
  ASSIGN_OR_RETURN(const std::optional<Window> found, tx.Find(kGetWindow, read, tx.tenant(), sender, contact));
  return found.value_or(Window());
}

absl::Status WindowRepository::Extend(sql::Transaction& tx, const Uuid& sender, const Uuid& contact, absl::Time until) {
  return tx.Exec(kExtend, tx.tenant(), sender, contact, until);
}

absl::Status WindowRepository::ExtendEntry(sql::Transaction& tx, const Uuid& sender, const Uuid& contact,
                                           absl::Time until) {
  return tx.Exec(kExtendEntry, tx.tenant(), sender, contact, until);
}

absl::Status WindowRepository::SetHold(sql::Transaction& tx, const Uuid& sender, const Uuid& contact,
                                       const Hold& hold) {
  return tx.Exec(kSetHold, tx.tenant(), sender, contact, hold.to.route, hold.to.ref, hold.until, hold.set_at);
}

absl::Status WindowRepository::ClearHold(sql::Transaction& tx, const Uuid& sender, const Uuid& contact,
                                         const std::string& ref) {
  return tx.Exec(kClearHold, tx.tenant(), sender, contact, ref);
}

absl::StatusOr<std::optional<Uuid>> WindowRepository::NewestOpenSender(sql::Transaction& tx, const Uuid& contact,
                                                                       absl::Time now) {
  return tx.Find(
      kNewestOpen, [](const sql::Row& r) { return r.Id(0); }, tx.tenant(), contact, now + absl::Seconds(60));
}

std::vector<sql::Query> WindowRepository::Queries() {
  return {kGetWindow, kExtend, kExtendEntry, kSetHold, kClearHold, kNewestOpen};
}

absl::StatusOr<bool> InboundRepository::Seen(sql::Transaction& tx, const Uuid& sender, const std::string& wamid) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> found,
                   tx.Find(
                       kSeen, [](const sql::Row& r) { return r.Int(0); }, tx.tenant(), sender, wamid));
  return found.has_value();
}

absl::Status InboundRepository::Insert(sql::Transaction& tx, const InboundEvent& e) {
  return tx.Exec(kInsert, tx.tenant(), e.sender_id, e.wamid, e.contact_id, e.received_at, e.content.kind,
                 EncodeInbound(e.content), e.to.route, e.to.ref, e.campaign_id, e.message_id);
}

absl::StatusOr<std::vector<InboundEvent>> InboundRepository::ListByContact(sql::Transaction& tx, const Uuid& contact,
                                                                           const std::optional<Cursor>& before,
                                                                           int limit) {
  std::vector<InboundEvent> out;
  const auto read = [&](const sql::Row& r) -> absl::Status {
    InboundEvent e{.sender_id = r.Id(0),
                   .wamid = r.String(1),
                   .contact_id = r.Id(2),
                   .received_at = r.Time(3),
                   .to = {static_cast<Route>(r.Int(6)), r.String(7)},
                   .campaign_id = r.OptionalId(8),
                   .message_id = r.OptionalId(9)};
    ASSIGN_OR_RETURN(e.content, DecodeInbound(r.Text(5)));
    e.content.kind = static_cast<InboundKind>(r.Int(4));
    out.push_back(std::move(e));
    return absl::OkStatus();
  };
  if (before) {
    RETURN_IF_ERROR(tx.Each(kOlder, read, tx.tenant(), contact, before->received_at, before->wamid, limit));
  } else {
    RETURN_IF_ERROR(tx.Each(kNewest, read, tx.tenant(), contact, limit));
  }
  return out;
}

absl::Status InboundRepository::Park(sql::Transaction& tx, const StatusItem& s, absl::Time now) {
  return tx.Exec(kPark, tx.tenant(), s.wamid, s.callback, s.report.status, s.report.at, s.report.error_code,
                 s.has_pricing, s.billing_category, s.billable, now);
}

absl::StatusOr<bool> InboundRepository::AnyParked(sql::Transaction& tx) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> found,
                   tx.Find(
                       kAnyParked, [](const sql::Row& r) { return r.Int(0); }, tx.tenant()));
  return found.has_value();
}

absl::StatusOr<std::vector<StatusItem>> InboundRepository::TakeParked(sql::Transaction& tx, const std::string& wamid) {
  std::vector<StatusItem> out;
  if (wamid.empty()) return out;
  RETURN_IF_ERROR(tx.Each(
      kParked,
      [&](const sql::Row& r) {
        StatusItem s{
            .wamid = wamid, .callback = r.String(0), .billing_category = r.String(5), .has_pricing = r.Bool(4)};
        const std::optional<CallbackRef> ref = ParseCallbackId(s.callback);
        s.report = {static_cast<ReportedStatus>(r.Int(1)), r.Time(2), ref ? ref->attempt : 0,
                    static_cast<int>(r.Int(3))};
        if (!r.IsNull(6)) s.billable = r.Bool(6);
        out.push_back(std::move(s));
      },
      tx.tenant(), wamid));
  if (!out.empty()) RETURN_IF_ERROR(tx.Exec(kUnpark, tx.tenant(), wamid));
  return out;
}

absl::StatusOr<int64_t> InboundRepository::SweepParked(sql::Transaction& tx, absl::Time before, int limit) {
  return tx.ExecCount(kSweepParked, tx.tenant(), before, limit);
}

absl::StatusOr<RoutingRule> InboundRepository::PutRule(sql::Transaction& tx, const RoutingRule& rule) {
  RoutingRule stored = rule;
  ASSIGN_OR_RETURN(const std::optional<int64_t> revision,
                   tx.Find(
                       kPutRule, [](const sql::Row& r) { return r.Int(0); }, tx.tenant(), rule.id, rule.priority,
                       EncodeStrings(rule.keywords), EncodeStrings(rule.payload_prefixes), rule.reply_route.route,
                       rule.reply_route.ref, rule.pre_empt));
  stored.revision = revision.value_or(1);
  return stored;
}

absl::StatusOr<bool> InboundRepository::DeleteRule(sql::Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const int64_t deleted, tx.ExecCount(kDeleteRule, tx.tenant(), id));
  return deleted > 0;
}

absl::StatusOr<std::vector<RoutingRule>> InboundRepository::Rules(sql::Transaction& tx) {
  std::vector<RoutingRule> out;
  const auto read = [&](const sql::Row& r) -> absl::Status {
    RoutingRule rule{.id = r.String(0), .priority = static_cast<int>(r.Int(1))};
    ASSIGN_OR_RETURN(rule.keywords, DecodeStrings(r.Text(2)));
    ASSIGN_OR_RETURN(rule.payload_prefixes, DecodeStrings(r.Text(3)));
    rule.reply_route = {static_cast<Route>(r.Int(4)), r.String(5)};
    rule.pre_empt = r.Bool(6);
    rule.revision = r.Int(7);
    out.push_back(std::move(rule));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(tx.Each(kRules, read, tx.tenant()));
  return out;
}

std::vector<sql::Query> InboundRepository::Queries() {
  return {kSeen,      kInsert, kNewest,      kOlder,   kPark,       kParked,
          kAnyParked, kUnpark, kSweepParked, kPutRule, kDeleteRule, kRules};
}

}  // namespace vinculo::messaging
