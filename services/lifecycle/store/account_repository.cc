#include "services/lifecycle/store/account_repository.h"

#include <algorithm>

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/lifecycle/store/queries.h"

namespace vinculo::lifecycle {
namespace {

using namespace store;  // NOLINT(build/namespaces): the statements

Account ReadAccount(const sql::Row& r) {
  return {r.String(0),      r.String(1), r.String(2), r.String(3), r.String(4),
          r.OptionalInt(5), r.String(6), r.Time(7),   r.Time(8),   r.Int(9)};
}

ModuleDef ReadModuleDef(const sql::Row& r) {
  return {r.String(0), r.String(1), r.String(2), r.String(3), r.Bool(4), r.Int(5)};
}

const ModuleDef* Preloaded(absl::string_view key) {
  const auto& all = PreloadedModules();
  const auto it = std::find_if(all.begin(), all.end(), [&](const ModuleDef& d) { return d.module_key == key; });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace

absl::StatusOr<std::optional<Account>> AccountRepository::Find(sql::Transaction& tx,
                                                               const std::string& customer_id) const {
  return tx.Find(kAccountGet, ReadAccount, tx.tenant(), customer_id);
}

absl::StatusOr<Account> AccountRepository::Get(sql::Transaction& tx, const std::string& customer_id) const {
  ASSIGN_OR_RETURN(std::optional<Account> account, Find(tx, customer_id));
  if (!account) return NotFound("account", customer_id);
  return *std::move(account);
}

absl::Status AccountRepository::Insert(sql::Transaction& tx, const Account& a) const {
  return tx.Exec(kAccountInsert, tx.tenant(), a.customer_id, a.name, a.owner_cs, a.owner_ops, a.segment, a.users_count,
                 a.time_zone, a.created_at, a.updated_at, a.revision);
}

absl::Status AccountRepository::Update(sql::Transaction& tx, Account& a) const {
  ++a.revision;
  return tx.Exec(kAccountUpdate, tx.tenant(), a.customer_id, a.name, a.owner_cs, a.owner_ops, a.segment, a.users_count,
                 a.time_zone, a.updated_at);
}

absl::StatusOr<std::vector<Account>> AccountRepository::List(sql::Transaction& tx, const AccountFilter& filter,
                                                             const std::string& after, int limit) const {
  std::vector<Account> accounts;
  const auto take = [&](const sql::Row& r) { accounts.push_back(ReadAccount(r)); };
  if (!filter.owner_cs.empty()) {
    RETURN_IF_ERROR(tx.Each(kAccountListByOwner, take, tx.tenant(), after, limit, filter.owner_cs, filter.segment));
  } else if (!filter.segment.empty()) {
    RETURN_IF_ERROR(tx.Each(kAccountListBySegment, take, tx.tenant(), after, limit, filter.segment));
  } else {
    RETURN_IF_ERROR(tx.Each(kAccountList, take, tx.tenant(), after, limit));
  }
  return accounts;
}

absl::StatusOr<std::optional<ModuleDef>> ModuleDefRepository::Find(sql::Transaction& tx,
                                                                   const std::string& module_key) const {
  ASSIGN_OR_RETURN(std::optional<ModuleDef> def, tx.Find(kModuleDefGet, ReadModuleDef, tx.tenant(), module_key));
  if (const ModuleDef* preloaded = Preloaded(module_key); !def && preloaded != nullptr) def = *preloaded;
  return def;
}

absl::Status ModuleDefRepository::Put(sql::Transaction& tx, const ModuleDef& d) const {
  return tx.Exec(kModuleDefPut, tx.tenant(), d.module_key, d.unit_name, d.started_meaning, d.completed_meaning,
                 d.active, d.revision);
}

absl::StatusOr<std::vector<ModuleDef>> ModuleDefRepository::ListAll(sql::Transaction& tx) const {
  std::vector<ModuleDef> defs = PreloadedModules();
  RETURN_IF_ERROR(tx.Each(
      kModuleDefList,
      [&](const sql::Row& r) {
        ModuleDef def = ReadModuleDef(r);
        std::erase_if(defs, [&](const ModuleDef& d) { return d.module_key == def.module_key; });
        defs.push_back(std::move(def));
      },
      tx.tenant()));
  std::sort(defs.begin(), defs.end(),
            [](const ModuleDef& a, const ModuleDef& b) { return a.module_key < b.module_key; });
  return defs;
}

}  // namespace vinculo::lifecycle
