#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/run_service.h"
#include "services/messaging/config.h"

namespace vinculo::messaging {

// Puts the service together: store, gRPC services, dispatcher, jobs, webhook listener.
absl::StatusOr<std::unique_ptr<rpc::Service>> BuildMessaging(const Config& config, rpc::Environment& environment);

}  // namespace vinculo::messaging
