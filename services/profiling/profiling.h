#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/run_service.h"
#include "services/profiling/config.h"

namespace vinculo::profiling {

// Puts the service together: published versions, session engine, gRPC services, timers, deliveries and messaging's
// feed.
absl::StatusOr<std::unique_ptr<rpc::Service>> BuildProfiling(const Config& config, rpc::Environment& environment);

}  // namespace vinculo::profiling
