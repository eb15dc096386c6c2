#include "services/messaging/store/contact_repository.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/text/phone_key.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

#define COLUMNS                                                                                                     \
  "c.contact_id, c.state, c.merged_into, c.name, c.first_name, c.language, c.time_zone, c.country, c.customer_id, " \
  "c.phone, c.bsuid, "                                                                                              \
  "c.tags, c.attributes, c.marketing, c.transactional, c.suppressed, c.last_inbound_at, c.revision, c.created_at, " \
  "c.updated_at"

constexpr sql::Query kGet{"contact_get",
                          "SELECT " COLUMNS " FROM contact c WHERE c.tenant_id = ? AND c.contact_id = ?"};
constexpr sql::Query kByIdentity{"contact_by_identity",
                                 "SELECT " COLUMNS
                                 " FROM identity i JOIN contact c ON c.tenant_id = i.tenant_id AND c.contact_id = "
                                 "i.contact_id WHERE i.tenant_id = ? AND i.kind = ? AND i.value = ?"};
constexpr sql::Query kByPhoneKey{
    "contact_by_phone_key",
    "SELECT " COLUMNS
    " FROM identity i JOIN contact c ON c.tenant_id = i.tenant_id AND c.contact_id = "
    "i.contact_id WHERE i.tenant_id = ? AND i.phone_key = ? AND i.phone_key <> '' ORDER BY c.contact_id LIMIT 1"};
constexpr sql::Query kByCustomer{"contact_by_customer",
                                 "SELECT " COLUMNS
                                 " FROM contact c WHERE c.tenant_id = ? AND c.customer_id = ? AND c.customer_id <> '' "
                                 "AND c.state = 1 ORDER BY c.last_inbound_at DESC LIMIT 1"};
constexpr sql::Query kInsert{
    "contact_insert",
    "INSERT INTO contact (tenant_id, contact_id, state, merged_into, name, first_name, language, time_zone, country, "
    "customer_id, phone, "
    "bsuid, tags, attributes, marketing, transactional, suppressed, last_inbound_at, last_route, last_route_ref, "
    "revision, created_at, "
    "updated_at) VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 0, '', 1, ?, ?)"};
constexpr sql::Query kUpdate{
    "contact_update",
    "UPDATE contact SET name = ?, first_name = ?, language = ?, time_zone = ?, country = ?, customer_id = ?, phone "
    "= ?, bsuid = ?, tags = ?, attributes = ?, revision = ?, updated_at = ? WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kSetPermissions{
    "contact_set_permissions",
    "UPDATE contact SET marketing = ?, transactional = ?, suppressed = ?, revision = revision + 1 WHERE "
    "tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kHeard{
    "contact_heard",
    "UPDATE contact SET last_inbound_at = ?1 WHERE tenant_id = ?2 AND contact_id = ?3 AND (last_inbound_at IS NULL "
    "OR last_inbound_at < ?1)"};
constexpr sql::Query kRest{"contact_rest_marketing",
                           "UPDATE contact SET marketing_rest_until = ?1 WHERE tenant_id = ?2 AND contact_id = ?3 AND "
                           "(marketing_rest_until IS "
                           "NULL OR marketing_rest_until < ?1)"};
constexpr sql::Query kGetLastRoute{
    "contact_last_route", "SELECT last_route, last_route_ref FROM contact WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kSetLastRoute{
    "contact_set_last_route",
    "UPDATE contact SET last_route = ?, last_route_ref = ? WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kInsertIdentity{
    "identity_insert",
    "INSERT INTO identity (tenant_id, kind, value, phone_key, contact_id) VALUES (?, ?, ?, ?, ?) ON "
    "CONFLICT (tenant_id, kind, value) DO NOTHING"};
constexpr sql::Query kIdentities{
    "identity_list", "SELECT kind, value FROM identity WHERE tenant_id = ? AND contact_id = ? ORDER BY kind, value"};
constexpr sql::Query kPage{"contact_page",
                           "SELECT " COLUMNS
                           ", '' FROM contact c WHERE c.tenant_id = ? AND c.contact_id > ? AND c.state = 1 ORDER BY "
                           "c.contact_id LIMIT ?"};
constexpr sql::Query kMemberPage{
    "list_member_page",
    "SELECT " COLUMNS
    ", m.variables FROM list_member m JOIN contact c ON c.tenant_id = m.tenant_id AND "
    "c.contact_id = m.contact_id WHERE m.tenant_id = ? AND m.list_id = ? AND m.contact_id > ? AND c.state = 1 "
    "ORDER BY m.contact_id LIMIT ?"};
constexpr sql::Query kMemberVariables{
    "list_member_variables",
    "SELECT variables FROM list_member WHERE tenant_id = ? AND list_id = ? AND contact_id = ?"};
