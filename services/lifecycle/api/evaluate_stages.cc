// LifecycleService.EvaluateStages: one complete week, chunk by chunk, each chunk durable before it is told.
#include <deque>

#include "common/calendar/period.h"
#include "common/status/status_macros.h"
#include "services/lifecycle/api/announce.h"
#include "services/lifecycle/api/lifecycle_service.h"
#include "services/lifecycle/api/parse.h"
#include "services/lifecycle/api/render.h"
#include "services/lifecycle/limits.h"
#include "services/lifecycle/store/stage_pass.h"

namespace vinculo::lifecycle {
namespace {

using calendar::Period;
using calendar::PeriodKind;

// Which week to evaluate: the one named, or the last complete one.
absl::StatusOr<absl::CivilDay> ParseWeek(absl::string_view name, absl::Time now, absl::TimeZone zone,
                                         FieldViolations& bad) {
  const Period last = calendar::LastComplete(PeriodKind::kWeek, 1, now, zone).front();
  if (name.empty()) return last.first_day();
  const std::optional<Period> week = Period::FromName(name);
  if (!week || week->kind() != PeriodKind::kWeek || week->first_day().year() < 1970) {
    bad.Add("week", "must be an ISO week such as 2024-W11, not before 1970");
    return last.first_day();
  }
  if (!week->IsComplete(now, zone)) {
    return Error(absl::StatusCode::kFailedPrecondition, "PARTIAL_PERIOD",
                 absl::StrCat("week ", name, " is not over; the last complete one is ", last.Name()),
                 {{"last_complete", last.Name()}});
  }
  return week->first_day();
}

class EvaluateStream final : public rpc::WriteStream<v1::EvaluateStagesResponse> {
 public:
  EvaluateStream(rpc::StreamContext context, sql::Database& db, Metrics& metrics, StagePass pass,
                 std::vector<std::string> customers, bool dry_run)
      : WriteStream(std::move(context)),
        db_(db),
        metrics_(metrics),
        pass_(std::move(pass)),
        customers_(std::move(customers)),
        dry_run_(dry_run) {}

 private:
  void Produce() override {
    if (next_ < chunk_.outcomes.size()) {
      v1::EvaluateStagesResponse response;
      RenderStageOutcome(chunk_.outcomes[next_++], &response);
      return Send(std::move(response));
    }
    if (chunk_.end && customer_ >= customers_.size()) return Finish(absl::OkStatus());
    Load();
  }

  void Load() {
    const auto self = std::static_pointer_cast<EvaluateStream>(shared_from_this());
    const auto body = [self](sql::Transaction& tx) { return self->Evaluate(tx); };
    const auto took = [self](absl::StatusOr<StageChunk> chunk) { self->Take(std::move(chunk)); };
    if (dry_run_) return db_.ReadOnPool(scope(), body, took);
    db_.Write(scope(), body, took);
  }

  absl::StatusOr<StageChunk> Evaluate(sql::Transaction& tx) const {
    ASSIGN_OR_RETURN(StageChunk chunk, customers_.empty() ? pass_.Next(tx, chunk_.last_customer_id, kChunkModules)
                                                          : pass_.OfCustomer(tx, customers_[customer_]));
    for (const StageOutcome& outcome : chunk.outcomes) {
      if (outcome.event) RETURN_IF_ERROR(AnnounceStage(tx, *outcome.event, now()));
    }
    return chunk;
  }

  void Take(absl::StatusOr<StageChunk> chunk) {
    if (!chunk.ok()) return Finish(chunk.status());
    chunk_ = *std::move(chunk);
    next_ = 0;
    if (!customers_.empty()) ++customer_;
    for (const StageOutcome& outcome : chunk_.outcomes) {
      if (outcome.event) metrics_.CountMove(outcome.to);
    }
    Produce();
  }

  sql::Database& db_;
  Metrics& metrics_;
  const StagePass pass_;
  const std::vector<std::string> customers_;  // empty: all
  const bool dry_run_;
  size_t customer_ = 0;
  StageChunk chunk_;
  size_t next_ = 0;
};

}  // namespace

rpc::WriteStream<v1::EvaluateStagesResponse>* LifecycleService::EvaluateStages(
    rpc::StreamContext context, const v1::EvaluateStagesRequest& request) {
  FieldViolations bad;
  std::vector<std::string> customers = ParseCustomerIds(request.customer_ids(), bad);
  const auto week = ParseWeek(request.week(), context.now(), settings_.zone, bad);
  if (!bad.empty()) return rpc::RefuseWrite<v1::EvaluateStagesResponse>(std::move(context), bad.ToStatus());
  if (!week.ok()) return rpc::RefuseWrite<v1::EvaluateStagesResponse>(std::move(context), week.status());
  StagePass pass(settings_, *week, context.now(), context.principal().subject, request.dry_run());
  return new EvaluateStream(std::move(context), db_, metrics_, std::move(pass), std::move(customers),
                            request.dry_run());
}

}  // namespace vinculo::lifecycle
