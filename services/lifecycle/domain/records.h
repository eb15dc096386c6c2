#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "services/lifecycle/domain/stage.h"
#include "services/lifecycle/domain/stage_rules.h"

namespace vinculo::lifecycle {

// A client; its id is profiling's and opaque here.
struct Account {
  std::string customer_id;
  std::string name;
  std::string owner_cs;
  std::string owner_ops;
  std::string segment;
  std::optional<int64_t> users_count;
  std::string time_zone;  // IANA; empty: the tenant's
  absl::Time created_at;
  absl::Time updated_at;
  int64_t revision = 1;
};

// A kind of module that can be sold.
struct ModuleDef {
  std::string module_key;
  std::string unit_name;
  std::string started_meaning;
  std::string completed_meaning;
  bool active = true;
  int64_t revision = 0;  // 0: one of the preloaded, never written
};

// onboardings, cases and requirements, which every tenant has from the start.
const std::vector<ModuleDef>& PreloadedModules();

struct Engagement {
  Uuid id;
  std::string customer_id;
  int64_t sequence_no = 1;
  absl::Time opened_at;
  std::optional<absl::Time> closed_at;
};

// A module sold within an engagement.
struct ModuleInstance {
  Uuid id;
  Uuid engagement_id;
  std::string customer_id;
  std::string module_key;
  absl::Time contracted_at;
  std::optional<absl::Time> go_live_at;
  Stage stage = Stage::kNew;
  absl::Time stage_since;
  std::optional<absl::Time> adopted_at;  // first entry of ADOPTION
  std::optional<absl::Time> suppressed_until;
  std::string suppression_reason;
  EvaluationMemory memory;
  int64_t revision = 1;
};

// Why a person moved a module.
inline constexpr char kReasonSold[] = "SOLD";
inline constexpr char kReasonDelivered[] = "PRODUCTION_DELIVERED";
inline constexpr char kReasonForced[] = "FORCED";

// One move. Append-only.
struct StageEvent {
  Uuid id;
  Uuid module_instance_id;
  std::string customer_id;
  std::string module_key;
  int64_t sequence_no = 1;  // 1 for the module's first
  Stage from = Stage::kUnspecified;
  Stage to = Stage::kUnspecified;
  absl::Time at;           // business time
  absl::Time recorded_at;  // arrival
  std::string reason;
  std::string comment;
  int64_t rule_version = 0;  // 0: an act of a person
  std::optional<StageEvidence> evidence;
  std::string actor;
  bool bypass = false;
  std::optional<Uuid> request_id;
};

// Moves `module` and tells what happened; sequence_no and request_id are the store's. `at` is not before
// module.stage_since.
StageEvent MoveModule(ModuleInstance& module, Stage to, absl::Time at, absl::string_view reason);

// What is told when something about a module was decided without moving it.
StageEvent StayEvent(const ModuleInstance& module, absl::string_view reason, absl::Time at);

}  // namespace vinculo::lifecycle
