#include "services/messaging/work/channel_jobs.h"

#include <memory>
#include <optional>

#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/store/template_account_repository.h"
#include "services/messaging/work/template_submit.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kAfterRefusal = absl::Hours(1);

sql::Scope ScopeOf(const jobs::Job& job) { return sql::Scope::ForTenant(job.tenant, "jobs"); }

// nullopt when there is nothing to do, or when it waits for its hour.
absl::StatusOr<std::optional<Account>> Begin(sql::Transaction& tx, const jobs::Job& job, const DataKey& key,
                                             const ManagementLimits& limits, absl::Time now) {
  const Uuid channel = Uuid::Parse(job.payload).value_or(Uuid());
  absl::StatusOr<Account> account = OpenAccount(tx, key, channel);
  if (!account.ok()) {
    RETURN_IF_ERROR(jobs::Bury(tx, job, std::string(account.status().message()), now));
    return std::nullopt;
  }
  ASSIGN_OR_RETURN(const std::optional<absl::Time> room,
                   TemplateAccountRepository::TakeCalls(tx, channel, {}, limits, now));
  if (!room) return *std::move(account);
  RETURN_IF_ERROR(jobs::RetryAt(tx, job, *room, "WhatsApp's limit for this hour is reached"));
  return std::nullopt;
}

}  // namespace

void ChannelJobs::Register(jobs::JobRunner& runner) {
  runner.Register(kJobSubscribe, {.lease = absl::Seconds(60), .concurrency = 4},
                  [this](const jobs::Job& job, jobs::Done done) { Subscribe(job, std::move(done)); });
}

void ChannelJobs::Subscribe(const jobs::Job& job, jobs::Done done) {
  auto shared = std::make_shared<jobs::Done>(std::move(done));
  db_.Write(
      ScopeOf(job),
      [this, job, now = db_.clock().Now()](sql::Transaction& tx) { return Begin(tx, job, key_, limits_, now); },
      [this, job, shared](absl::StatusOr<std::optional<Account>> account) {
        if (!account.ok() || !*account) return (*shared)();
        provider_.Subscribe(
            (*account)->channel.waba_id, (*account)->token,
            [this, job, shared](const ManagementAnswer& answer) { Record(job, answer, [shared] { (*shared)(); }); });
      });
}

void ChannelJobs::Record(const jobs::Job& job, const ManagementAnswer& answer, jobs::Done done) {
  using Result = ManagementAnswer::Result;
  if (answer.result == Result::kRefused)
    log::Warning("WhatsApp refused the webhooks of an account; see its access token",
                 {{"channel_id", job.payload}, {"error", answer.message}});
  auto shared = std::make_shared<jobs::Done>(std::move(done));
  db_.Write(
      ScopeOf(job),
      [job, answer, now = db_.clock().Now()](sql::Transaction& tx) {
        if (answer.result == Result::kDone) return jobs::Complete(tx, job);
        const bool refused = answer.result == Result::kRefused;
        return jobs::RetryAt(tx, job, refused ? now + kAfterRefusal : NextTry(job, answer, now), answer.message);
      },
      [shared](absl::Status) { (*shared)(); });
}

}  // namespace vinculo::messaging
