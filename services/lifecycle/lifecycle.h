#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/run_service.h"
#include "services/lifecycle/config.h"

namespace vinculo::lifecycle {

// Puts the service together: gRPC services, weekly timer, support's feed. `config` outlives it.
absl::StatusOr<std::unique_ptr<rpc::Service>> BuildLifecycle(const Config& config, rpc::Environment& environment);

}  // namespace vinculo::lifecycle
