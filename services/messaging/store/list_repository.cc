#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

#define COLUMNS "list_id, display_name, members, created_at, revision"
constexpr sql::Query kInsert{
    "list_insert",
    "INSERT INTO contact_list (tenant_id, list_id, display_name, members, created_at, revision, deleted) VALUES (?, ?, "
    "?, 0, ?, 1, 0) ON CONFLICT (tenant_id, display_name) WHERE deleted = 0 DO NOTHING"};
constexpr sql::Query kGet{"list_get",
                          "SELECT " COLUMNS " FROM contact_list WHERE tenant_id = ? AND list_id = ? AND deleted = 0"};
constexpr sql::Query kPage{
    "list_page", "SELECT " COLUMNS
                 " FROM contact_list WHERE tenant_id = ? AND list_id > ? AND deleted = 0 ORDER BY list_id LIMIT ?"};
constexpr sql::Query kNamed{
    "list_named", "SELECT list_id FROM contact_list WHERE tenant_id = ? AND display_name = ? AND deleted = 0"};
constexpr sql::Query kRename{
    "list_rename", "UPDATE contact_list SET display_name = ?, revision = ? WHERE tenant_id = ? AND list_id = ?"};
constexpr sql::Query kDelete{
    "list_delete", "UPDATE contact_list SET deleted = 1, display_name = '' WHERE tenant_id = ? AND list_id = ?"};
constexpr sql::Query kGone{"list_gone", "DELETE FROM contact_list WHERE tenant_id = ? AND list_id = ? AND deleted = 1"};
constexpr sql::Query kCount{"list_count", "SELECT COUNT(*) FROM contact_list WHERE tenant_id = ?"};
constexpr sql::Query kGetMember{
    "list_member_get", "SELECT variables FROM list_member WHERE tenant_id = ? AND list_id = ? AND contact_id = ?"};
constexpr sql::Query kPutMember{
    "list_member_put",
    "INSERT INTO list_member (tenant_id, list_id, contact_id, variables) VALUES (?, ?, ?, ?) ON CONFLICT "
    "(tenant_id, list_id, contact_id) DO UPDATE SET variables = excluded.variables"};
constexpr sql::Query kRemoveMember{"list_member_remove",
                                   "DELETE FROM list_member WHERE tenant_id = ? AND list_id = ? AND contact_id = ?"};
constexpr sql::Query kEmpty{
    "list_empty",
    "DELETE FROM list_member WHERE tenant_id = ?1 AND list_id = ?2 AND contact_id IN (SELECT contact_id FROM "
    "list_member WHERE tenant_id = ?1 AND list_id = ?2 ORDER BY contact_id LIMIT ?3)"};
constexpr sql::Query kGrow{"list_grow",
                           "UPDATE contact_list SET members = members + ? WHERE tenant_id = ? AND list_id = ?"};

ContactList Read(const sql::Row& r) { return {r.Id(0), r.String(1), r.Int(2), r.Time(3), r.Int(4)}; }

absl::Status NameTaken() {
  return Error(absl::StatusCode::kAlreadyExists, "NAME_TAKEN", "There is a list with this name.");
}

}  // namespace

absl::Status ListRepository::Insert(sql::Transaction& tx, const ContactList& list) {
  ASSIGN_OR_RETURN(const int64_t added,
                   tx.ExecCount(kInsert, tx.tenant(), list.id, list.display_name, list.created_at));
  return added == 1 ? absl::OkStatus() : NameTaken();
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
  if (!stored) RETURN_IF_ERROR(tx.Exec(kGrow, 1, tx.tenant(), list));
  return true;
}

absl::Status ListRepository::InsertMember(sql::Transaction& tx, const Uuid& list, const Uuid& contact,
                                          const std::map<std::string, std::string>& variables) {
  return tx.Exec(kPutMember, tx.tenant(), list, contact, EncodeMap(variables));
}

absl::Status ListRepository::Grow(sql::Transaction& tx, const Uuid& list, int64_t by) {
  return by == 0 ? absl::OkStatus() : tx.Exec(kGrow, by, tx.tenant(), list);
}

absl::StatusOr<bool> ListRepository::RemoveMember(sql::Transaction& tx, const Uuid& list, const Uuid& contact) {
  ASSIGN_OR_RETURN(const int64_t removed, tx.ExecCount(kRemoveMember, tx.tenant(), list, contact));
  if (removed == 1) RETURN_IF_ERROR(tx.Exec(kGrow, -1, tx.tenant(), list));
  return removed == 1;
}

absl::Status ListRepository::Rename(sql::Transaction& tx, ContactList& list) {
  ASSIGN_OR_RETURN(const std::optional<Uuid> named,
                   tx.Find(
                       kNamed, [](const sql::Row& r) { return r.Id(0); }, tx.tenant(), list.display_name));
  if (named && *named != list.id) return NameTaken();
  ++list.revision;
  return tx.Exec(kRename, list.display_name, list.revision, tx.tenant(), list.id);
}

absl::Status ListRepository::Delete(sql::Transaction& tx, const Uuid& list) {
  return tx.Exec(kDelete, tx.tenant(), list);
}

absl::StatusOr<bool> ListRepository::Empty(sql::Transaction& tx, const Uuid& list, int limit) {
  ASSIGN_OR_RETURN(const int64_t removed, tx.ExecCount(kEmpty, tx.tenant(), list, limit));
  if (removed == limit) return true;
  RETURN_IF_ERROR(tx.Exec(kGone, tx.tenant(), list));
  return false;
}

absl::StatusOr<int64_t> ListRepository::Count(sql::Transaction& tx) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> n,
                   tx.Find(
                       kCount, [](const sql::Row& r) { return r.Int(0); }, tx.tenant()));
  return n.value_or(0);
}

std::vector<sql::Query> ListRepository::Queries() {
  return {kInsert, kGet,       kPage,      kNamed,        kRename, kDelete, kGone,
          kCount,  kGetMember, kPutMember, kRemoveMember, kEmpty,  kGrow};
}

}  // namespace vinculo::messaging
