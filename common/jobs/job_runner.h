#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/jobs/job_queue.h"
#include "common/sql/database.h"

namespace vinculo::jobs {

// Called exactly once by a handler when it is finished with the job, whatever came of it (the outcome itself was
// written with Complete, RetryAt or Bury in the handler's own transaction; a job left untouched is claimed again when
// its lease lapses).
using Done = absl::AnyInvocable<void()>;
// Runs on the runner's thread and must not block: start what takes time (Database::Write, an HTTP call) and return.
using Handler = std::function<void(Job job, Done done)>;

struct KindOptions {
  // How long a claim holds; longer than the handler can take.
  absl::Duration lease = absl::Seconds(60);
  // Jobs of this kind in progress at once.
  int concurrency = 32;
};

// Claims due jobs and hands them to handlers. One thread; woken by commits that enqueue, by the clock, and by Done.
class JobRunner {
 public:
  // `database` outlives the runner. Construct before the first write (it listens to commits).
  explicit JobRunner(sql::Database& database);
  // Stops claiming, waits for the handlers in progress.
  ~JobRunner();

  // Before Start.
  void Register(const std::string& kind, KindOptions options, Handler handler);
  void Start();
  // No further claims; returns when every handler in progress has called Done. Their leases were completed or will
  // lapse.
  void Stop();
  // Looks for due jobs now. For tests that move a manual clock.
  void Poke();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace vinculo::jobs
