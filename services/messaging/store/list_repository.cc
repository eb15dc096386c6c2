#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kInsert{
    "list_insert",
    "INSERT INTO contact_list (tenant_id, list_id, display_name, members, created_at) VALUES (?, ?, ?, 0, ?) ON "
    "CONFLICT (tenant_id, display_name) DO NOTHING"};
constexpr sql::Query kGet{
    "list_get",
    "SELECT list_id, display_name, members, created_at FROM contact_list WHERE tenant_id = ? AND list_id = ?"};
constexpr sql::Query kPage{
    "list_page",
    "SELECT list_id, display_name, members, created_at FROM contact_list WHERE tenant_id = ? AND list_id > ? ORDER BY "
    "list_id LIMIT ?"};
constexpr sql::Query kGetMember{
    "list_member_get", "SELECT variables FROM list_member WHERE tenant_id = ? AND list_id = ? AND contact_id = ?"};
constexpr sql::Query kPutMember{
    "list_member_put",
    "INSERT INTO list_member (tenant_id, list_id, contact_id, variables) VALUES (?, ?, ?, ?) ON CONFLICT "
    "(tenant_id, list_id, contact_id) DO UPDATE SET variables = excluded.variables"};
constexpr sql::Query kGrow{"list_grow",
                           "UPDATE contact_list SET members = members + 1 WHERE tenant_id = ? AND list_id = ?"};

ContactList Read(const sql::Row& r) { return {r.Id(0), r.String(1), r.Int(2), r.Time(3)}; }

}  // namespace

absl::Status ListRepository::Insert(sql::Transaction& tx, const ContactList& list) {
  ASSIGN_OR_RETURN(const int64_t added,
                   tx.ExecCount(kInsert, tx.tenant(), list.id, list.display_name, list.created_at));
  if (added == 1) return absl::OkStatus();
  return Error(absl::StatusCode::kAlreadyExists, "NAME_TAKEN", "There is a list with this name.");
}

absl::StatusOr<ContactList> ListRepository::Get(sql::Transaction& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(std::optional<ContactList> found, tx.Find(kGet, Read, tx.tenant(), id));
  if (!found) return NotFound("list", id.ToString());
  return *std::move(found);
}

absl::StatusOr<std::vector<ContactList>> ListRepository::List(sql::Transaction& tx, const Uuid& after, int limit) {
  std::vector<ContactList> out;
  RETURN_IF_ERROR(tx.Each(
      kPage, [&](const sql::Row& r) { out.push_back(Read(r)); }, tx.tenant(), after, limit));
  return out;
}

absl::StatusOr<bool> ListRepository::PutMember(sql::Transaction& tx, const Uuid& list, const Uuid& contact,
                                               const std::map<std::string, std::string>& variables) {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                   tx.Find(
                       kGetMember, [](const sql::Row& r) { return r.String(0); }, tx.tenant(), list, contact));
  ASSIGN_OR_RETURN(auto merged, DecodeMap(stored.value_or("{}")));
  for (const auto& [name, value] : variables) merged[name] = value;
  const std::string text = EncodeMap(merged);
  if (stored == text) return false;
  RETURN_IF_ERROR(tx.Exec(kPutMember, tx.tenant(), list, contact, text));
  if (!stored) RETURN_IF_ERROR(tx.Exec(kGrow, tx.tenant(), list));
  return true;
}

std::vector<sql::Query> ListRepository::Queries() { return {kInsert, kGet, kPage, kGetMember, kPutMember, kGrow}; }

}  // namespace vinculo::messaging
