#pragma once

#include <optional>
#include <string>

#include "common/jobs/job_queue.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/domain/template.h"
#include "services/messaging/domain/template_account.h"
#include "services/messaging/store/data_key.h"
#include "services/messaging/store/template_repository.h"
#include "services/messaging/work/graph_templates.h"

// The transactions around a submission.
namespace vinculo::messaging {

// Which translation (or, with an empty language, template) a job is about; DATA_LOSS when its payload says nothing.
absl::StatusOr<TranslationKey> ReadTemplatePayload(const jobs::Job& job);

// The channel's account and its access token.
struct Account {
  Channel channel;
  std::string token;
};
// UNKNOWN when the token cannot be opened.
absl::StatusOr<Account> OpenAccount(sql::Transaction& tx, const DataKey& key, const Uuid& channel);

// When a job that did not get through is run again: after minutes when WhatsApp throttles, else soon and then later.
absl::Time NextTry(const jobs::Job& job, const ManagementAnswer& answer, absl::Time now);

// A submission that is to be made now.
struct Submission {
  TranslationKey key;
  Account account;
  VariableFormat format = VariableFormat::kPositional;
  Translation translation;  // as it was before the request
  bool look = false;        // an earlier request may have arrived

  bool edit() const { return !translation.provider_id.empty(); }
  bool approved() const { return StatusSendable(translation.status); }
  // As WhatsApp takes it; of an edit all but the category of an approved one.
  std::string Body() const;
};

// Takes the calls; nullopt when there is nothing to do now: it waits for its hour, or somebody else has ended it.
absl::StatusOr<std::optional<Submission>> BeginSubmission(sql::Transaction& tx, const jobs::Job& job,
                                                          const DataKey& key, const ManagementLimits& limits,
                                                          absl::Time now);

// What a look-up says about the submission: its answer when WhatsApp has it already, nullopt when it is still to be
// made.
std::optional<TemplateAnswer> AnswerOfListing(const Submission& submission, const TemplatePage& page);

// Records the answer and ends or reschedules the job..
absl::Status RecordSubmission(sql::Transaction& tx, const jobs::Job& job, const Submission& submission,
                              const TemplateAnswer& answer, absl::Time now);

}  // namespace vinculo::messaging
