#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/jobs/job_queue.h"
#include "common/sql/transaction.h"
#include "services/messaging/store/contact_repository.h"

// Durable work of campaigns, a page in each transaction, so that other writers need not wait and a crash goes on from
// what is stored. Each returns true while something is left; the last page completes the job.
namespace vinculo::messaging {

// Writes down the audience: SCHEDULED -> FREEZING -> RUNNING or PAUSED [M-63].
absl::StatusOr<bool> FreezePage(sql::Transaction& tx, const ContactRepository& contacts, const jobs::Job& job,
                                absl::Time now);

// Passes over who is still queued, for the reason in the payload [M-67] [M-75].
absl::StatusOr<bool> SkipPage(sql::Transaction& tx, const jobs::Job& job, absl::Time now);

// Goes on with what RetryRecipients began [M-76].
absl::StatusOr<bool> RetryNextPage(sql::Transaction& tx, const jobs::Job& job, absl::Time now);

}  // namespace vinculo::messaging
