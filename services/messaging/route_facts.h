#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/domain/routing.h"
#include "services/messaging/store/contact_repository.h"

// Shared by api and work.
namespace vinculo::messaging {

// What is the same for every message of a tenant: read once for many.
struct RoutingBasis {
  std::vector<RoutingRule> rules;
  absl::Duration
      attribution;  // how long after it a campaign message is credited with an answer that names none [M-107]
};
absl::StatusOr<RoutingBasis> LoadRoutingBasis(sql::Transaction& tx);

// What the route of a message from `contact` depends on, and what it answers.
struct RouteFacts {
  RoutingInput input;
  std::optional<Message> named;     // our message it names
  std::optional<Message> inferred;  // the campaign message it is taken to answer; unset when it names one
};

// Loads them in the transaction that routes. `contact` is nil for a stranger; `at` is when the message was written.
absl::StatusOr<RouteFacts> LoadRouteFacts(sql::Transaction& tx, const ContactRepository& contacts,
                                          const RoutingBasis& basis, const Uuid& contact, const Uuid& sender,
                                          const std::string& names_wamid, absl::Time at, absl::Time now);

}  // namespace vinculo::messaging
