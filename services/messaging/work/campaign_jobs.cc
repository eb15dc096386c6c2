#include "services/messaging/work/campaign_jobs.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/template_repository.h"
#include "services/messaging/work/campaign_freeze.h"
#include "services/messaging/work/page_job.h"

namespace vinculo::messaging {
namespace {

constexpr int kSubmitTries = 12;

// What a submission needs.
struct Submission {
  TranslationKey key;
  Channel channel;
  Template t;
  Translation translation;
};

absl::StatusOr<Submission> LoadSubmission(sql::Transaction& tx, const jobs::Job& job) {
  const std::vector<std::string> parts = absl::StrSplit(job.payload, '\n');
  if (parts.size() != 3) return absl::DataLossError("a template job without its three lines");
  Submission s;
  s.key = {Uuid::Parse(parts[0]).value_or(Uuid()), parts[1], parts[2]};
  ASSIGN_OR_RETURN(s.channel, ChannelRepository::GetChannel(tx, s.key.channel_id));
  ASSIGN_OR_RETURN(s.t, TemplateRepository::Get(tx, s.key.channel_id, s.key.name));
  const Translation* found = s.t.Find(s.key.language);
  if (found == nullptr) return NotFound("template", s.key.name);
  s.translation = *found;
  return s;
}

absl::Status RecordAnswer(sql::Transaction& tx, const jobs::Job& job, const Submission& s, const TemplateAnswer& answer,
                          absl::Time now) {
  if (answer.result == TemplateAnswer::Result::kAgain && job.attempt < kSubmitTries) {
    return jobs::RetryAt(tx, job, now + jobs::Backoff(job.attempt, absl::Seconds(1), absl::Minutes(10), 0.5),
                         answer.message);
  }
  if (answer.result != TemplateAnswer::Result::kDone) {
    const std::string why =
        answer.code != 0 ? absl::StrCat("PROVIDER_", answer.code, ": ", answer.message) : "PROVIDER_UNAVAILABLE";
    RETURN_IF_ERROR(TemplateRepository::FailSubmission(tx, s.key, why, now));
    return jobs::Complete(tx, job);
  }
  // Earlier than any webhook about it, so that none is taken for old.
  const ProviderVerdict verdict{.graph_id = answer.graph_id,
                                .status = answer.status.empty() ? "PENDING" : answer.status,
                                .category = ParseCategory(answer.category),
                                .rejected_reason = answer.rejected_reason == "NONE" ? "" : answer.rejected_reason,
                                .quality = "",
                                .at = s.translation.status_at};
  ASSIGN_OR_RETURN(const Template before, TemplateRepository::Get(tx, s.key.channel_id, s.key.name));
  const Translation* now_is = before.Find(s.key.language);
  // A webhook may have told the outcome before this answer was recorded.
  if (now_is != nullptr && now_is->state == TranslationState::kSubmitting) {
    RETURN_IF_ERROR(TemplateRepository::ApplyVerdict(tx, s.key, verdict, now).status());
    ASSIGN_OR_RETURN(const Template after, TemplateRepository::Get(tx, s.key.channel_id, s.key.name));
    const Translation& is = *after.Find(s.key.language);
    RETURN_IF_ERROR(AnnounceTemplate(tx, after, is, "template.status_changed", now));
    if (is.category != now_is->category) RETURN_IF_ERROR(AnnounceCategory(tx, after, is, now_is->category, now));
    tx.Raise(kSignalQueue);
  }
  return jobs::Complete(tx, job);
}

}  // namespace

void MessagingJobs::Register(jobs::JobRunner& runner) {
  runner.Register(kJobFreeze, {.lease = absl::Seconds(60), .concurrency = 4},
                  [this](jobs::Job job, jobs::Done done) { Freeze(std::move(job), std::move(done)); });
  runner.Register(kJobSkip, {.lease = absl::Seconds(60), .concurrency = 4},
                  [this](jobs::Job job, jobs::Done done) { Skip(std::move(job), std::move(done)); });
  runner.Register(kJobRetry, {.lease = absl::Seconds(60), .concurrency = 4},
                  [this](jobs::Job job, jobs::Done done) { Retry(std::move(job), std::move(done)); });
  runner.Register(kJobSubmitTemplate, {.lease = absl::Seconds(60), .concurrency = 8},
                  [this](const jobs::Job& job, jobs::Done done) { Submit(job, std::move(done)); });
}

void MessagingJobs::Freeze(jobs::Job job, jobs::Done done) {
  RunPages(db_, std::move(job), std::move(done),
           [contacts = &contacts_](sql::Transaction& tx, const jobs::Job& j, absl::Time now) {
             return FreezePage(tx, *contacts, j, now);
           });
}

void MessagingJobs::Skip(jobs::Job job, jobs::Done done) {
  RunPages(db_, std::move(job), std::move(done),
           [](sql::Transaction& tx, const jobs::Job& j, absl::Time now) { return SkipPage(tx, j, now); });
}

void MessagingJobs::Retry(jobs::Job job, jobs::Done done) {
  RunPages(db_, std::move(job), std::move(done),
           [](sql::Transaction& tx, const jobs::Job& j, absl::Time now) { return RetryNextPage(tx, j, now); });
}

void MessagingJobs::Submit(const jobs::Job& job, jobs::Done done) {
  auto shared_done = std::make_shared<jobs::Done>(std::move(done));
  db_.ReadOnPool(
      ScopeOf(job), [job](sql::Transaction& tx) { return LoadSubmission(tx, job); },
      [this, job, shared_done](absl::StatusOr<Submission> loaded) {
        if (!loaded.ok()) {
          const std::string why(loaded.status().message());
          return db_.Write(
              ScopeOf(job),
              [job, why, now = db_.clock().Now()](sql::Transaction& tx) { return jobs::Bury(tx, job, why, now); },
              [shared_done](absl::Status) { (*shared_done)(); });
        }
        const auto s = std::make_shared<Submission>(*std::move(loaded));
        const auto record = [this, job, s, shared_done](TemplateAnswer answer) {
          db_.Write(
              ScopeOf(job),
              [job, s, answer = std::move(answer), now = db_.clock().Now()](sql::Transaction& tx) {
                return RecordAnswer(tx, job, *s, answer, now);
              },
              [shared_done](absl::Status) { (*shared_done)(); });
        };
        const absl::StatusOr<std::string> token =
            key_.Open(s->channel.token_sealed, absl::StrCat("waba:", s->channel.waba_id));
        if (!token.ok())
          return record({TemplateAnswer::Result::kRefused, "", "", "", "", 0, "the access token cannot be opened"});
        if (!s->translation.submitted) return record({});
        const std::string body = TemplateBody(s->key.name, s->key.language, s->translation.category,
                                              s->t.variable_format, s->translation.submitted->components);
        if (!s->translation.provider_id.empty())
          return provider_.EditTemplate(s->translation.provider_id, *token, body, record);
        if (job.attempt <= 1) return provider_.CreateTemplate(s->channel.waba_id, *token, body, record);
        // An earlier try may have arrived: look before posting again.
        provider_.FindTemplate(s->channel.waba_id, *token, s->key.name, s->key.language,
                               [this, s, token = *token, body, record](TemplateLookup lookup) {
                                 if (!lookup.ok) return record({});
                                 if (lookup.found) return record(*lookup.found);
                                 provider_.CreateTemplate(s->channel.waba_id, token, body, record);
                               });
      });
}

}  // namespace vinculo::messaging
