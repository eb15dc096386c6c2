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
  "c.updated_at, c.tester, c.recent_marketing"
constexpr int kContactColumns = 22;

constexpr sql::Query kGet{"contact_get",
                          "SELECT " COLUMNS " FROM contact c WHERE c.tenant_id = ? AND c.contact_id = ?"};
constexpr sql::Query kByIdentity{"contact_by_identity",
                                 "SELECT " COLUMNS
                                 " FROM identity i JOIN contact c ON c.tenant_id = i.tenant_id AND c.contact_id = "
                                 "i.contact_id WHERE i.tenant_id = ? AND i.kind = ? AND i.value = ?"};
// The exact phone first, then whoever shares its key.
constexpr sql::Query kByPhoneKey{
    "contact_by_phone_key",
    "SELECT " COLUMNS
    " FROM identity i JOIN contact c ON c.tenant_id = i.tenant_id AND c.contact_id = i.contact_id WHERE i.tenant_id = "
    "? "
    "AND i.phone_key = ? AND i.phone_key <> '' ORDER BY CASE WHEN i.kind = 1 AND i.value = ? THEN 0 ELSE 1 END, "
    "c.contact_id LIMIT 1"};
// Who never wrote comes last: left to itself, PostgreSQL has them first.
constexpr sql::Query kByCustomer{"contact_by_customer",
                                 "SELECT " COLUMNS
                                 " FROM contact c WHERE c.tenant_id = ? AND c.customer_id = ? AND c.customer_id <> '' "
                                 "AND c.state = 1 ORDER BY c.last_inbound_at DESC NULLS LAST LIMIT 1"};
constexpr sql::Query kOfCustomer{"contact_of_customer",
                                 "SELECT " COLUMNS
                                 " FROM contact c WHERE c.tenant_id = ? AND c.customer_id = ? AND c.customer_id <> '' "
                                 "AND c.state = 1 LIMIT 100"};
constexpr sql::Query kInsert{
    "contact_insert",
    "INSERT INTO contact (tenant_id, contact_id, state, merged_into, name, first_name, language, time_zone, country, "
    "customer_id, phone, "
    "bsuid, tags, attributes, marketing, transactional, suppressed, last_inbound_at, last_route, last_route_ref, "
    "revision, created_at, "
    "updated_at, tester) VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 0, '', 1, ?, ?, 0)"};
constexpr sql::Query kUpdate{
    "contact_update",
    "UPDATE contact SET name = ?, first_name = ?, language = ?, time_zone = ?, country = ?, customer_id = ?, phone "
    "= ?, bsuid = ?, tags = ?, attributes = ?, tester = ?, revision = ?, updated_at = ? WHERE tenant_id = ? AND "
    "contact_id = ?"};
constexpr sql::Query kSetPermissions{
    "contact_set_permissions",
    "UPDATE contact SET marketing = ?, transactional = ?, suppressed = ?, revision = revision + 1 WHERE "
    "tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kSetMarketing{"contact_set_marketing",
                                   "UPDATE contact SET recent_marketing = ? WHERE tenant_id = ? AND contact_id = ?"};
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
constexpr sql::Query kOwner{"identity_owner",
                            "SELECT contact_id FROM identity WHERE tenant_id = ? AND kind = ? AND value = ?"};
constexpr sql::Query kRemoveIdentity{
    "identity_remove", "DELETE FROM identity WHERE tenant_id = ? AND kind = ? AND value = ? AND contact_id = ?"};
// More merges than a person can have; what is beyond is found when the page is asked for again.
constexpr int kMaxAliases = 1000;
constexpr sql::Query kAliases{
    "contact_aliases",
    "SELECT contact_id FROM contact WHERE tenant_id = ? AND merged_into = ? AND merged_into IS "
    "NOT NULL ORDER BY contact_id LIMIT ?"};
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
  c.tester = r.Bool(20);
  c.recent_marketing = DecodeTimes(r.Text(21));
  return c;
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

std::string PhoneKeyOf(const Identity& id) { return id.kind == IdentityKind::kBsuid ? "" : text::PhoneKey(id.value); }

}  // namespace

