#include "services/messaging/work/template_jobs.h"

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/store/template_account_repository.h"
#include "services/messaging/template_act.h"
#include "services/messaging/work/template_submit.h"
#include "services/messaging/work/template_sync.h"

namespace vinculo::messaging {
namespace {

sql::Scope ScopeOf(const jobs::Job& job) { return sql::Scope::ForTenant(job.tenant, "jobs"); }

// Something asked of what WhatsApp has.
struct Act {
  TranslationKey key;
  Account account;
  std::string graph_id;  // of the translation; "" for all languages
};

// nullopt when there is nothing to do, or when it waits for its hour.
absl::StatusOr<std::optional<Act>> BeginAct(sql::Transaction& tx, const jobs::Job& job, const DataKey& data_key,
                                            const ManagementLimits& limits, absl::string_view status, absl::Time now) {
  const auto over = [&](absl::Status done) -> absl::StatusOr<std::optional<Act>> {
    RETURN_IF_ERROR(done);
    return std::nullopt;
  };
  const absl::StatusOr<TranslationKey> key = ReadTemplatePayload(job);
  if (!key.ok()) return over(jobs::Bury(tx, job, std::string(key.status().message()), now));
  ASSIGN_OR_RETURN(const std::optional<Template> t, TemplateRepository::Find(tx, key->channel_id, key->name));
  Act act{.key = *key};
  bool due = false;
  for (size_t i = 0; t && i < t->translations.size(); ++i) {
    const Translation& x = t->translations[i];
    if (x.status != status || (!key->language.empty() && x.language != key->language)) continue;
    due = true;
    if (!key->language.empty()) act.graph_id = x.provider_id;
  }
  // Without its id WhatsApp would take one language for all.
  if (!key->language.empty() && act.graph_id.empty()) due = false;
  if (!due) return over(jobs::Complete(tx, job));
  absl::StatusOr<Account> account = OpenAccount(tx, data_key, key->channel_id);
  if (!account.ok()) return over(jobs::Bury(tx, job, std::string(account.status().message()), now));
  act.account = *std::move(account);
  ASSIGN_OR_RETURN(const std::optional<absl::Time> room,
                   TemplateAccountRepository::TakeCalls(tx, key->channel_id, {}, limits, now));
  if (room) return over(jobs::RetryAt(tx, job, *room, "WhatsApp's limit for this hour is reached"));
  return act;
}

// True when the answer ended the act, well or not; else it is tried again.
absl::StatusOr<bool> EndAct(sql::Transaction& tx, const jobs::Job& job, const Act& act, const ManagementAnswer& answer,
                            absl::Time now) {
  if (answer.result == ManagementAnswer::Result::kAgain) {
    RETURN_IF_ERROR(jobs::RetryAt(tx, job, NextTry(job, answer, now), answer.message));
    return false;
  }
  if (answer.result == ManagementAnswer::Result::kRefused) {
    log::Warning("WhatsApp refused a change of a template",
                 {{"kind", job.kind}, {"template", act.key.name}, {"error", answer.message}});
  }
  RETURN_IF_ERROR(RequestTemplateSync(tx, act.key.channel_id, absl::ZeroDuration(), now));
  RETURN_IF_ERROR(jobs::Complete(tx, job));
  return true;
}

absl::Status RecordDeletion(sql::Transaction& tx, const jobs::Job& job, const Act& act, const ManagementAnswer& answer,
                            absl::Time now) {
  ASSIGN_OR_RETURN(const bool over, EndAct(tx, job, act, answer, now));
  if (!over || answer.result != ManagementAnswer::Result::kDone) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<Template> t, TemplateRepository::Find(tx, act.key.channel_id, act.key.name));
  for (size_t i = 0; t && i < t->translations.size(); ++i) {
    const Translation& x = t->translations[i];
    if (!StatusDeleted(x.status) || (!act.key.language.empty() && x.language != act.key.language)) continue;
    const TranslationKey key{act.key.channel_id, act.key.name, x.language};
    const Verdict gone{.status = "DELETED", .quality = std::nullopt, .at = now};
    RETURN_IF_ERROR(ApplyVerdict(tx, key, gone, now).status());
  }
  return absl::OkStatus();
}

}  // namespace

template <class Begin, class Call>
void TemplateJobs::Run(const jobs::Job& job, const SharedDone& done, Begin begin, Call call) {
  db_.Write(
      ScopeOf(job), [begin, now = db_.clock().Now()](sql::Transaction& tx) { return begin(tx, now); },
      [job, done, call](auto begun) {
        if (begun.ok() && *begun) return call(**std::move(begun));
        if (!begun.ok()) {
          log::Warning("a job will be tried again",
                       {{"kind", job.kind}, {"error", std::string(begun.status().message())}});
        }
        (*done)();
      });
}

