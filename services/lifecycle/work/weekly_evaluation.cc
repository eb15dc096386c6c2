#include "services/lifecycle/work/weekly_evaluation.h"

#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/calendar/zone.h"
#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "services/lifecycle/limits.h"
#include "services/lifecycle/store/chunks.h"
#include "services/lifecycle/store/schedule_repository.h"

namespace vinculo::lifecycle {
namespace {

constexpr char kKey[] = "week";
constexpr char kActor[] = "lifecycle";
constexpr int64_t kMaxAttempts = 50;

absl::Status EnqueueWeek(sql::Transaction& tx, absl::CivilDay week, absl::Time due_at) {
  RETURN_IF_ERROR(ScheduleRepository().SetNextWeek(tx, week));
  return jobs::Enqueue(tx, {WeeklyEvaluation::kKind, kKey, due_at, absl::StrCat(DayNumber(week))});
}

}  // namespace

// One claimed job on its way: stages, health, then the next week.
class WeeklyEvaluation::Run : public std::enable_shared_from_this<WeeklyEvaluation::Run> {
 public:
  Run(const WeeklyEvaluation& owner, jobs::Job job, jobs::Done done)
      : owner_(owner),
        job_(std::move(job)),
        done_(std::move(done)),
        now_(owner.db_.clock().Now()),
        scope_(sql::Scope::ForTenant(job_.tenant, kActor)) {}

  void Start() {
    int64_t week = 0;
    if (!absl::SimpleAtoi(job_.payload, &week)) return End(absl::DataLossError("the job names no week"));
    week_ = DayFromNumber(week);
    const auto self = shared_from_this();
    const StagePass pass(owner_.settings_, week_, now_, kActor, /*dry_run=*/false);
    ChunkedWalk<StageChunk>::Start(
        owner_.db_, scope_,
        [self, pass](sql::Transaction& tx, const std::string& after) -> absl::StatusOr<StageChunk> {
          RETURN_IF_ERROR(self->CheckRunning());
          ASSIGN_OR_RETURN(StageChunk chunk, pass.Next(tx, after, kChunkModules));
          for (const StageOutcome& outcome : chunk.outcomes) {
            if (outcome.event) RETURN_IF_ERROR(self->owner_.announcers_.stage(tx, *outcome.event, self->now_));
          }
          return chunk;
        },
        [self](const StageChunk& chunk) {
          for (const StageOutcome& outcome : chunk.outcomes) {
            if (!outcome.event) continue;
            self->owner_.metrics_.CountMove(outcome.to);
            ++self->moves_;
          }
        },
        [self](const absl::Status& status) { status.ok() ? self->ComputeHealth() : self->End(status); });
  }

 private:
  absl::Status CheckRunning() const {
    return owner_.stopping_ ? absl::UnavailableError("the service stops") : absl::OkStatus();
  }

  void ComputeHealth() {
    const auto self = shared_from_this();
    const HealthPass pass(owner_.settings_, week_ + 6, now_, /*only_changes=*/true);
    ChunkedWalk<HealthChunk>::Start(
        owner_.db_, scope_,
        [self, pass](sql::Transaction& tx, const std::string& after) -> absl::StatusOr<HealthChunk> {
          RETURN_IF_ERROR(self->CheckRunning());
          ASSIGN_OR_RETURN(HealthChunk chunk, pass.Next(tx, after, kChunkModules));
          for (const HealthOutcome& outcome : chunk.outcomes) {
            RETURN_IF_ERROR(self->owner_.announcers_.health(tx, outcome, self->now_));
          }
          return chunk;
        },
        [self](const HealthChunk& chunk) {
          for (const HealthOutcome& outcome : chunk.outcomes) {
            if (outcome.saved) self->owner_.metrics_.health_snapshots.Increment();
          }
        },
        [self](const absl::Status& status) { self->End(status); });
  }

  // Completes the job together with the next one, or puts it off.
  void End(const absl::Status& outcome) {
    const auto self = shared_from_this();
    owner_.db_.Write(
        scope_,
        [self, outcome](sql::Transaction& tx) -> absl::Status {
          if (!outcome.ok()) return self->PutOff(tx, outcome);
          RETURN_IF_ERROR(jobs::Complete(tx, self->job_));
          const absl::CivilDay next = self->week_ + 7;
          return EnqueueWeek(tx, next, self->owner_.DueAt(next));
        },
        [self, outcome](const absl::Status& written) {
          const std::string week = calendar::FormatDate(self->week_);
          if (outcome.ok() && written.ok()) {
            log::Info("week evaluated", {{"tenant", self->job_.tenant}, {"week", week}, {"moves", self->moves_}});
          } else {
            log::Warning("week not evaluated",
                         {{"tenant", self->job_.tenant}, {"week", week}, {"error", outcome.ok() ? written : outcome}});
          }
          self->done_();
        });
  }

  absl::Status PutOff(sql::Transaction& tx, const absl::Status& outcome) const {
    const std::string error(outcome.message());
    if (absl::IsDataLoss(outcome) || job_.attempt >= kMaxAttempts) return jobs::Bury(tx, job_, error, now_);
    return jobs::RetryAt(tx, job_, now_ + jobs::Backoff(job_.attempt, absl::Seconds(10), absl::Hours(1), 0.5), error);
  }

  const WeeklyEvaluation& owner_;
  const jobs::Job job_;
  jobs::Done done_;
  const absl::Time now_;
  const sql::Scope scope_;
  absl::CivilDay week_;
  int64_t moves_ = 0;
};

absl::Time WeeklyEvaluation::DueAt(absl::CivilDay week) const {
  return calendar::StartOfDay(week + 7, settings_.zone) + settings_.evaluation_lag;
}

void WeeklyEvaluation::Register(jobs::JobRunner& runner) {
  jobs::KindOptions options;
  options.lease = absl::Minutes(30);  // a hundred thousand clients take a minute or two
  options.concurrency = 1;
  runner.Register(kKind, options, [this](jobs::Job job, jobs::Done done) {
    std::make_shared<Run>(*this, std::move(job), std::move(done))->Start();
  });
}

absl::Status WeeklyEvaluation::Schedule(const std::vector<std::string>& tenants) {
  const absl::CivilDay running = WeekOf(calendar::LocalDay(db_.clock().Now(), settings_.zone));
  for (const std::string& tenant : tenants) {
    RETURN_IF_ERROR(db_.WriteAndWait(sql::Scope::ForTenant(tenant, kActor), [&](sql::Transaction& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const std::optional<absl::CivilDay> next, ScheduleRepository().NextWeek(tx));
      const absl::CivilDay week = next.value_or(running);
      return EnqueueWeek(tx, week, DueAt(week));
    }));
  }
  return absl::OkStatus();
}

}  // namespace vinculo::lifecycle