std::vector<Identity> IdentitiesOf(const PersonRef& who) {
  std::vector<Identity> out;
  if (!who.phone.empty()) out.push_back({IdentityKind::kPhone, who.phone});
  if (!who.wa_id.empty()) out.push_back({IdentityKind::kWaId, who.wa_id});
  if (!who.bsuid.empty()) out.push_back({IdentityKind::kBsuid, who.bsuid});
  return out;
}

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
       {std::pair(IdentityKind::kWaId, &who.wa_id), std::pair(IdentityKind::kBsuid, &who.bsuid)}) {
    ASSIGN_OR_RETURN(std::optional<Contact> found, ByIdentity(tx, kind, *value));
    if (found) return found;
  }
  if (who.phone.empty() && who.wa_id.empty()) return std::nullopt;
  const std::string phone = who.phone.empty() ? PhoneOfWaId(who.wa_id) : who.phone;
  return FindOne(tx, kByPhoneKey, tx.tenant(), text::PhoneKey(phone), phone);
}

absl::StatusOr<std::optional<Contact>> ContactRepository::FindByCustomer(sql::Transaction& tx,
                                                                         const std::string& customer_id) const {
  return FindOne(tx, kByCustomer, tx.tenant(), customer_id);
}

absl::StatusOr<std::vector<Contact>> ContactRepository::OfCustomer(sql::Transaction& tx,
                                                                   const std::string& customer_id) const {
  std::vector<Contact> out;
  absl::Status decoded;
  if (customer_id.empty()) return out;
  RETURN_IF_ERROR(tx.Each(
      kOfCustomer, [&](const sql::Row& r) { out.push_back(ReadContact(r, decoded)); }, tx.tenant(), customer_id));
  RETURN_IF_ERROR(decoded);
  return out;
}

absl::StatusOr<Contact> ContactRepository::GetOrCreate(sql::Transaction& tx, const PersonRef& who,
                                                       absl::Time now) const {
  ASSIGN_OR_RETURN(std::optional<Contact> found, Find(tx, who));
  if (!found) return Create(tx, who, now);
  RETURN_IF_ERROR(AddIdentities(tx, who, *found, now).status());
  return *std::move(found);
}

absl::StatusOr<Contact> ContactRepository::Create(sql::Transaction& tx, const PersonRef& who, absl::Time now) const {
  ASSIGN_OR_RETURN(Contact c, Prepare(tx, who, now));
  RETURN_IF_ERROR(Insert(tx, c));
  return c;
}

absl::StatusOr<Contact> ContactRepository::Prepare(sql::Transaction& tx, const PersonRef& who, absl::Time now) const {
  Contact c;
  c.id = Uuid::New(now);
  c.phone = !who.phone.empty() ? who.phone : who.wa_id.empty() ? "" : PhoneOfWaId(who.wa_id);
  c.bsuid = who.bsuid;
  c.country = !who.country.empty() ? who.country : who.bsuid.substr(0, 2);
  c.created_at = c.updated_at = now;
  c.identities = IdentitiesOf(who);
  RETURN_IF_ERROR(Inherit(tx, c.identities, c, now).status());
  return c;
}

absl::Status ContactRepository::Insert(sql::Transaction& tx, const Contact& c) const {
  RETURN_IF_ERROR(tx.Exec(kInsert, tx.tenant(), c.id, c.state, c.name, c.first_name, c.language, c.time_zone, c.country,
                          c.customer_id, c.phone, c.bsuid, EncodeStrings(c.tags), EncodeMap(c.attributes), c.marketing,
                          c.transactional, c.suppressed, c.created_at, c.updated_at));
  for (const Identity& id : c.identities)
    RETURN_IF_ERROR(tx.Exec(kInsertIdentity, tx.tenant(), id.kind, id.value, PhoneKeyOf(id), c.id));
  return absl::OkStatus();
}