template <class Record>
void TemplateJobs::Finish(const jobs::Job& job, const SharedDone& done, Record record) {
  db_.Write(
      ScopeOf(job), [record, now = db_.clock().Now()](sql::Transaction& tx) { return record(tx, now); },
      [job, done](const absl::Status& status) {
        if (!status.ok()) {
          log::Warning("a job will be tried again", {{"kind", job.kind}, {"error", std::string(status.message())}});
        }
        (*done)();
      });
}

void TemplateJobs::Register(jobs::JobRunner& runner) {
  using Handler = void (TemplateJobs::*)(const jobs::Job&, const SharedDone&);
  const auto add = [&](const char* kind, int concurrency, Handler handler) {
    runner.Register(kind, {.lease = absl::Seconds(60), .concurrency = concurrency},
                    [this, handler](const jobs::Job& job, jobs::Done done) {
                      (this->*handler)(job, std::make_shared<jobs::Done>(std::move(done)));
                    });
  };
  add(kJobSubmitTemplate, 8, &TemplateJobs::Submit);
  add(kJobDeleteTemplate, 4, &TemplateJobs::Delete);
  add(kJobUnpauseTemplate, 4, &TemplateJobs::Unpause);
  add(kJobSyncTemplates, 4, &TemplateJobs::Sync);
}

void TemplateJobs::Submit(const jobs::Job& job, const SharedDone& done) {
  Run(
      job, done,
      [this, job](sql::Transaction& tx, absl::Time now) {
        return BeginSubmission(tx, job, key_, options_.limits, now);
      },
      [this, job, done](Submission begun) {
        const auto s = std::make_shared<const Submission>(std::move(begun));
        const auto record = [this, job, done, s](const TemplateAnswer& answer) {
          Finish(job, done, [job, s, answer](sql::Transaction& tx, absl::Time now) {
            return RecordSubmission(tx, job, *s, answer, now);
          });
        };
        const auto post = [this, s, record] {
          s->edit() ? provider_.EditTemplate(s->translation.provider_id, s->account.token, s->Body(), record)
                    : provider_.CreateTemplate(s->account.channel.waba_id, s->account.token, s->Body(), record);
        };
        if (!s->look) return post();
        provider_.ListTemplates(s->account.channel.waba_id, s->account.token, s->key.name, s->key.language,
                                [s, record, post](const TemplatePage& page) {
                                  const std::optional<TemplateAnswer> known = AnswerOfListing(*s, page);
                                  known ? record(*known) : post();
                                });
      });
}

void TemplateJobs::Delete(const jobs::Job& job, const SharedDone& done) {
  Run(
      job, done,
      [this, job](sql::Transaction& tx, absl::Time now) {
        return BeginAct(tx, job, key_, options_.limits, "PENDING_DELETION", now);
      },
      [this, job, done](const Act& act) {
        provider_.DeleteTemplate(act.account.channel.waba_id, act.account.token, act.key.name, act.graph_id,
                                 [this, job, done, act](const ManagementAnswer& answer) {
                                   Finish(job, done, [job, act, answer](sql::Transaction& tx, absl::Time now) {
                                     return RecordDeletion(tx, job, act, answer, now);
                                   });
                                 });
      });
}

void TemplateJobs::Unpause(const jobs::Job& job, const SharedDone& done) {
  Run(
      job, done,
      [this, job](sql::Transaction& tx, absl::Time now) {
        return BeginAct(tx, job, key_, options_.limits, "PAUSED", now);
      },
      [this, job, done](const Act& act) {
        provider_.UnpauseTemplate(act.graph_id, act.account.token,
                                  [this, job, done, act](const ManagementAnswer& answer) {
                                    Finish(job, done, [job, act, answer](sql::Transaction& tx, absl::Time now) {
                                      return EndAct(tx, job, act, answer, now).status();
                                    });
                                  });
      });
}

void TemplateJobs::Sync(const jobs::Job& job, const SharedDone& done) {
  Run(
      job, done,
      [this, job](sql::Transaction& tx, absl::Time now) { return BeginSyncPage(tx, job, key_, options_.limits, now); },
      [this, job, done](const SyncPage& asked) {
        const auto record = [this, job, done, asked](const TemplatePage& page) {
          Finish(job, done,
                 [job, asked, page, interval = options_.sync_interval](sql::Transaction& tx, absl::Time now) {
                   return RecordSyncPage(tx, job, asked, page, interval, now);
                 });
        };
        asked.address.empty()
            ? provider_.ListTemplates(asked.account.channel.waba_id, asked.account.token, "", "", record)
            : provider_.NextTemplates(asked.address, asked.account.token, record);
      });
}

}  // namespace vinculo::messaging
