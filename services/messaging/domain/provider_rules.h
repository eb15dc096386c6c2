#pragma once

#include "services/messaging/domain/limits.h"
#include "services/messaging/domain/provider.h"

namespace vinculo::messaging {

// What the operator may replace of what we know about WhatsApp.
struct ProviderRules {
  LevelTable levels;
  ErrorClasses errors = ErrorClasses::Default();

  static const ProviderRules& Default() {
    static const auto* const rules = new ProviderRules();
    return *rules;
  }
};

}  // namespace vinculo::messaging
