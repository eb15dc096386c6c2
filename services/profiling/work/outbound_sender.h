#pragma once

#include <memory>
#include <string>

#include "clients/cpp/channel.h"
#include "common/jobs/job_runner.h"
#include "common/sql/database.h"
#include "services/profiling/store/json_codec.h"
#include "vinculo/messaging/v1/message_service.pb.h"

namespace vinculo::profiling {

// The message as messaging wants it; `hold` names the session until then.
messaging::v1::SendMessageRequest RenderSend(const OutboundJob& job, size_t index, const std::string& request_id);
// The same id for the same message however often its job runs.
std::string StableRequestId(const std::string& tenant, const std::string& job_key, size_t index);

// Says what sessions say through messaging: one job per step, its messages one after the other. Tried again while
// messaging is away; given up when it refuses.
class OutboundSender {
 public:
  OutboundSender(sql::Database& database, std::shared_ptr<clients::Channel> messaging)
      : db_(database), messaging_(std::move(messaging)) {}
  void Register(jobs::JobRunner& runner);

 private:
  struct Sending;
  void Send(std::shared_ptr<Sending> sending);
  void Link(jobs::Job job, jobs::Done done);
  void Settle(const jobs::Job& job, const absl::Status& outcome, jobs::Done done);

  sql::Database& db_;
  const std::shared_ptr<clients::Channel> messaging_;
};

}  // namespace vinculo::profiling
