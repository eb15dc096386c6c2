#include "services/support/domain/filter.h"

#include <algorithm>

namespace vinculo::support {
namespace {

template <class T>
bool AnyOf(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool Within(const std::optional<absl::Time>& from, const std::optional<absl::Time>& to,
            const std::optional<absl::Time>& at) {
  if (!from && !to) return true;
  return at && (!from || *at >= *from) && (!to || *at < *to);
}

}  // namespace

bool Matches(const ConversationFilter& f, const Conversation& c) {
  if (c.spam && !f.include_spam) return false;
  const bool tagged = f.tags.empty() || std::any_of(c.tags.begin(), c.tags.end(),
                                                    [&](const std::string& tag) { return AnyOf(f.tags, tag); });
  return tagged && AnyOf(f.states, c.state) && AnyOf(f.waiting_on, c.waiting_on) && AnyOf(f.priorities, c.priority) &&
         AnyOf(f.channels, c.channel) && AnyOf(f.inboxes, c.inbox) && AnyOf(f.teams, c.team) &&
         AnyOf(f.assignees, c.assignee) && AnyOf(f.module_keys, c.module_key) && AnyOf(f.customer_ids, c.customer_id) &&
         AnyOf(f.requester_ids, c.requester_id) && Within(f.created_from, f.created_to, c.created_at) &&
         Within(f.closed_from, f.closed_to, c.closed_at);
}

}  // namespace vinculo::support
