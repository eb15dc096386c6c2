#include "services/profiling/store/profile_repository.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/profiling/store/json_codec.h"

namespace vinculo::profiling {
namespace {

constexpr sql::Query kInsert{
    "profile_insert",
    "INSERT INTO profile (tenant_id, id, kind, name, locale, company_id, contact_id, state, revision, created_at, "
    "last_seen_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)"};
constexpr sql::Query kFind{
    "profile_find",
    "SELECT id, kind, name, locale, company_id, contact_id, state, revision, created_at, last_seen_at "
    "FROM profile WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kUpdate{
    "profile_update",
    "UPDATE profile SET name = ?3, locale = ?4, company_id = ?5, contact_id = ?6, last_seen_at = ?7, "
    "revision = revision + 1 WHERE tenant_id = ?1 AND id = ?2"};
constexpr sql::Query kByIdentity{"identity_find",
                                 "SELECT profile_id FROM identity WHERE tenant_id = ? AND type = ? AND match_key = ?"};
constexpr sql::Query kAddIdentity{
    "identity_add",
    "INSERT INTO identity (tenant_id, type, match_key, profile_id, value, assurance, first_seen, last_seen) VALUES "
    "(?,?,?,?,?,?,?,?) "
    "ON CONFLICT (tenant_id, type, match_key) DO UPDATE SET last_seen = excluded.last_seen, "
    "assurance = CASE WHEN excluded.assurance > identity.assurance THEN excluded.assurance ELSE identity.assurance END "
    "WHERE identity.profile_id = excluded.profile_id"};
constexpr sql::Query kIdentities{
    "identity_list",
    "SELECT type, value, assurance, first_seen, last_seen FROM identity WHERE tenant_id = ? AND profile_id = ? "
    "ORDER BY type, match_key"};
constexpr sql::Query kFindTrait{"trait_find",
                                "SELECT trait_key, value, category, source, source_ref, observed_at FROM trait "
                                "WHERE tenant_id = ? AND profile_id = ? AND trait_key = ?"};
constexpr sql::Query kTraits{"trait_list",
                             "SELECT trait_key, value, category, source, source_ref, observed_at FROM trait "
                             "WHERE tenant_id = ? AND profile_id = ? ORDER BY trait_key"};
constexpr sql::Query kPutTrait{
    "trait_put",
    "INSERT INTO trait (tenant_id, profile_id, trait_key, value, category, source, source_ref, observed_at) VALUES "
    "(?,?,?,?,?,?,?,?) "
    "ON CONFLICT (tenant_id, profile_id, trait_key) DO UPDATE SET value = excluded.value, category = "
    "excluded.category, "
    "source = excluded.source, source_ref = excluded.source_ref, observed_at = excluded.observed_at"};
constexpr sql::Query kPutConsent{
    "consent_put",
    "INSERT INTO consent (tenant_id, profile_id, purpose, decision, decided_at, expires_at, shown_text, text_hash, "
    "language, source) "
    "VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (tenant_id, profile_id, purpose) DO UPDATE SET decision = "
    "excluded.decision, "
    "decided_at = excluded.decided_at, expires_at = excluded.expires_at, shown_text = excluded.shown_text, "
    "text_hash = excluded.text_hash, language = excluded.language, source = excluded.source "
    "WHERE excluded.decided_at >= consent.decided_at"};
constexpr sql::Query kFindConsent{
    "consent_find",
    "SELECT purpose, decision, decided_at, expires_at, shown_text, text_hash, language, source FROM consent "
    "WHERE tenant_id = ? AND profile_id = ? AND purpose = ?"};
constexpr sql::Query kConsents{
    "consent_list",
    "SELECT purpose, decision, decided_at, expires_at, shown_text, text_hash, language, source FROM consent "
    "WHERE tenant_id = ? AND profile_id = ? ORDER BY purpose"};

Profile ReadProfile(const sql::Row& row) {
  Profile p;
  p.id = row.Id(0);
  p.kind = static_cast<ProfileKind>(row.Int(1));
  p.name = row.String(2);
  p.locale = row.String(3);
  p.company_id = row.String(4);
  p.contact_id = row.String(5);
  p.state = static_cast<ProfileState>(row.Int(6));
  p.revision = row.Int(7);
  p.created_at = row.Time(8);
  p.last_seen_at = row.Time(9);
  return p;
}

Identity ReadIdentity(const sql::Row& row) {
  return {static_cast<IdentityType>(row.Int(0)), row.String(1), static_cast<Assurance>(row.Int(2)), row.Time(3),
          row.Time(4)};
}

absl::StatusOr<StoredTrait> ReadTrait(const sql::Row& row) {
  ASSIGN_OR_RETURN(TraitValue value, DecodeTraitValue(row.Text(1)));
  return StoredTrait{
      row.String(0), std::move(value), static_cast<TraitCategory>(row.Int(2)), static_cast<TraitSource>(row.Int(3)),
      row.String(4), row.Time(5)};
}

Consent ReadConsent(const sql::Row& row) {
  return {row.String(0), static_cast<ConsentDecisionKind>(row.Int(1)),
          row.Time(2),   row.OptionalTime(3),
          row.String(4), row.String(5),
          row.String(6), row.String(7)};
}

}  // namespace

absl::Status ProfileRepository::Insert(sql::Transaction& tx, const Profile& p) {
  return tx.Exec(kInsert, tx.tenant(), p.id, p.kind, p.name, p.locale, p.company_id, p.contact_id, p.state, p.revision,
                 p.created_at, p.last_seen_at);
}

absl::StatusOr<std::optional<Profile>> ProfileRepository::FindRow(sql::Transaction& tx, const Uuid& id) {
  return tx.Find(kFind, ReadProfile, tx.tenant(), id);
}

absl::StatusOr<Profile> ProfileRepository::Get(sql::Transaction& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(std::optional<Profile> found, FindRow(tx, id));
  if (!found) return NotFound("profile", id.ToString());
  RETURN_IF_ERROR(tx.Each(
      kIdentities, [&](const sql::Row& row) { found->identities.push_back(ReadIdentity(row)); }, tx.tenant(), id));
  ASSIGN_OR_RETURN(found->traits, Traits(tx, id));
  RETURN_IF_ERROR(tx.Each(
      kConsents, [&](const sql::Row& row) { found->consents.push_back(ReadConsent(row)); }, tx.tenant(), id));
  return *std::move(found);
}

absl::Status ProfileRepository::Update(sql::Transaction& tx, const Profile& p) {
  return tx.Exec(kUpdate, tx.tenant(), p.id, p.name, p.locale, p.company_id, p.contact_id, p.last_seen_at);
}

absl::StatusOr<std::optional<Uuid>> ProfileRepository::FindByIdentity(sql::Transaction& tx, IdentityType type,
                                                                      const std::string& normalized) {
  return tx.Find(
      kByIdentity, [](const sql::Row& row) { return row.Id(0); }, tx.tenant(), type, IdentityKey(type, normalized));
}

absl::StatusOr<bool> ProfileRepository::AddIdentity(sql::Transaction& tx, const Uuid& profile,
                                                    const Identity& identity) {
  ASSIGN_OR_RETURN(const int64_t changed,
                   tx.ExecCount(kAddIdentity, tx.tenant(), identity.type, IdentityKey(identity.type, identity.value),
                                profile, identity.value, identity.assurance, identity.first_seen, identity.last_seen));
  return changed > 0;
}

absl::StatusOr<bool> ProfileRepository::PutTrait(sql::Transaction& tx, const Uuid& profile, const StoredTrait& trait) {
  ASSIGN_OR_RETURN(auto held, tx.Find(kFindTrait, ReadTrait, tx.tenant(), profile, trait.key));
  if (held) {
    RETURN_IF_ERROR(held->status());
    if (!Supersedes(trait, **held)) return false;
  }
  RETURN_IF_ERROR(tx.Exec(kPutTrait, tx.tenant(), profile, trait.key, EncodeTraitValue(trait.value), trait.category,
                          trait.source, trait.source_ref, trait.observed_at));
  return true;
}

absl::StatusOr<std::vector<StoredTrait>> ProfileRepository::Traits(sql::Transaction& tx, const Uuid& profile) {
  std::vector<StoredTrait> out;
  RETURN_IF_ERROR(tx.Each(
      kTraits,
      [&](const sql::Row& row) -> absl::Status {
        ASSIGN_OR_RETURN(StoredTrait trait, ReadTrait(row));
        out.push_back(std::move(trait));
        return absl::OkStatus();
      },
      tx.tenant(), profile));
  return out;
}

absl::StatusOr<bool> ProfileRepository::PutConsent(sql::Transaction& tx, const Uuid& profile, const Consent& c) {
  ASSIGN_OR_RETURN(const int64_t changed, tx.ExecCount(kPutConsent, tx.tenant(), profile, c.purpose, c.decision, c.at,
                                                       c.expires_at, c.text, c.text_hash, c.language, c.source));
  return changed > 0;
}

absl::StatusOr<std::optional<Consent>> ProfileRepository::FindConsent(sql::Transaction& tx, const Uuid& profile,
                                                                      const std::string& purpose) {
  return tx.Find(kFindConsent, ReadConsent, tx.tenant(), profile, purpose);
}

const std::vector<sql::Query>& ProfileQueries() {
  static const auto* const kQueries =
      new std::vector<sql::Query>{kInsert,    kFind,   kUpdate,   kByIdentity, kAddIdentity, kIdentities,
                                  kFindTrait, kTraits, kPutTrait, kPutConsent, kFindConsent, kConsents};
  return *kQueries;
}

}  // namespace vinculo::profiling
