#pragma once

#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/messaging/domain/template_account.h"
#include "services/messaging/store/data_key.h"
#include "services/messaging/work/graph_provider.h"

namespace vinculo::messaging {

// Subscribes the app to the webhooks of each account that is connected, and again when its access token changes:
// without that WhatsApp tells nothing of what happens there. Tried until WhatsApp takes it; a refusal, mostly of the
// token, is tried again every hour. Asking again for what is subscribed changes nothing [M-15].
class ChannelJobs {
 public:
  // All outlive it.
  ChannelJobs(sql::Database& database, const DataKey& key, GraphProvider& provider, ManagementLimits limits = {})
      : db_(database), key_(key), provider_(provider), limits_(limits) {}

  void Register(jobs::JobRunner& runner);

 private:
  void Subscribe(const jobs::Job& job, jobs::Done done);
  void Record(const jobs::Job& job, const ManagementAnswer& answer, jobs::Done done);

  sql::Database& db_;
  const DataKey& key_;
  GraphProvider& provider_;
  const ManagementLimits limits_;
};

}  // namespace vinculo::messaging
