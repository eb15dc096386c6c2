// What a real mutation costs in the engine alone: replay look-up, a row with two indexes, an event's row, the replay
// row, fsync.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "common/sql/database.h"
#include "common/sql/replay_log.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

const std::vector<Migration> kSteps = {
    {1, "ticket",
     "CREATE TABLE ticket (tenant_id TEXT NOT NULL, id BLOB NOT NULL, customer TEXT NOT NULL, state INTEGER NOT NULL,"
     " at INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant_id, id)) STRICT;"
     "CREATE INDEX ticket_customer ON ticket (tenant_id, customer, id);"
     "CREATE INDEX ticket_state ON ticket (tenant_id, state, at);"
     "CREATE TABLE happened (tenant_id TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, payload BLOB NOT NULL,"
     " PRIMARY KEY (tenant_id, seq)) STRICT, WITHOUT ROWID"}};
constexpr Query kInsert{"ticket_insert",
                        "INSERT INTO ticket(tenant_id, id, customer, state, at, body) VALUES (?,?,?,?,?,?)"};
constexpr Query kGet{"ticket_get", "SELECT customer, state, at, body FROM ticket WHERE tenant_id = ? AND id = ?"};
constexpr Query kEvent{"happened_insert", "INSERT INTO happened(tenant_id, seq, type, payload) VALUES (?,?,?,?)"};

struct Store {
  Store() {
    std::string pattern = absl::StrCat(std::filesystem::temp_directory_path().string(), "/vinculo-bench-XXXXXX");
    directory = mkdtemp(pattern.data());
    DatabaseOptions options;
    options.url = "sqlite:" + directory + "/store.db";
    options.migrations = {{"bench", &kSteps}};
    database = *Database::Open(std::move(options));
  }
  ~Store() {
    database.reset();
    std::filesystem::remove_all(directory);
  }
  std::string directory;
  std::unique_ptr<Database> database;
};

absl::Status WriteTicket(Transaction& tx, const Uuid& id, absl::Time now) {
  RETURN_IF_ERROR(FindReply(tx).status());
  RETURN_IF_ERROR(
      tx.Exec(kInsert, tx.tenant(), id, "customer-77", 1, now, "El cliente no puede cerrar el caso desde ayer"));
  ASSIGN_OR_RETURN(const int64_t seq, tx.NextSequence());
  RETURN_IF_ERROR(
      tx.Exec(kEvent, tx.tenant(), seq, "ticket.created", Blob{"0123456789012345678901234567890123456789"}));
  return StoreReply(tx, "reply of about a hundred bytes, as small resources are when they are rendered .........", now);
}

void BM_DurableWrites(benchmark::State& state) {
  Store store;
  const int in_flight = static_cast<int>(state.range(0));
  Scope base = Scope::ForTenant("demo");
  for (auto _ : state) {
    absl::BlockingCounter left(in_flight);
    for (int i = 0; i < in_flight; ++i) {
      const absl::Time now = absl::Now();
      Scope scope = base;
      scope.request = RequestKey{"/vinculo.support.v1.TicketService/CreateConversation", Uuid::New(now), {1}};
      store.database->Write(
          std::move(scope), [id = Uuid::New(now), now](Transaction& tx) { return WriteTicket(tx, id, now); },
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
  if (!store.database->WriteAndWait(scope, [&](Transaction& tx) { return WriteTicket(tx, id, absl::Now()); }).ok())
    std::abort();
  for (auto _ : state) {
    auto read = store.database->ReadInline(scope, [&](Transaction& tx) {
      return tx.Find(
          kGet, [](const Row& row) { return row.Int(1); }, tx.tenant(), id);
    });
    if (!read.ok() || !read->has_value()) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PointRead)->UseRealTime();

}  // namespace
}  // namespace vinculo::sql

BENCHMARK_MAIN();