constexpr sql::Query kListsOf{
    "list_member_lists", "SELECT list_id FROM list_member WHERE tenant_id = ? AND contact_id = ? ORDER BY list_id"};
#define CONSENT_COLUMNS "id, contact_id, purpose, decision, at, source, text_version, reference, actor, by_person"
constexpr sql::Query kEvidence{"consent_evidence",
                               "SELECT " CONSENT_COLUMNS " FROM consent WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kEvidencePage{"consent_page",
                                   "SELECT " CONSENT_COLUMNS
                                   " FROM consent WHERE tenant_id = ? AND contact_id = ? AND (at, id) < (?, ?) "
                                   "ORDER BY at DESC, id DESC LIMIT ?"};
constexpr sql::Query kInsertEvidence{
    "consent_insert",
    "INSERT INTO consent (tenant_id, contact_id, purpose, at, id, decision, source, text_version, "
    "reference, actor, by_person) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
constexpr sql::Query kSuppress{
    "suppression_put",
    "INSERT INTO suppression (tenant_id, hash, scope, reason, until_at, created_at) VALUES (?, ?, ?, 1, ?, ?) ON "
    "CONFLICT (tenant_id, hash, scope) DO UPDATE SET until_at = excluded.until_at"};
constexpr sql::Query kLift{"suppression_delete",
                           "DELETE FROM suppression WHERE tenant_id = ? AND hash = ? AND scope = ?"};
constexpr sql::Query kSuppressed{"suppression_list",
                                 "SELECT scope, until_at FROM suppression WHERE tenant_id = ? AND hash = ?"};

// A contact as stored; a column that cannot be decoded is reported through `status`.
Contact ReadContact(const sql::Row& r, absl::Status& status) {
  Contact c;
  c.id = r.Id(0);
  c.state = static_cast<ContactState>(r.Int(1));
  c.name = r.String(3);
  c.first_name = r.String(4);
  c.language = r.String(5);
  c.time_zone = r.String(6);
  c.country = r.String(7);
  c.customer_id = r.String(8);
  c.phone = r.String(9);
  c.bsuid = r.String(10);
  absl::StatusOr<std::vector<std::string>> tags = DecodeStrings(r.Text(11));
  absl::StatusOr<std::map<std::string, std::string>> attributes = DecodeMap(r.Text(12));
  if (!tags.ok()) status = tags.status();
  if (!attributes.ok()) status = attributes.status();
  if (tags.ok()) c.tags = *std::move(tags);
  if (attributes.ok()) c.attributes = *std::move(attributes);
  c.marketing = static_cast<Decision>(r.Int(13));
  c.transactional = static_cast<Decision>(r.Int(14));
  c.suppressed = static_cast<int>(r.Int(15));
  c.last_inbound_at = r.OptionalTime(16);
  c.revision = r.Int(17);
  c.created_at = r.Time(18);
  c.updated_at = r.Time(19);
  return c;
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
          .by_person = r.Bool(9)};
}

template <class... Args>
absl::StatusOr<std::optional<Contact>> FindOne(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  absl::Status decoded;
  Uuid merged_into;
  const auto read = [&](const sql::Row& r) {
    merged_into = r.Id(2);
    return ReadContact(r, decoded);
  };
  ASSIGN_OR_RETURN(std::optional<Contact> found, tx.Find(query, read, args...));
  RETURN_IF_ERROR(decoded);
  if (found && found->state == ContactState::kMerged) return FindOne(tx, kGet, tx.tenant(), merged_into);
  return found;
}

std::vector<Identity> IdentitiesOf(const PersonRef& who) {
  std::vector<Identity> out;
  if (!who.phone.empty()) out.push_back({IdentityKind::kPhone, who.phone});
  if (!who.wa_id.empty()) out.push_back({IdentityKind::kWaId, who.wa_id});
  if (!who.bsuid.empty()) out.push_back({IdentityKind::kBsuid, who.bsuid});
  return out;
}

// Phones and wa_ids of one number share a hash.
std::string HashOf(const DataKey& key, const std::string& tenant, const Identity& id) {
  if (id.kind == IdentityKind::kBsuid) return key.IdentityHash(tenant, "bsuid", id.value);
  return key.IdentityHash(tenant, "phone", text::PhoneKey(id.value));
}

}  // namespace

absl::StatusOr<Contact> ContactRepository::Get(sql::Transaction& tx, const Uuid& id) const {
  ASSIGN_OR_RETURN(std::optional<Contact> found, FindOne(tx, kGet, tx.tenant(), id));
  if (!found) return NotFound("contact", id.ToString());
  return *std::move(found);
}

