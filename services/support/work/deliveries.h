#pragma once

#include <functional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/support/store/desk.h"
#include "vinculo/messaging/v1/message_service.pb.h"

namespace vinculo::support {

// Calls messaging's SendMessage in the name of a tenant and reports once, from any thread. Never blocks.
using SendCallback = absl::AnyInvocable<void(absl::StatusOr<messaging::v1::Message>)>;
using SendThroughMessaging =
    std::function<void(const std::string& tenant, messaging::v1::SendMessageRequest request, SendCallback callback)>;

// The jobs of support: the end of a snooze, and what goes out on WhatsApp. A message is handed to messaging with its
// own id as request_id, so however often it is tried it goes out once. A refusal shows as FAILED with messaging's
// reason; while messaging cannot be reached the job waits, up to a day.
class Deliveries {
 public:
  // Everything outlives this, and this the runner.
  Deliveries(sql::Database& db, const Desk& desk, SendThroughMessaging send)
      : db_(db), desk_(desk), send_(std::move(send)) {}

  // Before the runner starts.
  void Register(jobs::JobRunner& runner);

 private:
  // A request made from what is stored, or nothing when there is nothing to send any more.
  using Build = absl::StatusOr<std::optional<messaging::v1::SendMessageRequest>> (Deliveries::*)(
      sql::Transaction& tx, const jobs::Job& job) const;
  // Stores what became of it.
  using Settle = absl::Status (Deliveries::*)(sql::Transaction& tx, const jobs::Job& job, const absl::Status& status,
                                              const std::string& messaging_message_id, absl::Time now) const;
  void EndSnooze(jobs::Job job, jobs::Done done);
  void Send(jobs::Job job, jobs::Done done, Build build, Settle settle);
  void Record(const jobs::Job& job, absl::StatusOr<messaging::v1::Message> sent, jobs::Done done, Settle settle);

  absl::StatusOr<std::optional<messaging::v1::SendMessageRequest>> BuildReply(sql::Transaction& tx,
                                                                              const jobs::Job& job) const;
  absl::StatusOr<std::optional<messaging::v1::SendMessageRequest>> BuildSurvey(sql::Transaction& tx,
                                                                               const jobs::Job& job) const;
  absl::Status SettleReply(sql::Transaction& tx, const jobs::Job& job, const absl::Status& status,
                           const std::string& messaging_message_id, absl::Time now) const;
  absl::Status SettleSurvey(sql::Transaction& tx, const jobs::Job& job, const absl::Status& status,
                            const std::string& messaging_message_id, absl::Time now) const;

  sql::Database& db_;
  const Desk& desk_;
  const SendThroughMessaging send_;
};

}  // namespace vinculo::support