absl::StatusOr<bool> ContactRepository::AddIdentities(sql::Transaction& tx, const PersonRef& who, Contact& contact,
                                                      absl::Time now) const {
  std::vector<Identity> added;
  for (const Identity& id : IdentitiesOf(who)) {
    ASSIGN_OR_RETURN(const int64_t n,
                     tx.ExecCount(kInsertIdentity, tx.tenant(), id.kind, id.value, PhoneKeyOf(id), contact.id));
    if (n == 0) continue;
    added.push_back(id);
    if (id.kind == IdentityKind::kBsuid && contact.bsuid.empty()) contact.bsuid = id.value;
    if (id.kind == IdentityKind::kPhone && contact.phone.empty()) contact.phone = id.value;
    if (id.kind == IdentityKind::kWaId && contact.phone.empty()) contact.phone = PhoneOfWaId(id.value);
    if (id.kind != IdentityKind::kBsuid && !who.country.empty()) contact.country = who.country;
  }
  if (added.empty()) return false;
  contact.identities.insert(contact.identities.end(), added.begin(), added.end());
  ASSIGN_OR_RETURN(const bool suppressed, Inherit(tx, added, contact, now));
  if (suppressed) RETURN_IF_ERROR(SetPermissions(tx, contact));
  return true;
}

absl::StatusOr<std::optional<Uuid>> ContactRepository::OwnerOf(sql::Transaction& tx, const Identity& identity) const {
  return tx.Find(
      kOwner, [](const sql::Row& r) { return r.Id(0); }, tx.tenant(), identity.kind, identity.value);
}

absl::Status ContactRepository::RemoveIdentity(sql::Transaction& tx, const Contact& contact,
                                               const Identity& identity) const {
  return tx.Exec(kRemoveIdentity, tx.tenant(), identity.kind, identity.value, contact.id);
}

absl::StatusOr<std::vector<Uuid>> ContactRepository::Aliases(sql::Transaction& tx, const Uuid& contact) const {
  std::vector<Uuid> out;
  RETURN_IF_ERROR(tx.Each(
      kAliases, [&](const sql::Row& r) { out.push_back(r.Id(0)); }, tx.tenant(), contact, kMaxAliases));
  return out;
}

absl::Status ContactRepository::Update(sql::Transaction& tx, Contact& c, absl::Time now) const {
  ++c.revision;
  c.updated_at = now;
  return tx.Exec(kUpdate, c.name, c.first_name, c.language, c.time_zone, c.country, c.customer_id, c.phone, c.bsuid,
                 EncodeStrings(c.tags), EncodeMap(c.attributes), c.tester, c.revision, now, tx.tenant(), c.id);
}

absl::Status ContactRepository::SetPermissions(sql::Transaction& tx, const Contact& c) const {
  return tx.Exec(kSetPermissions, c.marketing, c.transactional, c.suppressed, tx.tenant(), c.id);
}

absl::Status ContactRepository::RestMarketing(sql::Transaction& tx, const Uuid& id, absl::Time until) const {
  return tx.Exec(kRest, until, tx.tenant(), id);
}

absl::Status ContactRepository::SetRecentMarketing(sql::Transaction& tx, const Contact& c) const {
  return tx.Exec(kSetMarketing, EncodeTimes(c.recent_marketing), tx.tenant(), c.id);
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
    absl::StatusOr<std::map<std::string, std::string>> variables = DecodeMap(r.Text(kContactColumns));
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

std::vector<sql::Query> ContactRepository::Queries() {
  std::vector<sql::Query> out = {
      kGet,          kByIdentity,     kByPhoneKey,      kByCustomer, kOfCustomer,     kInsert,
      kUpdate,       kSetPermissions, kHeard,           kRest,       kSetMarketing,   kGetLastRoute,
      kSetLastRoute, kInsertIdentity, kIdentities,      kOwner,      kRemoveIdentity, kAliases,
      kPage,         kMemberPage,     kMemberVariables, kListsOf};
  const std::vector<sql::Query> standing = StandingQueries();
  out.insert(out.end(), standing.begin(), standing.end());
  return out;
}

}  // namespace vinculo::messaging
