#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/status/error.h"
#include "services/profiling/domain/flow.h"
#include "services/profiling/domain/identity.h"
#include "services/profiling/domain/path_analysis.h"
#include "services/profiling/store/flow_repository.h"
#include "vinculo/profiling/v1/flow.pb.h"

// Flows between the contract and the domain.
namespace vinculo::profiling {

// What can be said of a definition by itself: texts are UTF-8, numbers in range, durations well formed. References are
// the checks' matter.
FlowDefinition ParseDefinition(const v1::FlowDefinition& in, absl::string_view field, FieldViolations& bad);
// Bytes of a definition that was accepted before.
absl::StatusOr<FlowDefinition> ReadDefinition(absl::string_view bytes);
FlowHead ParseHead(const v1::Flow& in, FieldViolations& bad);
// The same bytes for equal messages.
std::string StableBytes(const google::protobuf::Message& message);

TraitValue ParseTraitValue(const v1::TraitValue& in, absl::string_view field, FieldViolations& bad);
void RenderTraitValue(const TraitValue& value, v1::TraitValue* out);

void RenderFlow(const FlowRow& flow, v1::Flow* out);
void RenderVersion(const VersionRow& version, v1::FlowVersion* out);
void RenderReport(const LintFindings& findings, const PathAnalysis* analysis, v1::LintReport* out);

}  // namespace vinculo::profiling
