#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/run_service.h"
#include "services/support/config.h"

namespace vinculo::support {

// Puts the service together: store, desk, gRPC services, timers, deliveries and feed consumers.
absl::StatusOr<std::unique_ptr<rpc::Service>> BuildSupport(const Config& config, rpc::Environment& environment);

}  // namespace vinculo::support
