#include "services/messaging/work/sender_jobs.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/sender_state.h"
#include "services/messaging/store/channel_repository.h"

namespace vinculo::messaging {
namespace {

sql::Scope ScopeOf(const jobs::Job& job) { return sql::Scope::ForTenant(job.tenant, "jobs"); }

}  // namespace

void SenderJobs::Register(jobs::JobRunner& runner) {
  runner.Register(kJobRefreshSender, {.lease = absl::Seconds(60), .concurrency = 4},
                  [this](const jobs::Job& job, jobs::Done done) { Refresh(job, std::move(done)); });
}

void SenderJobs::Refresh(const jobs::Job& job, jobs::Done done) {
  const Uuid sender = Uuid::Parse(job.payload).value_or(Uuid());
  auto shared = std::make_shared<jobs::Done>(std::move(done));
  db_.ReadOnPool(
      ScopeOf(job), [sender](sql::Transaction& tx) { return ChannelRepository::SenderWithChannel(tx, sender); },
      [this, job, sender, shared](absl::StatusOr<std::pair<Sender, Channel>> found) {
        const auto record = [this, job, sender, shared](const absl::StatusOr<NumberFacts>& told) {
          Record(job, sender, told, [shared] { (*shared)(); });
        };
        if (!found.ok()) return record(found.status());
        const Channel& channel = found->second;
        const absl::StatusOr<std::string> token =
            key_.Open(channel.token_sealed, absl::StrCat("waba:", channel.waba_id));
        if (!token.ok()) return record(token.status());
        provider_.ReadNumber(found->first.phone_number_id, *token, record);
      });
}

void SenderJobs::Record(const jobs::Job& job, const Uuid& sender, const absl::StatusOr<NumberFacts>& told,
                        jobs::Done done) {
  if (!told.ok())
    log::Warning("a number could not be read", {{"sender_id", sender.ToString()}, {"error", told.status().ToString()}});
  auto shared = std::make_shared<jobs::Done>(std::move(done));
  db_.Write(
      ScopeOf(job),
      [this, job, sender, told, now = db_.clock().Now()](sql::Transaction& tx) -> absl::Status {
        if (absl::IsNotFound(told.status())) return jobs::Complete(tx, job);
        if (told.ok()) RETURN_IF_ERROR(LearnNumber(tx, sender, *told, levels_, now));
        return jobs::RetryAt(tx, job, now + every_, told.ok() ? "" : std::string(told.status().message()));
      },
      [shared](absl::Status) { (*shared)(); });
}

}  // namespace vinculo::messaging
