#include "services/lifecycle/domain/records.h"

namespace vinculo::lifecycle {

const std::vector<ModuleDef>& PreloadedModules() {
  static const auto* const kModules = new std::vector<ModuleDef>{
      {"cases", "case", "a case was opened", "the case was resolved"},
      {"onboardings", "onboarding", "an onboarding was begun", "the onboarding was finished"},
      {"requirements", "requirement", "a requirement was requested", "the requirement was fulfilled"},
  };
  return *kModules;
}

StageEvent StayEvent(const ModuleInstance& module, absl::string_view reason, absl::Time at) {
  StageEvent event;
  event.module_instance_id = module.id;
  event.customer_id = module.customer_id;
  event.module_key = module.module_key;
  event.from = event.to = module.stage;
  event.at = at;
  event.reason = std::string(reason);
  return event;
}

StageEvent MoveModule(ModuleInstance& module, Stage to, absl::Time at, absl::string_view reason) {
  StageEvent event = StayEvent(module, reason, at);
  event.to = to;
  module.stage = to;
  module.stage_since = at;
  if (to == Stage::kAdoption && !module.adopted_at) module.adopted_at = at;
  return event;
}

}  // namespace vinculo::lifecycle
