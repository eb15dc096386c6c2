// What a real mutation costs in the engine alone: replay look-up, a row with two indexes, an event's row, the replay
// row, fsync.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "common/sql/database.h"
#include "common/sql/ticket_workload.h"

namespace vinculo::sql {
namespace {

struct Store {
  Store() {
    std::string pattern = absl::StrCat(std::filesystem::temp_directory_path().string(), "/vinculo-bench-XXXXXX");
    directory = mkdtemp(pattern.data());
    DatabaseOptions options;
    options.url = "sqlite:" + directory + "/store.db";
    options.migrations = {{"bench", &workload::kSteps}};
    database = *Database::Open(std::move(options));
  }
  ~Store() {
    database.reset();
    std::filesystem::remove_all(directory);
  }
  std::string directory;
  std::unique_ptr<Database> database;
};

void BM_DurableWrites(benchmark::State& state) {
  Store store;
  const int in_flight = static_cast<int>(state.range(0));
  Scope base = Scope::ForTenant("demo");
  for (auto _ : state) {
    absl::BlockingCounter left(in_flight);
    for (int i = 0; i < in_flight; ++i) {
      const absl::Time now = absl::Now();
      Scope scope = workload::WithRequest(base, now);
      store.database->Write(
          std::move(scope), [id = Uuid::New(now), now](Transaction& tx) { return workload::WriteTicket(tx, id, now); },
          [&left](absl::Status status) {
            if (!status.ok()) std::abort();
            left.DecrementCount();
          });
    }
    left.Wait();
  }
  state.SetItemsProcessed(state.iterations() * in_flight);
  const Engine::Counters counters = store.database->engine().counters();
  state.counters["fsyncs_per_write"] = static_cast<double>(counters.syncs) / static_cast<double>(counters.writes);
}
BENCHMARK(BM_DurableWrites)->Arg(1)->Arg(64)->Arg(256)->UseRealTime();

void BM_PointRead(benchmark::State& state) {
  Store store;
  const Scope scope = Scope::ForTenant("demo");
  const Uuid id = Uuid::New(absl::Now());
  if (!store.database->WriteAndWait(scope, [&](Transaction& tx) { return workload::WriteTicket(tx, id, absl::Now()); })
           .ok())
    std::abort();
  for (auto _ : state) {
    auto read = store.database->ReadInline(scope, [&](Transaction& tx) {
      return tx.Find(
          workload::kGet, [](const Row& row) { return row.Int(1); }, tx.tenant(), id);
    });
    if (!read.ok() || !read->has_value()) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PointRead)->UseRealTime();

}  // namespace
}  // namespace vinculo::sql

BENCHMARK_MAIN();
