#include "services/lifecycle/store/health_pass.h"

#include <utility>

#include "common/calendar/period.h"
#include "common/calendar/zone.h"
#include "common/status/status_macros.h"

namespace vinculo::lifecycle {
namespace {

absl::CivilDay EndOfMonth(absl::CivilDay day) { return absl::CivilDay(absl::CivilMonth(day) + 1) - 1; }

}  // namespace

HealthPass::HealthPass(Settings settings, absl::CivilDay as_of, absl::Time now, bool only_changes)
    : settings_(std::move(settings)),
      as_of_(as_of),
      now_(now),
      only_changes_(only_changes),
      cut_last_month_(as_of < calendar::LocalDay(now, settings_.zone) && as_of < EndOfMonth(as_of)),
      day_end_(calendar::StartOfDay(as_of + 1, settings_.zone)) {}

bool HealthPass::InService(const ModuleInstance& module) const {
  return module.contracted_at < day_end_ && !(module.stage == Stage::kLost && module.stage_since < day_end_);
}

absl::StatusOr<std::vector<ClientTerms>> HealthPass::Terms(sql::Transaction& tx,
                                                           const std::vector<ModuleInstance>& modules,
                                                           const std::string& after) const {
  std::vector<UsageCounts> sums(modules.size());
  size_t at = 0;
  RETURN_IF_ERROR(usage_.WalkRollups(tx, RollupKind::kMonth, after, modules.back().customer_id,
                                     calendar::LastSixMonths(as_of_).first, MonthOf(as_of_),
                                     [&](absl::string_view module, int64_t, const UsageCounts& counts) {
                                       while (at < modules.size() && modules[at].id.bytes() != module) ++at;
                                       if (at < modules.size()) sums[at] += counts;
                                     }));
  std::vector<ClientTerms> clients;
  for (size_t i = 0; i < modules.size(); ++i) {
    const ModuleInstance& module = modules[i];
    if (clients.empty() || clients.back().customer_id != module.customer_id)
      clients.push_back({module.customer_id, {}});
    if (!InService(module)) continue;
    if (cut_last_month_) {
      ASSIGN_OR_RETURN(const UsageCounts later, usage_.SumFacts(tx, module.id, as_of_ + 1, EndOfMonth(as_of_)));
      sums[i] = sums[i] - later;
    }
    clients.back().terms.push_back({module.id, module.module_key, sums[i]});
  }
  return clients;
}

absl::StatusOr<HealthOutcome> HealthPass::Save(sql::Transaction& tx, ClientTerms client) const {
  ASSIGN_OR_RETURN(std::optional<HealthSnapshot> before, health_.FindUpTo(tx, client.customer_id, as_of_));
  std::optional<HealthSnapshot> same_day;
  if (before && before->as_of == as_of_) {
    same_day = std::move(before);
    ASSIGN_OR_RETURN(before, health_.FindUpTo(tx, client.customer_id, as_of_ - 1));
  }
  HealthOutcome outcome;
  outcome.snapshot =
      MakeSnapshot(std::move(client.customer_id), as_of_, std::move(client.terms), before, settings_.health, now_);
  if (before) outcome.tier_before = before->tier;
  if (same_day) {
    if (only_changes_ && same_day->SameResult(outcome.snapshot)) {
      outcome.snapshot = *std::move(same_day);
      return outcome;
    }
    outcome.snapshot.revision = same_day->revision + 1;
  }
  RETURN_IF_ERROR(health_.Save(tx, outcome.snapshot));
  outcome.saved = true;
  return outcome;
}

absl::StatusOr<HealthChunk> HealthPass::SaveAll(sql::Transaction& tx, std::vector<ClientTerms> clients) const {
  HealthChunk chunk;
  chunk.outcomes.reserve(clients.size());
  for (ClientTerms& client : clients) {
    if (client.terms.empty()) {
      RETURN_IF_ERROR(health_.DropCurrent(tx, client.customer_id, as_of_));
      continue;
    }
    ASSIGN_OR_RETURN(HealthOutcome outcome, Save(tx, std::move(client)));
    chunk.outcomes.push_back(std::move(outcome));
  }
  return chunk;
}

absl::StatusOr<HealthChunk> HealthPass::Next(sql::Transaction& tx, const std::string& after, int limit) const {
  ASSIGN_OR_RETURN(const std::vector<ModuleInstance> modules, modules_.NextClients(tx, after, limit));
  if (modules.empty()) return HealthChunk{{}, {}, true};
  ASSIGN_OR_RETURN(std::vector<ClientTerms> clients, Terms(tx, modules, after));
  ASSIGN_OR_RETURN(HealthChunk chunk, SaveAll(tx, std::move(clients)));
  chunk.last_customer_id = modules.back().customer_id;
  return chunk;
}

absl::StatusOr<HealthChunk> HealthPass::OfCustomer(sql::Transaction& tx, const std::string& customer_id) const {
  ASSIGN_OR_RETURN(const std::vector<ModuleInstance> modules, modules_.OfCustomer(tx, customer_id));
  ClientTerms client{customer_id, {}};
  for (const ModuleInstance& module : modules) {
    if (!InService(module)) continue;
    UsageCounts sum;
    ASSIGN_OR_RETURN(
        const std::vector<Rollup> months,
        usage_.Rollups(tx, RollupKind::kMonth, module, calendar::LastSixMonths(as_of_).first, MonthOf(as_of_)));
    for (const Rollup& month : months) sum += month.counts;
    if (cut_last_month_) {
      ASSIGN_OR_RETURN(const UsageCounts later, usage_.SumFacts(tx, module.id, as_of_ + 1, EndOfMonth(as_of_)));
      sum = sum - later;
    }
    client.terms.push_back({module.id, module.module_key, sum});
  }
  HealthChunk chunk;
  if (!modules.empty()) {
    std::vector<ClientTerms> clients;
    clients.push_back(std::move(client));
    ASSIGN_OR_RETURN(chunk, SaveAll(tx, std::move(clients)));
  }
  chunk.last_customer_id = customer_id;
  chunk.end = true;
  return chunk;
}

}  // namespace vinculo::lifecycle
