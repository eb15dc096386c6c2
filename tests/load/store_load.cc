// vinculo-store-load writes|claims --store=URL ...: the store alone under load, on any driver. Prints `name value`
// lines.
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "common/jobs/job_queue.h"
#include "common/sql/ticket_workload.h"

namespace vinculo::load {
namespace {

struct Options {
  std::string store;
  double seconds = 5;
  int in_flight = 256;
  int tenants = 64;
  int workers = 1;
  int jobs = 20'000;
};

std::unique_ptr<sql::Database> Open(const std::string& url) {
  sql::DatabaseOptions options;
  options.url = url;
  options.migrations = {{"jobs", &jobs::Migrations()}, {"bench", &sql::workload::kSteps}};
  auto opened = sql::Database::Open(std::move(options));
  if (opened.ok()) return *std::move(opened);
  std::cerr << opened.status() << "\n";
  std::exit(1);
}

void OrDie(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

// Keeps so many writes under way, spread over the tenants; each that ends begins the next.
class Writes {
 public:
  Writes(sql::Database& database, const Options& options) : database_(database), options_(options) {}

  double PerSecond() {
    absl::BlockingCounter running(options_.in_flight);
    running_ = &running;
    const absl::Time start = absl::Now();
    until_ = start + absl::Seconds(options_.seconds);
    for (int i = 0; i < options_.in_flight; ++i) Next(i % options_.tenants);
    running.Wait();
    return static_cast<double>(done_) / absl::ToDoubleSeconds(absl::Now() - start);
  }

 private:
  void Next(int tenant) {
    const absl::Time now = absl::Now();
    if (now >= until_) {
      running_->DecrementCount();
      return;
    }
    database_.Write(
        sql::workload::WithRequest(sql::Scope::ForTenant(absl::StrCat("t", tenant)), now),
        [id = Uuid::New(now), now](sql::Transaction& tx) { return sql::workload::WriteTicket(tx, id, now); },
        [this, tenant](const absl::Status& status) {
          OrDie(status);
          ++done_;
          Next(tenant);
        });
  }

  sql::Database& database_;
  const Options& options_;
  absl::BlockingCounter* running_ = nullptr;
  absl::Time until_;
  std::atomic<int64_t> done_{0};
};

void RunWrites(const Options& options) {
  const auto database = Open(options.store);
  std::cout << "writes_per_s " << static_cast<int64_t>(Writes(*database, options).PerSecond()) << "\n";
}

// Ends the claimed jobs; one that others got in the way of is tried again, as a handler's is by its runner.
void CompleteAll(sql::Database& database, const std::vector<jobs::Job>& claimed) {
  std::vector<jobs::Job> left = claimed;
  while (!left.empty()) {
    const std::vector<jobs::Job> now = std::exchange(left, {});
    absl::Mutex mutex;
    absl::BlockingCounter running(static_cast<int>(now.size()));
    for (const jobs::Job& job : now) {
      database.Write(
          sql::Scope::ForTenant(job.tenant), [&job](sql::Transaction& tx) { return jobs::Complete(tx, job); },
          [&](const absl::Status& status) {
            if (!absl::IsUnavailable(status)) OrDie(status);
            if (!status.ok()) {
              absl::MutexLock lock(&mutex);
              left.push_back(job);
            }
            running.DecrementCount();
          });
    }
    running.Wait();
  }
}

// Fills the queue, then lets the workers, each with connections of its own as a replica has, claim and complete it.
void RunClaims(const Options& options) {
  const absl::Time now = absl::Now();
  std::vector<std::unique_ptr<sql::Database>> workers;
  for (int i = 0; i < options.workers; ++i) workers.push_back(Open(options.store));
  for (int first = 0; first < options.jobs; first += 500) {
    OrDie(workers[0]->WriteAndWait(sql::Scope::ForTenant("demo"), [&](sql::Transaction& tx) -> absl::Status {
      for (int i = first; i < first + 500; ++i) {
        RETURN_IF_ERROR(jobs::Enqueue(tx, {"bench", absl::StrCat(i), now - absl::Seconds(60), "payload"}));
      }
      return absl::OkStatus();
    }));
  }
  std::atomic<int> done{0};
  const absl::Time start = absl::Now();
  std::vector<std::thread> threads;
  for (const auto& worker : workers) {
    threads.emplace_back([&, &database = *worker] {
      while (done < options.jobs) {
        const auto claimed = database.WriteAndWait(
            sql::Scope::ForTenant(sql::kSystemTenant),
            [&](sql::Transaction& tx) { return jobs::Claim(tx, "bench", now, absl::Minutes(10), 32); });
        if (absl::IsUnavailable(claimed.status())) continue;
        OrDie(claimed.status());
        if (claimed->empty()) break;
        CompleteAll(database, *claimed);
        done += static_cast<int>(claimed->size());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (done != options.jobs) {
    std::cerr << "claimed " << done << " of " << options.jobs << " jobs\n";
    std::exit(1);
  }
  std::cout << "claims_per_s " << static_cast<int64_t>(done / absl::ToDoubleSeconds(absl::Now() - start)) << "\n";
}

int Main(int argc, char** argv) {
  CLI::App app{"The store alone under load."};
  app.require_subcommand(1);
  Options options;
  app.add_option("--store", options.store, "sqlite:PATH or postgres://HOST/DATABASE")->required();
  CLI::App* writes = app.add_subcommand("writes", "durable writes per second")->fallthrough();
  writes->add_option("--seconds", options.seconds)->capture_default_str();
  writes->add_option("--in-flight", options.in_flight, "writes under way at once")->capture_default_str();
  writes->add_option("--tenants", options.tenants, "over which they are spread")->capture_default_str();
  CLI::App* claims = app.add_subcommand("claims", "jobs claimed and completed per second")->fallthrough();
  claims->add_option("--workers", options.workers, "replicas that claim")->capture_default_str();
  claims->add_option("--jobs", options.jobs, "a multiple of 500")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (writes->parsed()) RunWrites(options);
  if (claims->parsed()) RunClaims(options);
  return 0;
}

}  // namespace
}  // namespace vinculo::load

int main(int argc, char** argv) { return vinculo::load::Main(argc, argv); }
