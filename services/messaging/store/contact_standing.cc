// What ContactRepository keeps about consent and suppression.
#include <map>

#include "absl/strings/str_cat.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "common/text/phone_key.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/store/contact_repository.h"

namespace vinculo::messaging {
namespace {

#define CONSENT_COLUMNS \
  "id, contact_id, purpose, decision, at, source, text_version, reference, actor, by_person, expires_at"
constexpr sql::Query kEvidence{"consent_evidence",
                               "SELECT " CONSENT_COLUMNS " FROM consent WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kEvidencePage{"consent_page",
                                   "SELECT " CONSENT_COLUMNS
                                   " FROM consent WHERE tenant_id = ? AND contact_id = ? AND (at, id) < (?, ?) "
                                   "ORDER BY at DESC, id DESC LIMIT ?"};
constexpr sql::Query kInsertEvidence{
    "consent_insert",
    "INSERT INTO consent (tenant_id, contact_id, purpose, at, id, decision, source, text_version, reference, actor, "
    "by_person, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
constexpr sql::Query kSuppress{
    "suppression_put",
    "INSERT INTO suppression (tenant_id, hash, scope, reason, until_at, created_at) VALUES (?, ?, ?, ?, ?, ?) ON "
    "CONFLICT (tenant_id, hash, scope) DO UPDATE SET until_at = excluded.until_at"};
constexpr sql::Query kLift{"suppression_delete",
                           "DELETE FROM suppression WHERE tenant_id = ? AND hash = ? AND scope = ?"};
constexpr sql::Query kSuppressed{
    "suppression_list", "SELECT scope, until_at, created_at FROM suppression WHERE tenant_id = ? AND hash = ?"};
constexpr sql::Query kSuppressionPage{
    "suppression_page",
    "SELECT hash, scope, until_at, created_at FROM suppression WHERE tenant_id = ? AND (hash, scope) > (?, ?) ORDER BY "
    "hash, scope LIMIT ?"};

// Stored beside the flag, so that an operator can read a row.
enum class Reason { kPerson = 1, kUnreachable = 2, kOperator = 3 };
Reason ReasonOf(int flag) {
  if (flag & kSuppressedByPerson) return Reason::kPerson;
  return flag == kSuppressedUnreachable ? Reason::kUnreachable : Reason::kOperator;
}

// Phones and wa_ids of one number share a hash.
std::string HashOf(const DataKey& key, const std::string& tenant, const Identity& id) {
  if (id.kind == IdentityKind::kBsuid) return key.IdentityHash(tenant, "bsuid", id.value);
  return key.IdentityHash(tenant, "phone", text::PhoneKey(id.value));
}

Consent ReadConsent(const sql::Row& r) {
  return {.id = r.Id(0),
          .contact_id = r.Id(1),
          .purpose = static_cast<Purpose>(r.Int(2)),
          .decision = static_cast<Decision>(r.Int(3)),
          .at = r.Time(4),
          .source = r.String(5),
          .text_version = r.String(6),
          .reference = r.String(7),
          .actor = r.String(8),
          .by_person = r.Bool(9),
          .expires_at = r.OptionalTime(10)};
}

}  // namespace

absl::StatusOr<std::vector<Consent>> ContactRepository::Evidence(sql::Transaction& tx, const Uuid& contact) const {
  std::vector<Consent> out;
  RETURN_IF_ERROR(tx.Each(
      kEvidence, [&](const sql::Row& r) { out.push_back(ReadConsent(r)); }, tx.tenant(), contact));
  return out;
}

absl::StatusOr<std::vector<Consent>> ContactRepository::EvidencePage(sql::Transaction& tx, const Uuid& contact,
                                                                     absl::Time before, const Uuid& id,
                                                                     int limit) const {
  std::vector<Consent> out;
  RETURN_IF_ERROR(tx.Each(
      kEvidencePage, [&](const sql::Row& r) { out.push_back(ReadConsent(r)); }, tx.tenant(), contact, before, id,
      limit));
  return out;
}

absl::Status ContactRepository::InsertEvidence(sql::Transaction& tx, const Consent& c) const {
  return tx.Exec(kInsertEvidence, tx.tenant(), c.contact_id, c.purpose, c.at, c.id, c.decision, c.source,
                 c.text_version, c.reference, c.actor, c.by_person, c.expires_at);
}

absl::Status ContactRepository::Suppress(sql::Transaction& tx, const Contact& contact, int flag,
                                         std::optional<absl::Time> until, absl::Time now) const {
  for (const Identity& id : contact.identities) {
    RETURN_IF_ERROR(
        tx.Exec(kSuppress, tx.tenant(), sql::Blob{HashOf(key_, tx.tenant(), id)}, flag, ReasonOf(flag), until, now));
  }
  return WatchStanding(tx, contact.id, until);
}

absl::Status ContactRepository::Lift(sql::Transaction& tx, const Contact& contact, int flag) const {
  for (const Identity& id : contact.identities) {
    RETURN_IF_ERROR(tx.Exec(kLift, tx.tenant(), sql::Blob{HashOf(key_, tx.tenant(), id)}, flag));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Suppression>> ContactRepository::Suppressions(sql::Transaction& tx,
                                                                         const std::vector<Identity>& identities,
                                                                         absl::Time now) const {
  std::map<int, Suppression> by_flag;
  for (const Identity& id : identities) {
    const std::string hash = HashOf(key_, tx.tenant(), id);
    RETURN_IF_ERROR(tx.Each(
        kSuppressed,
        [&](const sql::Row& r) {
          const Suppression found{hash, static_cast<int>(r.Int(0)), r.OptionalTime(1), r.Time(2)};
          if (found.until && *found.until <= now) return;
          const auto [it, fresh] = by_flag.emplace(found.flag, found);
          if (fresh || !it->second.until) return;
          if (!found.until || *found.until > *it->second.until) it->second = found;
        },
        tx.tenant(), sql::Blob{hash}));
  }
  std::vector<Suppression> out;
  for (auto& [flag, suppression] : by_flag) out.push_back(std::move(suppression));
  return out;
}

absl::StatusOr<bool> ContactRepository::Inherit(sql::Transaction& tx, const std::vector<Identity>& identities,
                                                Contact& contact, absl::Time now) const {
  ASSIGN_OR_RETURN(const std::vector<Suppression> kept, Suppressions(tx, identities, now));
  const int before = contact.suppressed;
  for (const Suppression& s : kept) {
    contact.suppressed |= s.flag;
    RETURN_IF_ERROR(WatchStanding(tx, contact.id, s.until));
  }
  return contact.suppressed != before;
}

absl::Status ContactRepository::SpreadSuppressions(sql::Transaction& tx, const Contact& contact, absl::Time now) const {
  ASSIGN_OR_RETURN(const std::vector<Suppression> kept, Suppressions(tx, contact.identities, now));
  for (const Suppression& s : kept) RETURN_IF_ERROR(Suppress(tx, contact, s.flag, s.until, s.created_at));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Suppression>> ContactRepository::SuppressionPage(sql::Transaction& tx,
                                                                            const std::string& hash, int flag,
                                                                            int limit) const {
  std::vector<Suppression> out;
  RETURN_IF_ERROR(tx.Each(
      kSuppressionPage,
      [&](const sql::Row& r) {
        out.push_back({r.Bytes(0), static_cast<int>(r.Int(1)), r.OptionalTime(2), r.Time(3)});
      },
      tx.tenant(), sql::Blob{hash}, flag, limit));
  return out;
}

absl::Status ContactRepository::WatchStanding(sql::Transaction& tx, const Uuid& contact,
                                              std::optional<absl::Time> at) const {
  if (!at) return absl::OkStatus();
  // One job for each instant: the one that runs looks at everything.
  const std::string key = absl::StrCat(contact.ToString(), "@", absl::ToUnixMicros(*at));
  return jobs::Enqueue(tx, {.kind = kJobStanding, .key = key, .due_at = *at, .payload = contact.ToString()});
}

std::vector<sql::Query> ContactRepository::StandingQueries() {
  return {kEvidence, kEvidencePage, kInsertEvidence, kSuppress, kLift, kSuppressed, kSuppressionPage};
}

}  // namespace vinculo::messaging
