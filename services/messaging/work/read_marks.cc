#include "services/messaging/work/read_marks.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/store/channel_repository.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kNoSlot = absl::Milliseconds(250);

struct Mark {
  Uuid sender;
  std::string wamid;
  bool typing = false;
  absl::Time until;
};

Mark ParseMark(const std::string& payload) {
  const std::vector<std::string> lines = absl::StrSplit(payload, '\n');
  Mark mark;
  int64_t until = 0;
  if (lines.size() != 4 || !absl::SimpleAtoi(lines[3], &until)) return mark;
  return {Uuid::Parse(lines[0]).value_or(Uuid()), lines[1], lines[2] == "1", absl::FromUnixMicros(until)};
}

struct From {
  Sender sender;
  Channel channel;
};

}  // namespace

void ReadMarks::Register(jobs::JobRunner& runner) {
  runner.Register(kJobMarkRead, {.lease = absl::Seconds(60), .concurrency = 32},
                  [this](const jobs::Job& job, jobs::Done done) { Run(job, std::move(done)); });
}

void ReadMarks::Run(const jobs::Job& job, jobs::Done done) {
  const Mark mark = ParseMark(job.payload);
  const sql::Scope scope = sql::Scope::ForTenant(job.tenant, "jobs");
  if (db_.clock().Now() >= mark.until) return End(job, std::move(done), std::nullopt);
  const absl::StatusOr<From> from = db_.ReadInline(scope, [&](sql::Transaction& tx) -> absl::StatusOr<From> {
    From found;
    ASSIGN_OR_RETURN(found.sender, ChannelRepository::GetSender(tx, mark.sender));
    ASSIGN_OR_RETURN(found.channel, ChannelRepository::GetChannel(tx, found.sender.channel_id));
    return found;
  });
  if (!from.ok()) {
    const bool gone = absl::IsNotFound(from.status());
    return End(job, std::move(done), gone ? std::nullopt : std::optional(absl::Seconds(1)));
  }
  const absl::StatusOr<std::string> token =
      key_.Open(from->channel.token_sealed, absl::StrCat("waba:", from->channel.waba_id));
  if (!token.ok()) {
    log::Error("an access token cannot be read", {{"channel", from->channel.id.ToString()}});
    return End(job, std::move(done), std::nullopt);
  }
  if (!reserve_(job.tenant, mark.sender)) return End(job, std::move(done), kNoSlot);
  provider_.MarkRead(from->sender.phone_number_id, *token, mark.wamid, mark.typing,
                     [this, job, done = std::move(done)](bool again) mutable {
                       const absl::Duration wait =
                           jobs::Backoff(job.attempt, absl::Seconds(1), absl::Minutes(1), /*jitter01=*/0.5);
                       End(job, std::move(done), again ? std::optional(wait) : std::nullopt);
                     });
}

// Ends the job, or gives it back for a while.
void ReadMarks::End(const jobs::Job& job, jobs::Done done, std::optional<absl::Duration> again) {
  const absl::Time now = db_.clock().Now();
  db_.Write(
      sql::Scope::ForTenant(job.tenant, "jobs"),
      [job, again, now](sql::Transaction& tx) {
        return again ? jobs::RetryAt(tx, job, now + *again, "not yet") : jobs::Complete(tx, job);
      },
      [done = std::move(done)](const absl::Status&) mutable { done(); });
}

}  // namespace vinculo::messaging
