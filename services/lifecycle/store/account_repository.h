#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/lifecycle/domain/records.h"

namespace vinculo::lifecycle {

struct AccountFilter {
  std::string owner_cs;  // empty: all
  std::string segment;   // empty: all
};

// Clients and the kinds of modules. Stateless; the tenant is the transaction's.
class AccountRepository {
 public:
  absl::StatusOr<std::optional<Account>> Find(sql::Transaction& tx, const std::string& customer_id) const;
  // NOT_FOUND ACCOUNT_NOT_FOUND.
  absl::StatusOr<Account> Get(sql::Transaction& tx, const std::string& customer_id) const;
  absl::Status Insert(sql::Transaction& tx, const Account& account) const;
  // Writes everything but customer_id, created_at and revision, which goes up by one, also in `account`.
  absl::Status Update(sql::Transaction& tx, Account& account) const;
  // By customer id, after `after`.
  absl::StatusOr<std::vector<Account>> List(sql::Transaction& tx, const AccountFilter& filter, const std::string& after,
                                            int limit) const;
};

// Kinds of modules: the tenant's own beside the preloaded ones, of which a written one takes the place.
class ModuleDefRepository {
 public:
  absl::StatusOr<std::optional<ModuleDef>> Find(sql::Transaction& tx, const std::string& module_key) const;
  // Stores `def` with its revision as it is.
  absl::Status Put(sql::Transaction& tx, const ModuleDef& def) const;
  // All of them by key.
  absl::StatusOr<std::vector<ModuleDef>> ListAll(sql::Transaction& tx) const;
};

}  // namespace vinculo::lifecycle
