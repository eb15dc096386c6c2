#pragma once

#include <memory>

#include "services/profiling/domain/capture.h"
#include "services/profiling/domain/compiled_flow.h"
#include "services/profiling/store/published.h"
#include "vinculo/profiling/v1/flow_service.pb.h"

namespace vinculo::profiling {

// Plays the conversation against the machine alone: nothing is read, written or called. Same inputs, same bytes.
void Simulate(const CompiledFlow& flow, const TenantView& view, const v1::SimulateFlowRequest& request,
              absl::Time start, const PhoneParser& phone, v1::SimulateFlowResponse* out);

}  // namespace vinculo::profiling
