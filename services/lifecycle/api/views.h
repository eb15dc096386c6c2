#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/lifecycle/domain/health_csv.h"
#include "services/lifecycle/domain/records.h"
#include "services/lifecycle/domain/settings.h"
#include "services/lifecycle/store/health_repository.h"

// What a reply shows beyond one stored record.
namespace vinculo::lifecycle {

struct AccountView {
  Account account;
  std::optional<Engagement> engagement;  // the open one
  std::vector<ModuleInstance> modules;   // of that engagement, by id
  Stage stage = Stage::kUnspecified;
  bool partial_churn = false;
};
absl::StatusOr<AccountView> LoadAccountView(sql::Transaction& tx, Account account, const Settings& settings,
                                            absl::Time now);

struct HealthView {
  HealthSnapshot snapshot;
  std::string name;
  std::vector<HealthDelta> deltas;
  std::optional<double> slope_per_week;
  ContactFigures contact;
};
absl::StatusOr<HealthView> LoadHealthView(sql::Transaction& tx, HealthSnapshot snapshot, std::string name,
                                          const Settings& settings);

}  // namespace vinculo::lifecycle
