#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/jobs/job_queue.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/template_account.h"
#include "services/messaging/store/data_key.h"
#include "services/messaging/work/template_submit.h"

// The transactions of the comparison with WhatsApp's listing: a page each, so that a stop in between goes on where it
// was. [M-24]
namespace vinculo::messaging {

// A page that is to be read now.
struct SyncPage {
  Account account;
  std::string address;  // "" for the first
  absl::Time began;     // when the whole listing began
  absl::Time at;        // when this page was asked for
};

// Takes the call; nullopt when it waits for its hour.
absl::StatusOr<std::optional<SyncPage>> BeginSyncPage(sql::Transaction& tx, const jobs::Job& job, const DataKey& key,
                                                      const ManagementLimits& limits, absl::Time now);

// Applies a page. After the last one everything that the listing did not have is marked DELETED, and the job waits for
// `interval`, or less when another sync is wanted.
absl::Status RecordSyncPage(sql::Transaction& tx, const jobs::Job& job, const SyncPage& asked, const TemplatePage& page,
                            absl::Duration interval, absl::Time now);

// Brings one translation to what WhatsApp's listing says of it, as of `at`. What is being submitted is left to its
// answer.
absl::Status ApplyListed(sql::Transaction& tx, const Uuid& channel, const ListedTemplate& item, absl::Time began,
                         absl::Time at, absl::Time now);
// Marks DELETED what a complete listing that began then did not have.
absl::Status MarkUnlisted(sql::Transaction& tx, const Uuid& channel, absl::Time began, absl::Time now);

}  // namespace vinculo::messaging
