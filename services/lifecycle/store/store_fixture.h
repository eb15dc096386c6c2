#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/calendar/zone.h"
#include "common/sql/test_database.h"
#include "lifecycle_store_migrations.h"
#include "services/lifecycle/domain/settings.h"
#include "services/lifecycle/store/account_repository.h"
#include "services/lifecycle/store/module_repository.h"
#include "services/lifecycle/store/usage_ledger.h"

namespace vinculo::lifecycle {

// A store with clients in it, for tests. Its zone is Buenos Aires; its "now" a Tuesday noon there.
class StoreFixture : public testing::Test {
 protected:
  StoreFixture() {
    settings.zone = *calendar::LoadZone("America/Argentina/Buenos_Aires");
    now = At(absl::CivilDay(2024, 6, 18)) + absl::Hours(12);
  }

  absl::Time At(absl::CivilDay day) const { return calendar::StartOfDay(day, settings.zone); }

  // Runs `body(tx)` in a write and expects it to succeed.
  template <class Body>
  auto Do(Body body, const std::string& tenant = "demo") {
    auto result = db->WriteAndWait(sql::TestScope(tenant), std::move(body));
    if constexpr (std::is_same_v<decltype(result), absl::Status>) {
      EXPECT_TRUE(result.ok()) << result;
    } else {
      EXPECT_TRUE(result.ok()) << result.status();
      return *std::move(result);
    }
  }

  // A client with one engagement and a module in `stage`, live and in that stage since `since`.
  ModuleInstance AddModule(const std::string& customer, const std::string& key, Stage stage = Stage::kEarlyAdoption,
                           absl::CivilDay since = absl::CivilDay(2023, 1, 2)) {
    ModuleInstance module;
    module.id = Uuid::New(now);
    module.customer_id = customer;
    module.module_key = key;
    module.contracted_at = At(since);
    module.go_live_at = At(since);
    module.stage = stage;
    module.stage_since = At(since);
    Do([&](sql::Transaction& tx) -> absl::Status {
      const AccountRepository accounts{};
      if (auto found = accounts.Find(tx, customer); !found.ok() || !found->has_value()) {
        Account account;
        account.customer_id = customer;
        account.name = "Name of " + customer;
        if (absl::Status s = accounts.Insert(tx, account); !s.ok()) return s;
      }
      return ModuleRepository().Insert(tx, module);
    });
    return module;
  }

  IncomingFact Fact(const ModuleInstance& module, absl::CivilDay day, UsageCounts counts, int64_t revision = 1,
                    std::string source = "default") const {
    return {module.customer_id,
            module.module_key,
            day,
            std::move(source),
            {counts, std::nullopt, Attribution::kCohort, revision}};
  }

  FactOutcome Take(const IncomingFact& fact, const std::string& tenant = "demo") {
    return Do([&](sql::Transaction& tx) { return UsageLedger(settings.zone).Take(tx, fact, now); }, tenant);
  }

  // A fact on the Monday of each of `weeks`, ending with the week of `last`.
  void AddWeeks(const ModuleInstance& module, absl::CivilDay last, const std::vector<UsageCounts>& weeks) {
    Do([&](sql::Transaction& tx) -> absl::Status {
      UsageLedger ledger(settings.zone);
      for (size_t i = 0; i < weeks.size(); ++i) {
        const absl::CivilDay day = WeekOf(last) - 7 * static_cast<int64_t>(weeks.size() - 1 - i);
        auto outcome = ledger.Take(tx, Fact(module, day, weeks[i]), now);
        if (!outcome.ok()) return outcome.status();
        if (!outcome->refusal.ok()) return outcome->refusal;
      }
      return absl::OkStatus();
    });
  }

  ModuleInstance Reload(const ModuleInstance& module) {
    return Do([&](sql::Transaction& tx) { return ModuleRepository().Get(tx, module.id); });
  }

  sql::TestDatabase db{"lifecycle", Migrations()};
  Settings settings;
  absl::Time now;
};

}  // namespace vinculo::lifecycle
