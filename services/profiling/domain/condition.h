#pragma once

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "services/profiling/domain/flow.h"

namespace vinculo::profiling {

// What a condition is judged by.
struct Facts {
  // The choices of an answered question; null when it was not answered, empty when it was skipped.
  absl::FunctionRef<const std::vector<std::string>*(absl::string_view question_id)> answer;
  const TraitMap& traits;
};

// True or false, never an error: a missing value makes only `ne`, `nin`, `missing` and a negation of `exists` true, a
// value of another type makes every comparison false. Integers and doubles compare exactly.
bool Holds(const Condition& condition, const Facts& facts);

// True when the condition depends on answers alone, so that a path of answers decides it.
bool DependsOnAnswersOnly(const Condition& condition);

// Nodes of the tree, and its depth (1 for a leaf).
struct ConditionSize {
  int nodes = 0;
  int depth = 0;
};
ConditionSize SizeOf(const Condition& condition);

}  // namespace vinculo::profiling
