#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/domain/routing.h"
#include "services/messaging/store/contact_repository.h"

// Shared by api and work.
namespace vinculo::messaging {

// An answer without a name is credited to a campaign message accepted within this long [M-107].
inline constexpr absl::Duration kAttribution = absl::Hours(24);

// What the route of a message from `contact` depends on, and what it answers.
struct RouteFacts {
  RoutingInput input;
  std::optional<Message> named;     // our message it names
  std::optional<Message> inferred;  // the campaign message it is taken to answer; unset when it names one
};

// Loads them in the transaction that routes. `contact` is nil for a stranger.
absl::StatusOr<RouteFacts> LoadRouteFacts(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& contact,
                                          const Uuid& sender, const std::string& names_wamid, absl::Time now);

}  // namespace vinculo::messaging
