#include "services/messaging/store/merge_repository.h"

#include <algorithm>
#include <optional>

#include "common/status/status_macros.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/limit_repository.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kRetire{
    "contact_retire",
    "UPDATE contact SET state = 2, merged_into = ?, name = '', first_name = '', customer_id = '', phone = '', bsuid = "
    "'', tags = '[]', attributes = '{}', revision = revision + 1, updated_at = ? WHERE tenant_id = ? AND contact_id = "
    "?"};
constexpr sql::Query kRepoint{
    "contact_repoint",
    "UPDATE contact SET merged_into = ? WHERE tenant_id = ? AND merged_into = ? AND merged_into IS NOT NULL"};
constexpr sql::Query kIdentities{"identity_move",
                                 "UPDATE identity SET contact_id = ? WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kConsents{"consent_move",
                               "UPDATE consent SET contact_id = ? WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kCopyDays{
    "undeliverable_day_copy",
    "INSERT INTO undeliverable_day (tenant_id, contact_id, day) SELECT tenant_id, ?1, day FROM undeliverable_day WHERE "
    "tenant_id = ?2 AND contact_id = ?3 ON CONFLICT (tenant_id, contact_id, day) DO NOTHING"};
constexpr sql::Query kDropDays{"undeliverable_day_drop",
                               "DELETE FROM undeliverable_day WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kWindows{
    "window_of_contact",
    "SELECT sender_id, open_until FROM contact_window WHERE tenant_id = ? AND contact_id = ? ORDER BY sender_id"};
constexpr sql::Query kMoveWindow{
    "window_move", "UPDATE contact_window SET contact_id = ? WHERE tenant_id = ? AND sender_id = ? AND contact_id = ?"};
constexpr sql::Query kDropWindow{"window_drop",
                                 "DELETE FROM contact_window WHERE tenant_id = ? AND sender_id = ? AND contact_id = ?"};
constexpr sql::Query kMedia{
    "media_move", "UPDATE media SET contact_id = ? WHERE tenant_id = ? AND contact_id = ? AND contact_id IS NOT NULL"};
constexpr sql::Query kReach{
    "reach_of_contact",
    "SELECT portfolio_id, last_at, uses FROM reach WHERE tenant_id = ?1 AND portfolio_id IN (SELECT portfolio_id FROM "
    "channel WHERE tenant_id = ?1) AND contact_id = ?2 ORDER BY portfolio_id"};
constexpr sql::Query kDropReach{"reach_drop",
                                "DELETE FROM reach WHERE tenant_id = ? AND portfolio_id = ? AND contact_id = ?"};
constexpr sql::Query kMoveReach{
    "reach_move",
    "UPDATE reach SET contact_id = ?, uses = ? WHERE tenant_id = ? AND portfolio_id = ? AND contact_id = ?"};
constexpr sql::Query kLastRoute{
    "contact_move_last_route",
    "UPDATE contact SET last_route = l.last_route, last_route_ref = l.last_route_ref FROM (SELECT last_route, "
    "last_route_ref, last_inbound_at FROM contact WHERE tenant_id = ?1 AND contact_id = ?2) AS l WHERE "
    "contact.tenant_id = ?1 AND contact.contact_id = ?3 AND l.last_inbound_at IS NOT NULL AND "
    "(contact.last_inbound_at IS NULL OR contact.last_inbound_at < l.last_inbound_at)"};
// Only a campaign's message keeps whose ledger row it is.
constexpr sql::Query kMessages{
    "message_move",
    "UPDATE message SET ledger_contact_id = CASE WHEN campaign_id IS NULL THEN NULL ELSE COALESCE(ledger_contact_id, "
    "contact_id) END, contact_id = ?1 WHERE tenant_id = ?2 AND message_id IN (SELECT message_id FROM message WHERE "
    "tenant_id = ?2 AND contact_id = ?3 ORDER BY message_id DESC LIMIT ?4)"};
constexpr sql::Query kInbound{
    "inbound_move",
    "UPDATE inbound_event SET contact_id = ?1 WHERE tenant_id = ?2 AND (sender_id, wamid) IN (SELECT sender_id, wamid "
    "FROM inbound_event WHERE tenant_id = ?2 AND contact_id = ?3 ORDER BY received_at DESC LIMIT ?4)"};

struct OpenWindow {
  Uuid sender;
  std::optional<absl::Time> until;
};

absl::StatusOr<std::vector<OpenWindow>> WindowsOf(sql::Transaction& tx, const Uuid& contact) {
  std::vector<OpenWindow> out;
  RETURN_IF_ERROR(tx.Each(
      kWindows,
      [&](const sql::Row& r) {
        out.push_back({r.Id(0), r.OptionalTime(1)});
      },
      tx.tenant(), contact));
  return out;
}

