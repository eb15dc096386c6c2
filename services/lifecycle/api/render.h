#pragma once

#include "services/lifecycle/api/views.h"
#include "services/lifecycle/domain/records.h"
#include "services/lifecycle/domain/settings.h"
#include "services/lifecycle/store/stage_pass.h"
#include "services/lifecycle/store/usage_repository.h"
#include "vinculo/lifecycle/v1/health_service.pb.h"
#include "vinculo/lifecycle/v1/lifecycle_service.pb.h"
#include "vinculo/lifecycle/v1/resources.pb.h"
#include "vinculo/lifecycle/v1/usage_service.pb.h"

// Domain values to messages: the only place that fills the fields of replies.
namespace vinculo::lifecycle {

void RenderRatio(const Ratio& ratio, v1::Ratio* out);
void RenderModuleDef(const ModuleDef& def, v1::ModuleDef* out);
void RenderAccount(const AccountView& view, v1::Account* out);
void RenderEngagement(const Engagement& engagement, v1::Engagement* out);
void RenderModule(const ModuleInstance& module, v1::ModuleInstance* out);
void RenderStageEvent(const StageEvent& event, v1::StageEvent* out);
void RenderStageOutcome(const StageOutcome& outcome, v1::EvaluateStagesResponse* out);
void RenderFact(const ModuleInstance& module, const StoredFact& fact, v1::UsageFact* out);
void RenderHealth(const HealthView& view, v1::Health* out);
void RenderExplanation(const HealthView& view, const HealthModel& model, v1::ExplainHealthResponse* out);

}  // namespace vinculo::lifecycle
