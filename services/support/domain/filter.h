#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/support/domain/types.h"

namespace vinculo::support {

// Which conversations [S-30]. An empty list does not restrict, a list of values is "any of", all parts must hold. Also
// the condition of service level policies.
struct ConversationFilter {
  std::vector<State> states;
  std::vector<Waiting> waiting_on;
  std::vector<Priority> priorities;
  std::vector<Channel> channels;
  std::vector<std::string> inboxes;
  std::vector<std::string> teams;
  std::vector<std::string> assignees;  // "" = nobody
  std::vector<std::string> tags;
  std::vector<std::string> module_keys;
  std::vector<std::string> customer_ids;
  std::vector<std::string> requester_ids;
  std::optional<absl::Time> created_from;  // [from, to)
  std::optional<absl::Time> created_to;
  std::optional<absl::Time> closed_from;
  std::optional<absl::Time> closed_to;
  bool include_spam = false;
};

bool Matches(const ConversationFilter& filter, const Conversation& conversation);

}  // namespace vinculo::support