absl::StatusOr<std::optional<Contact>> ContactRepository::ByIdentity(sql::Transaction& tx, IdentityKind kind,
                                                                     const std::string& value) const {
  if (value.empty()) return std::nullopt;
  return FindOne(tx, kByIdentity, tx.tenant(), kind, value);
}

absl::StatusOr<std::optional<Contact>> ContactRepository::Find(sql::Transaction& tx, const PersonRef& who) const {
  for (const auto& [kind, value] :
       {std::pair(IdentityKind::kWaId, &who.wa_id), std::pair(IdentityKind::kBsuid, &who.bsuid),
        std::pair(IdentityKind::kPhone, &who.phone)}) {
    ASSIGN_OR_RETURN(std::optional<Contact> found, ByIdentity(tx, kind, *value));
    if (found) return found;
  }
  const std::string& number = who.phone.empty() ? who.wa_id : who.phone;
  if (number.empty()) return std::nullopt;
  return FindOne(tx, kByPhoneKey, tx.tenant(), text::PhoneKey(number));
}

absl::StatusOr<std::optional<Contact>> ContactRepository::FindByCustomer(sql::Transaction& tx,
                                                                         const std::string& customer_id) const {
  return FindOne(tx, kByCustomer, tx.tenant(), customer_id);
}

absl::StatusOr<Contact> ContactRepository::GetOrCreate(sql::Transaction& tx, const PersonRef& who,
                                                       absl::Time now) const {
  ASSIGN_OR_RETURN(std::optional<Contact> found, Find(tx, who));
  if (!found) return Create(tx, who, now);
  RETURN_IF_ERROR(AddIdentities(tx, who, *found).status());
  return *std::move(found);
}

absl::StatusOr<Contact> ContactRepository::Create(sql::Transaction& tx, const PersonRef& who, absl::Time now) const {
  Contact c;
  c.id = Uuid::New(now);
  c.phone = !who.phone.empty() ? who.phone : who.wa_id.empty() ? "" : absl::StrCat("+", who.wa_id);
  c.bsuid = who.bsuid;
  c.country = !who.country.empty() ? who.country : who.bsuid.substr(0, 2);
  c.created_at = c.updated_at = now;
  c.identities = IdentitiesOf(who);
  ASSIGN_OR_RETURN(c.suppressed, SuppressedOf(tx, c.identities, now));
  RETURN_IF_ERROR(tx.Exec(kInsert, tx.tenant(), c.id, c.state, c.name, c.first_name, c.language, c.time_zone, c.country,
                          c.customer_id, c.phone, c.bsuid, "[]", "{}", c.marketing, c.transactional, c.suppressed, now,
                          now));
  for (const Identity& id : c.identities) {
    const std::string key = id.kind == IdentityKind::kBsuid ? "" : text::PhoneKey(id.value);
    RETURN_IF_ERROR(tx.Exec(kInsertIdentity, tx.tenant(), id.kind, id.value, key, c.id));
  }
  return c;
}

absl::StatusOr<bool> ContactRepository::AddIdentities(sql::Transaction& tx, const PersonRef& who,
                                                      Contact& contact) const {
  bool added = false;
  for (const Identity& id : IdentitiesOf(who)) {
    const std::string key = id.kind == IdentityKind::kBsuid ? "" : text::PhoneKey(id.value);
    ASSIGN_OR_RETURN(const int64_t n, tx.ExecCount(kInsertIdentity, tx.tenant(), id.kind, id.value, key, contact.id));
    added = added || n == 1;
    if (n == 1 && id.kind == IdentityKind::kBsuid && contact.bsuid.empty()) contact.bsuid = id.value;
    if (n == 1 && id.kind == IdentityKind::kPhone && contact.phone.empty()) contact.phone = id.value;
  }
  return added;
}

absl::Status ContactRepository::Update(sql::Transaction& tx, Contact& c, absl::Time now) const {
  ++c.revision;
  c.updated_at = now;
  return tx.Exec(kUpdate, c.name, c.first_name, c.language, c.time_zone, c.country, c.customer_id, c.phone, c.bsuid,
                 EncodeStrings(c.tags), EncodeMap(c.attributes), c.revision, now, tx.tenant(), c.id);
}

absl::Status ContactRepository::SetPermissions(sql::Transaction& tx, const Contact& c) const {
  return tx.Exec(kSetPermissions, c.marketing, c.transactional, c.suppressed, tx.tenant(), c.id);
}

absl::Status ContactRepository::RestMarketing(sql::Transaction& tx, const Uuid& id, absl::Time until) const {
  return tx.Exec(kRest, until, tx.tenant(), id);
}

absl::Status ContactRepository::Heard(sql::Transaction& tx, const Uuid& id, absl::Time at) const {
  return tx.Exec(kHeard, at, tx.tenant(), id);
}