// A slot of a portfolio's reach.
struct Slot {
  std::string portfolio;
  absl::Time last_at;
  int64_t uses = 0;
};

absl::StatusOr<std::vector<Slot>> SlotsOf(sql::Transaction& tx, const Uuid& contact) {
  std::vector<Slot> out;
  RETURN_IF_ERROR(tx.Each(
      kReach,
      [&](const sql::Row& r) {
        out.push_back({r.String(0), r.Time(1), r.Int(2)});
      },
      tx.tenant(), contact));
  return out;
}

}  // namespace

absl::Status MergeRepository::Retire(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor, absl::Time now) {
  RETURN_IF_ERROR(tx.Exec(kRepoint, survivor, tx.tenant(), loser));
  return tx.Exec(kRetire, survivor, now, tx.tenant(), loser);
}

absl::Status MergeRepository::MoveIdentities(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor) {
  return tx.Exec(kIdentities, survivor, tx.tenant(), loser);
}

absl::Status MergeRepository::MoveConsents(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor) {
  return tx.Exec(kConsents, survivor, tx.tenant(), loser);
}

absl::Status MergeRepository::MoveUndeliverable(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor) {
  RETURN_IF_ERROR(tx.Exec(kCopyDays, survivor, tx.tenant(), loser));
  return tx.Exec(kDropDays, tx.tenant(), loser);
}

absl::Status MergeRepository::MoveWindows(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor) {
  ASSIGN_OR_RETURN(const std::vector<OpenWindow> theirs, WindowsOf(tx, loser));
  ASSIGN_OR_RETURN(const std::vector<OpenWindow> ours, WindowsOf(tx, survivor));
  for (const OpenWindow& window : theirs) {
    const OpenWindow* own = nullptr;
    for (const OpenWindow& w : ours) {
      if (w.sender == window.sender) own = &w;
    }
    const bool later = own == nullptr || (window.until && (!own->until || *own->until < *window.until));
    const Uuid& dropped = later ? survivor : loser;
    ASSIGN_OR_RETURN(const Window going, WindowRepository::Get(tx, window.sender, dropped));
    RETURN_IF_ERROR(tx.Exec(kDropWindow, tx.tenant(), window.sender, dropped));
    if (later) RETURN_IF_ERROR(tx.Exec(kMoveWindow, survivor, tx.tenant(), window.sender, loser));
    if (going.hold) RETURN_IF_ERROR(WindowRepository::SetHold(tx, window.sender, survivor, *going.hold));
  }
  return absl::OkStatus();
}

absl::Status MergeRepository::MoveMedia(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor) {
  return tx.Exec(kMedia, survivor, tx.tenant(), loser);
}

absl::Status MergeRepository::MoveReach(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor) {
  ASSIGN_OR_RETURN(const std::vector<Slot> theirs, SlotsOf(tx, loser));
  ASSIGN_OR_RETURN(const std::vector<Slot> ours, SlotsOf(tx, survivor));
  for (const Slot& slot : theirs) {
    const auto own =
        std::find_if(ours.begin(), ours.end(), [&](const Slot& s) { return s.portfolio == slot.portfolio; });
    const bool both = own != ours.end();
    const bool later = !both || own->last_at < slot.last_at;
    if (both) {
      RETURN_IF_ERROR(tx.Exec(kDropReach, tx.tenant(), slot.portfolio, later ? survivor : loser));
      RETURN_IF_ERROR(LimitRepository::AddReach(tx, slot.portfolio, -1));
    }
    RETURN_IF_ERROR(tx.Exec(kMoveReach, survivor, slot.uses + (both ? own->uses : 0), tx.tenant(), slot.portfolio,
                            later ? loser : survivor));
  }
  return absl::OkStatus();
}

absl::Status MergeRepository::MoveLastRoute(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor) {
  return tx.Exec(kLastRoute, tx.tenant(), loser, survivor);
}

absl::StatusOr<bool> MergeRepository::MoveHistory(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor,
                                                  int limit) {
  ASSIGN_OR_RETURN(const int64_t messages, tx.ExecCount(kMessages, survivor, tx.tenant(), loser, limit));
  ASSIGN_OR_RETURN(const int64_t inbound, tx.ExecCount(kInbound, survivor, tx.tenant(), loser, limit));
  return messages == limit || inbound == limit;
}

std::vector<sql::Query> MergeRepository::Queries() {
  return {kRetire,     kRepoint,   kIdentities, kConsents, kCopyDays, kDropDays, kWindows,   kMoveWindow,
          kDropWindow, kLastRoute, kMessages,   kInbound,  kMedia,    kReach,    kDropReach, kMoveReach};
}

}  // namespace vinculo::messaging
