#include "services/profiling/store/lead_repository.h"

#include "common/status/status_macros.h"
#include "services/profiling/store/json_codec.h"

namespace vinculo::profiling {
namespace {

constexpr sql::Query kInsert{
    "lead_insert",
    "INSERT INTO lead (tenant_id, id, profile_id, session_id, product_id, state, crm_ref, revision, created_at, body) "
    "VALUES (?,?,?,?,?,?,?,?,?,?)"};
constexpr sql::Query kFind{"lead_find",
                           "SELECT body, state, crm_ref, revision FROM lead WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kFindRecent{
    "lead_find_recent",
    "SELECT body, state, crm_ref, revision FROM lead WHERE tenant_id = ? AND profile_id = ? AND product_id = ? "
    "AND created_at > ? ORDER BY created_at LIMIT 1"};
constexpr sql::Query kUpdate{
    "lead_update",
    "UPDATE lead SET state = ?3, crm_ref = ?4, body = ?5, revision = revision + 1 WHERE tenant_id = ?1 AND id = ?2"};
constexpr sql::Query kList{
    "lead_list",
    "SELECT body, state, crm_ref, revision FROM lead WHERE tenant_id = ? AND id < ? ORDER BY id DESC LIMIT ?"};
constexpr sql::Query kListByProfile{
    "lead_list_by_profile",
    "SELECT body, state, crm_ref, revision FROM lead WHERE tenant_id = ? AND profile_id = ? "
    "ORDER BY product_id, created_at"};
constexpr sql::Query kFindConnector{
    "connector_find",
    "SELECT body, enabled, is_test, state, revision FROM connector WHERE tenant_id = ? AND connector_id = ?"};
constexpr sql::Query kPutConnector{
    "connector_put",
    "INSERT INTO connector (tenant_id, connector_id, enabled, is_test, state, revision, body) VALUES (?,?,?,?,?,?,?) "
    "ON CONFLICT (tenant_id, connector_id) DO UPDATE SET enabled = excluded.enabled, is_test = excluded.is_test, state "
    "= excluded.state, "
    "revision = excluded.revision, body = excluded.body"};
constexpr sql::Query kListConnectors{
    "connector_list",
    "SELECT body, enabled, is_test, state, revision FROM connector WHERE tenant_id = ? ORDER BY connector_id"};
constexpr sql::Query kInsertDelivery{
    "delivery_insert",
    "INSERT INTO delivery (tenant_id, id, lead_id, connector_id, event, state, attempts_used, next_at, "
    "created_at, error, payload, attempts) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"};
constexpr sql::Query kFindDelivery{
    "delivery_find",
    "SELECT id, lead_id, connector_id, event, state, attempts_used, next_at, created_at, error, attempts, "
    "payload FROM delivery WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kUpdateDelivery{
    "delivery_update",
    "UPDATE delivery SET state = ?3, attempts_used = ?4, next_at = ?5, error = ?6, attempts = ?7 "
    "WHERE tenant_id = ?1 AND id = ?2"};
constexpr sql::Query kListDeliveries{
    "delivery_list",
    "SELECT id, lead_id, connector_id, event, state, attempts_used, next_at, created_at, error, attempts, "
    "'' FROM delivery WHERE tenant_id = ? AND id < ? ORDER BY id DESC LIMIT ?"};
constexpr sql::Query kListOfLead{
    "delivery_list_of_lead",
    "SELECT id, lead_id, connector_id, event, state, attempts_used, next_at, created_at, error, attempts, "
    "'' FROM delivery WHERE tenant_id = ? AND lead_id = ? ORDER BY id"};
constexpr sql::Query kListWaiting{
    "delivery_list_waiting",
    "SELECT id, lead_id, connector_id, event, state, attempts_used, next_at, created_at, error, attempts, "
    "'' FROM delivery WHERE tenant_id = ? AND connector_id = ? AND state IN (1, 3)"};

absl::StatusOr<Lead> ReadLead(const sql::Row& row) {
  ASSIGN_OR_RETURN(Lead lead, DecodeLead(row.Text(0)));
  lead.state = static_cast<LeadState>(row.Int(1));
  lead.crm_ref = row.String(2);
  lead.revision = row.Int(3);
  return lead;
}

absl::StatusOr<Connector> ReadConnector(const sql::Row& row) {
  ASSIGN_OR_RETURN(Connector connector, DecodeConnector(row.Text(0)));
  connector.enabled = row.Bool(1);
  connector.test = row.Bool(2);
  connector.state = static_cast<ConnectorState>(row.Int(3));
  connector.revision = row.Int(4);
  return connector;
}

absl::StatusOr<Delivery> ReadDelivery(const sql::Row& row) {
  Delivery d;
  d.id = row.Id(0);
  d.lead_id = row.Id(1);
  d.connector_id = row.String(2);
  d.event = row.String(3);
  d.state = static_cast<DeliveryState>(row.Int(4));
  d.attempts_used = static_cast<int>(row.Int(5));
  d.next_at = row.OptionalTime(6);
  d.created_at = row.Time(7);
  d.error = row.String(8);
  ASSIGN_OR_RETURN(d.attempts, DecodeAttempts(row.Text(9)));
  d.payload = row.Bytes(10);
  return d;
}

// One row, decoded by a reader that can fail.
template <class T, class... Args>
absl::StatusOr<std::optional<T>> FindDecoded(sql::Transaction& tx, const sql::Query& query,
                                             absl::StatusOr<T> (*read)(const sql::Row&), const Args&... args) {
  ASSIGN_OR_RETURN(auto found, tx.Find(query, read, tx.tenant(), args...));
  if (!found) return std::optional<T>();
  RETURN_IF_ERROR(found->status());
  return std::optional<T>(**std::move(found));
}

template <class T, class... Args>
absl::StatusOr<std::vector<T>> ListDecoded(sql::Transaction& tx, const sql::Query& query,
                                           absl::StatusOr<T> (*read)(const sql::Row&), const Args&... args) {
  std::vector<T> out;
  RETURN_IF_ERROR(tx.Each(
      query,
      [&](const sql::Row& row) -> absl::Status {
        ASSIGN_OR_RETURN(T value, read(row));
        out.push_back(std::move(value));
        return absl::OkStatus();
      },
      tx.tenant(), args...));
  return out;
}

Uuid LastIdIfNil(const Uuid& before) { return before.is_nil() ? *Uuid::FromBytes(std::string(16, '\xff')) : before; }

}  // namespace

absl::Status LeadRepository::Insert(sql::Transaction& tx, const Lead& l) {
  return tx.Exec(kInsert, tx.tenant(), l.id, l.profile_id, l.session_id, l.product_id, l.state, l.crm_ref, l.revision,
                 l.created_at, EncodeLead(l));
}

absl::StatusOr<std::optional<Lead>> LeadRepository::Find(sql::Transaction& tx, const Uuid& id) {
  return FindDecoded(tx, kFind, ReadLead, id);
}

absl::StatusOr<std::optional<Lead>> LeadRepository::FindRecent(sql::Transaction& tx, const Uuid& profile,
                                                               const std::string& product_id, absl::Time since) {
  return FindDecoded(tx, kFindRecent, ReadLead, profile, product_id, since);
}

absl::Status LeadRepository::Update(sql::Transaction& tx, const Lead& l) {
  return tx.Exec(kUpdate, tx.tenant(), l.id, l.state, l.crm_ref, EncodeLead(l));
}

absl::StatusOr<std::vector<Lead>> LeadRepository::List(sql::Transaction& tx, const Uuid& before, int limit) {
  return ListDecoded(tx, kList, ReadLead, LastIdIfNil(before), limit);
}

absl::StatusOr<std::vector<Lead>> LeadRepository::ListByProfile(sql::Transaction& tx, const Uuid& profile) {
  return ListDecoded(tx, kListByProfile, ReadLead, profile);
}

absl::StatusOr<std::optional<Connector>> LeadRepository::FindConnector(sql::Transaction& tx,
                                                                       const std::string& connector_id) {
  return FindDecoded(tx, kFindConnector, ReadConnector, connector_id);
}

absl::Status LeadRepository::PutConnector(sql::Transaction& tx, const Connector& c) {
  return tx.Exec(kPutConnector, tx.tenant(), c.connector_id, c.enabled, c.test, c.state, c.revision,
                 EncodeConnector(c));
}

absl::StatusOr<std::vector<Connector>> LeadRepository::ListConnectors(sql::Transaction& tx) {
  return ListDecoded(tx, kListConnectors, ReadConnector);
}

absl::Status LeadRepository::InsertDelivery(sql::Transaction& tx, const Delivery& d) {
  return tx.Exec(kInsertDelivery, tx.tenant(), d.id, d.lead_id, d.connector_id, d.event, d.state, d.attempts_used,
                 d.next_at, d.created_at, d.error, sql::Blob{d.payload}, EncodeAttempts(d.attempts));
}

absl::StatusOr<std::optional<Delivery>> LeadRepository::FindDelivery(sql::Transaction& tx, const Uuid& id) {
  return FindDecoded(tx, kFindDelivery, ReadDelivery, id);
}

absl::Status LeadRepository::UpdateDelivery(sql::Transaction& tx, const Delivery& d) {
  return tx.Exec(kUpdateDelivery, tx.tenant(), d.id, d.state, d.attempts_used, d.next_at, d.error,
                 EncodeAttempts(d.attempts));
}

absl::StatusOr<std::vector<Delivery>> LeadRepository::ListDeliveries(sql::Transaction& tx, const Uuid& before,
                                                                     int limit) {
  return ListDecoded(tx, kListDeliveries, ReadDelivery, LastIdIfNil(before), limit);
}

absl::StatusOr<std::vector<Delivery>> LeadRepository::ListDeliveriesOfLead(sql::Transaction& tx, const Uuid& lead) {
  return ListDecoded(tx, kListOfLead, ReadDelivery, lead);
}

absl::StatusOr<std::vector<Delivery>> LeadRepository::ListWaiting(sql::Transaction& tx,
                                                                  const std::string& connector_id) {
  return ListDecoded(tx, kListWaiting, ReadDelivery, connector_id);
}

const std::vector<sql::Query>& LeadQueries() {
  static const auto* const kQueries =
      new std::vector<sql::Query>{kInsert,        kFind,           kFindRecent,     kUpdate,         kList,
                                  kListByProfile, kFindConnector,  kPutConnector,   kListConnectors, kInsertDelivery,
                                  kFindDelivery,  kUpdateDelivery, kListDeliveries, kListOfLead,     kListWaiting};
  return *kQueries;
}

}  // namespace vinculo::profiling