absl::StatusOr<ContactRepository::LastRoute> ContactRepository::GetLastRoute(sql::Transaction& tx,
                                                                             const Uuid& id) const {
  ASSIGN_OR_RETURN(const std::optional<LastRoute> found,
                   tx.Find(
                       kGetLastRoute,
                       [](const sql::Row& r) {
                         return LastRoute{static_cast<int>(r.Int(0)), r.String(1)};
                       },
                       tx.tenant(), id));
  return found.value_or(LastRoute());
}

absl::Status ContactRepository::SetLastRoute(sql::Transaction& tx, const Uuid& id, int route,
                                             const std::string& ref) const {
  return tx.Exec(kSetLastRoute, route, ref, tx.tenant(), id);
}

absl::Status ContactRepository::LoadIdentities(sql::Transaction& tx, Contact& contact) const {
  contact.identities.clear();
  return tx.Each(
      kIdentities,
      [&](const sql::Row& r) {
        contact.identities.push_back({static_cast<IdentityKind>(r.Int(0)), r.String(1)});
      },
      tx.tenant(), contact.id);
}

absl::StatusOr<std::vector<ContactRepository::Member>> ContactRepository::Page(sql::Transaction& tx,
                                                                               const std::optional<Uuid>& list,
                                                                               const Uuid& after, int limit) const {
  std::vector<Member> out;
  absl::Status decoded;
  const auto read = [&](const sql::Row& r) {
    Member m{ReadContact(r, decoded), {}};
    absl::StatusOr<std::map<std::string, std::string>> variables = DecodeMap(r.Text(20));
    if (variables.ok()) m.variables = *std::move(variables);
    out.push_back(std::move(m));
  };
  RETURN_IF_ERROR(list ? tx.Each(kMemberPage, read, tx.tenant(), *list, after, limit)
                       : tx.Each(kPage, read, tx.tenant(), after, limit));
  RETURN_IF_ERROR(decoded);
  return out;
}

absl::StatusOr<std::map<std::string, std::string>> ContactRepository::MemberVariables(sql::Transaction& tx,
                                                                                      const Uuid& list,
                                                                                      const Uuid& contact) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> text,
                   tx.Find(
                       kMemberVariables, [](const sql::Row& r) { return r.String(0); }, tx.tenant(), list, contact));
  return DecodeMap(text.value_or("{}"));
}

absl::StatusOr<std::vector<Uuid>> ContactRepository::ListsOfContact(sql::Transaction& tx, const Uuid& contact) const {
  std::vector<Uuid> out;
  RETURN_IF_ERROR(tx.Each(
      kListsOf, [&](const sql::Row& r) { out.push_back(r.Id(0)); }, tx.tenant(), contact));
  return out;
}

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
                 c.text_version, c.reference, c.actor, c.by_person);
}

absl::Status ContactRepository::Suppress(sql::Transaction& tx, const Contact& contact, int flag,
                                         std::optional<absl::Time> until, absl::Time now) const {
  for (const Identity& id : contact.identities) {
    RETURN_IF_ERROR(tx.Exec(kSuppress, tx.tenant(), sql::Blob{HashOf(key_, tx.tenant(), id)}, flag, until, now));
  }
  return absl::OkStatus();
}

absl::Status ContactRepository::Lift(sql::Transaction& tx, const Contact& contact, int flag) const {
  for (const Identity& id : contact.identities) {
    RETURN_IF_ERROR(tx.Exec(kLift, tx.tenant(), sql::Blob{HashOf(key_, tx.tenant(), id)}, flag));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> ContactRepository::SuppressedOf(sql::Transaction& tx, const std::vector<Identity>& identities,
                                                    absl::Time now) const {
  int flags = 0;
  for (const Identity& id : identities) {
    RETURN_IF_ERROR(tx.Each(
        kSuppressed,
        [&](const sql::Row& r) {
          if (r.IsNull(1) || now < r.Time(1)) flags |= static_cast<int>(r.Int(0));
        },
        tx.tenant(), sql::Blob{HashOf(key_, tx.tenant(), id)}));
  }
  return flags;
}

std::vector<sql::Query> ContactRepository::Queries() {
  return {
      kGet,     kByIdentity,   kByPhoneKey,   kByCustomer,     kInsert,     kUpdate, kSetPermissions, kHeard,
      kRest,    kGetLastRoute, kSetLastRoute, kInsertIdentity, kIdentities, kPage,   kMemberPage,     kMemberVariables,
      kListsOf, kEvidence,     kEvidencePage, kInsertEvidence, kSuppress,   kLift,   kSuppressed};
}

}  // namespace vinculo::messaging
