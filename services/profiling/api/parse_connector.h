#pragma once

#include <optional>
#include <string>

#include "common/status/error.h"
#include "services/profiling/domain/lead.h"
#include "services/profiling/store/outbound_policy.h"
#include "services/profiling/store/secret_box.h"
#include "vinculo/profiling/v1/lead.pb.h"

namespace vinculo::profiling {

// A connector as the caller wants it. Secrets are still open here, and unset when the caller left them as they were
// shown.
struct WantedConnector {
  Connector connector;
  std::optional<std::string> auth_secret;
  std::optional<std::string> signing_secret;
  std::optional<std::string> previous_secret;
  bool has_signing = false;
};
WantedConnector ParseConnector(const v1::Connector& in, const OutboundPolicy& policy, FieldViolations& bad);

// Seals what is new and keeps what is not. `before` null: the connector is new.
Connector SealConnector(const WantedConnector& wanted, const Connector* before, const SecretBox& secrets,
                        const std::string& tenant);

// What a secret is sealed for.
std::string SecretContext(const std::string& tenant, const std::string& connector_id);

}  // namespace vinculo::profiling
