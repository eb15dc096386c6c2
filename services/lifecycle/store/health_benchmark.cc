// health_recompute_vs_scan: computing the health of every client over the time that reading the same rows takes. Prints
// `name value`. The argument is the number of clients; each has 3 modules and 28 weeks of usage, which touch up to 8
// calendar months.
#include <stdlib.h>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/calendar/period.h"
#include "common/sql/database.h"
#include "common/status/status_macros.h"
#include "lifecycle_store_migrations.h"
#include "services/lifecycle/store/health_pass.h"

namespace vinculo::lifecycle {
namespace {

constexpr int kChunk = 300;
constexpr int kClientsPerWrite = 200;
constexpr absl::CivilDay kToday(2024, 6, 30);

// The rows that a recomputation reads, read and nothing else.
constexpr sql::Query kScanModules{
    "bench_scan_modules",
    "SELECT id, engagement_id, customer_id, module_key, contracted_at, go_live_at, stage, stage_since, adopted_at, "
    "suppressed_until, "
    "suppression_reason, evaluated_week, was_low, adoption_results, success_misses, low_hits, low_holds, "
    "below_adoption, revision "
    "FROM module_instance WHERE tenant_id = ? AND (customer_id, id) > ('', x'') ORDER BY customer_id, id"};
constexpr sql::Query kScanMonths{"bench_scan_months",
                                 "SELECT module_instance_id, bucket, started, completed FROM usage_rollup WHERE "
                                 "tenant_id = ?1 AND kind = 2 AND customer_id > '' "
                                 "AND bucket >= ?2 AND bucket <= ?3 ORDER BY customer_id, module_instance_id, bucket"};

absl::Status AddClients(sql::Transaction& tx, int first, int count, absl::Time now) {
  const ModuleRepository modules;
  const UsageRepository usage;
  for (int client = first; client < first + count; ++client) {
    for (const char* key : {"cases", "onboardings", "requirements"}) {
      ModuleInstance module;
      module.id = Uuid::New(now);
      module.customer_id = absl::StrCat("0190a5b2-7c1e-7000-8000-", absl::Dec(client, absl::kZeroPad12));
      module.module_key = key;
      module.contracted_at = module.stage_since = absl::FromUnixSeconds(1'600'000'000);
      module.stage = Stage::kAdoption;
      RETURN_IF_ERROR(modules.Insert(tx, module));
      for (int week = 0; week < 28; ++week) {
        const absl::CivilDay monday = WeekOf(kToday) - 7 * week;
        const UsageCounts counts{10 + client % 7, 3 + (client + week) % 7};
        RETURN_IF_ERROR(usage.AddToRollup(tx, RollupKind::kWeek, module.customer_id, module.id, {monday, counts}));
        RETURN_IF_ERROR(
            usage.AddToRollup(tx, RollupKind::kMonth, module.customer_id, module.id, {MonthOf(monday), counts}));
      }
    }
  }
  return absl::OkStatus();
}

// Touches every column, as whoever reads rows does.
absl::StatusOr<int64_t> Scan(sql::Transaction& tx) {
  int64_t sum = 0;
  RETURN_IF_ERROR(tx.Each(
      kScanModules,
      [&](const sql::Row& r) {
        for (int i = 0; i < 4; ++i) sum += static_cast<int64_t>(r.Blob(i).size());
        for (int i = 4; i < 19; ++i) sum += r.Int(i) & 1;
      },
      tx.tenant()));
  RETURN_IF_ERROR(tx.Each(
      kScanMonths, [&](const sql::Row& r) { sum += r.Blob(0)[15] + r.Int(1) + r.Int(2) + r.Int(3); }, tx.tenant(),
      DayNumber(calendar::LastSixMonths(kToday).first), DayNumber(MonthOf(kToday))));
  return sum;
}

absl::StatusOr<int64_t> Recompute(sql::Transaction& tx, const HealthPass& pass) {
  int64_t clients = 0;
  const ModuleRepository repository;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<ModuleInstance> modules, repository.NextClients(tx, after, kChunk));
    if (modules.empty()) return clients;
    ASSIGN_OR_RETURN(std::vector<ClientTerms> terms, pass.Terms(tx, modules, after));
    for (ClientTerms& client : terms) {
      const HealthSnapshot snapshot = MakeSnapshot(std::move(client.customer_id), pass.as_of(), std::move(client.terms),
                                                   std::nullopt, HealthModel(), absl::UnixEpoch());
      clients += snapshot.score.exact() ? 1 : 0;
    }
    after = modules.back().customer_id;
  }
}

template <class Body>
double BestSeconds(sql::Database& db, const sql::Scope& scope, Body body) {
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto result = db.ReadInline(scope, body);
    if (!result.ok() || *result == 0) {
      std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
      std::abort();
    }
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

int Run(int clients) {
  std::string pattern = absl::StrCat(std::filesystem::temp_directory_path().string(), "/vinculo-bench-XXXXXX");
  const std::string directory = mkdtemp(pattern.data());
  sql::DatabaseOptions options;
  options.url = "sqlite:" + directory + "/store.db";
  options.migrations = {{"lifecycle", &Migrations()}};
  auto db = *sql::Database::Open(std::move(options));
  const sql::Scope scope = sql::Scope::ForTenant("demo");
  const absl::Time now = absl::FromCivil(kToday, absl::UTCTimeZone()) + absl::Hours(12);
  for (int first = 0; first < clients; first += kClientsPerWrite) {
    const int count = std::min(kClientsPerWrite, clients - first);
    const absl::Status added =
        db->WriteAndWait(scope, [&](sql::Transaction& tx) { return AddClients(tx, first, count, now); });
    if (!added.ok()) {
      std::fprintf(stderr, "%s\n", added.ToString().c_str());
      return 1;
    }
  }
  const HealthPass pass(Settings(), kToday, now, false);
  const double scan = BestSeconds(*db, scope, Scan);
  const double recompute = BestSeconds(*db, scope, [&](sql::Transaction& tx) { return Recompute(tx, pass); });
  std::printf(
      "health_clients %d\nhealth_scan_seconds %.3f\nhealth_recompute_seconds %.3f\nhealth_recompute_vs_scan %.2f\n",
      clients, scan, recompute, recompute / scan);
  db.reset();
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace vinculo::lifecycle

int main(int argc, char** argv) {
  int clients = 100'000;
  if (argc > 1 && !absl::SimpleAtoi(argv[1], &clients)) return 2;
  return vinculo::lifecycle::Run(clients);
}
