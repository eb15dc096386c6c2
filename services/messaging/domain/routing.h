#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/messaging/domain/content.h"

namespace vinculo::messaging {

struct RoutingRule {
  std::string id;  // slug
  int priority = 0;
  std::vector<std::string> keywords;
  std::vector<std::string> payload_prefixes;
  ReplyRoute reply_route;
  bool pre_empt = false;
  int64_t revision = 1;
  std::vector<std::string> folded = {};  // keywords as they are compared; FoldKeywords fills it
};

// Once for many messages: without it each message folds every keyword again.
void FoldKeywords(RoutingRule& rule);

// Who expects the next answer of a contact on a sender.
struct Hold {
  ReplyRoute to;
  absl::Time until;
  absl::Time set_at;  // its own time: the latest wins
  friend bool operator==(const Hold&, const Hold&) = default;
};

inline constexpr absl::Duration kDefaultHold = absl::Hours(24);
inline constexpr absl::Duration kMaxHold = absl::Hours(30 * 24);

// The hold that stands when `offered` meets `current`: the one set later, the offered on a tie.
Hold LaterHold(const std::optional<Hold>& current, const Hold& offered);

// Everything the route of an inbound message depends on.
struct RoutingInput {
  InboundContent content;
  absl::Time now;
  const std::vector<RoutingRule>* rules = nullptr;  // any order; null: none
  std::optional<Hold> hold;
  std::optional<ReplyRoute> named_reply_route;     // of our message it names, else of that message's campaign
  std::optional<ReplyRoute> inferred_reply_route;  // of the campaign it is inferred to answer
  std::optional<ReplyRoute> last_route;            // last given to the contact
};

struct RouteDecision {
  ReplyRoute to;
  absl::string_view step;  // PRE_EMPT, HOLD, REPLY_ROUTE, PAYLOAD_RULE, KEYWORD_RULE, INFERRED_CAMPAIGN, DEFAULT,
                           // FOLLOWS_LAST, NO_ANSWER
  std::string rule_id;
};

// The first hit of: a rule that pre-empts; a live hold; the reply route of our message it names; payload rules, then
// keyword rules, by (priority, id); the reply route of the campaign it is inferred to answer; SUPPORT. Reactions, edits
// and revokes follow the last route; system and unsupported items go nowhere. Equal inputs route equally. [M-104]
// [M-108]
RouteDecision DecideRoute(const RoutingInput& input);

// Keywords match the whole text or its first words, folded; payload prefixes match bytewise [M-105].
bool MatchesKeyword(const RoutingRule& rule, absl::string_view text);
bool MatchesPayload(const RoutingRule& rule, absl::string_view payload);

}  // namespace vinculo::messaging
