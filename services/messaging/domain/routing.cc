#include "services/messaging/domain/routing.h"

#include <algorithm>
#include <tuple>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/text/text.h"

namespace vinculo::messaging {
namespace {

std::vector<const RoutingRule*> Ordered(const std::vector<RoutingRule>& rules) {
  std::vector<const RoutingRule*> out;
  out.reserve(rules.size());
  for (const RoutingRule& r : rules) out.push_back(&r);
  absl::c_sort(out, [](const RoutingRule* a, const RoutingRule* b) {
    return std::tie(a->priority, a->id) < std::tie(b->priority, b->id);
  });
  return out;
}

// Typed or tapped text is what a person may match keywords with; captions are not.
bool HasWords(const InboundContent& content) {
  return content.kind == InboundKind::kText || content.kind == InboundKind::kTemplateButton ||
         content.kind == InboundKind::kButtonReply || content.kind == InboundKind::kListReply;
}

bool MatchesFolded(const RoutingRule& rule, const std::string& text) {
  if (text.empty()) return false;
  return absl::c_any_of(rule.folded, [&](const std::string& k) {
    return !k.empty() && absl::StartsWith(text, k) && (text.size() == k.size() || text[k.size()] == ' ');
  });
}

std::optional<RouteDecision> ByRules(const RoutingInput& input, const std::vector<const RoutingRule*>& rules,
                                     bool pre_empt) {
  for (const RoutingRule* r : rules) {
    if (r->pre_empt == pre_empt && MatchesPayload(*r, input.content.reply_id)) {
      return RouteDecision{r->reply_route, pre_empt ? "PRE_EMPT" : "PAYLOAD_RULE", r->id};
    }
  }
  if (!HasWords(input.content)) return std::nullopt;
  for (const RoutingRule* r : rules) {
    if (r->pre_empt == pre_empt && MatchesKeyword(*r, input.content.text)) {
      return RouteDecision{r->reply_route, pre_empt ? "PRE_EMPT" : "KEYWORD_RULE", r->id};
    }
  }
  return std::nullopt;
}

}  // namespace

Hold LaterHold(const std::optional<Hold>& current, const Hold& offered) {
  return current && current->set_at > offered.set_at ? *current : offered;
}

void FoldKeywords(RoutingRule& rule) {
  rule.folded.clear();
  for (const std::string& keyword : rule.keywords) rule.folded.push_back(text::Fold(keyword));
}

bool MatchesKeyword(const RoutingRule& rule, absl::string_view text) {
  if (rule.keywords.size() != rule.folded.size()) {
    RoutingRule folded = rule;
    FoldKeywords(folded);
    return MatchesKeyword(folded, text);
  }
  return MatchesFolded(rule, text::Fold(text));
}

bool MatchesPayload(const RoutingRule& rule, absl::string_view payload) {
  if (payload.empty()) return false;
  return absl::c_any_of(rule.payload_prefixes,
                        [&](const std::string& p) { return !p.empty() && absl::StartsWith(payload, p); });
}

RouteDecision DecideRoute(const RoutingInput& input) {
  const InboundKind kind = input.content.kind;
  if (kind == InboundKind::kSystem || kind == InboundKind::kOther) return {{Route::kNone, ""}, "NO_ANSWER", ""};
  if (kind == InboundKind::kReaction || kind == InboundKind::kChange) {
    return {input.last_route.value_or(ReplyRoute{Route::kSupport, ""}), "FOLLOWS_LAST", ""};
  }
  std::vector<const RoutingRule*> rules;
  if (input.rules != nullptr) rules = Ordered(*input.rules);
  if (auto hit = ByRules(input, rules, /*pre_empt=*/true)) return *hit;
  if (input.hold && input.now < input.hold->until) return {input.hold->to, "HOLD", ""};
  if (input.named_reply_route) return {*input.named_reply_route, "REPLY_ROUTE", ""};
  if (auto hit = ByRules(input, rules, /*pre_empt=*/false)) return *hit;
  if (input.inferred_reply_route) return {*input.inferred_reply_route, "INFERRED_CAMPAIGN", ""};
  return {{Route::kSupport, ""}, "DEFAULT", ""};
}

}  // namespace vinculo::messaging
