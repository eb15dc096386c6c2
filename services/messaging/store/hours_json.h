#pragma once

#include "common/json/json_text.h"
#include "services/messaging/domain/policy.h"

// Parts of a policy that campaigns have too, as they lie in stored JSON. Readers throw what nlohmann-json throws.
namespace vinculo::messaging {

nlohmann::json HoursJson(const WeeklyHours& week);
WeeklyHours ReadHours(const nlohmann::json& days);
nlohmann::json ProtectionJson(const Protection& protection);
Protection ReadProtection(const nlohmann::json& json);

}  // namespace vinculo::messaging
