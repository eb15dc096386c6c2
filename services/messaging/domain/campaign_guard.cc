#include "services/messaging/domain/campaign_guard.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace vinculo::messaging {
namespace {

constexpr int kCappedCode = 131049;
constexpr int kCanaryFrom = 20;

bool Failed(const Message& m) { return m.state() == MessageState::kFailed && m.progress.phase != Phase::kGivenUp; }

bool Good(const Message& m) {
  const MessageState s = m.state();
  return s == MessageState::kSent || s == MessageState::kDelivered || s == MessageState::kRead;
}

bool Reaches(int64_t part, int64_t whole, int percent) { return part * 100 >= whole * percent; }

absl::string_view JudgeOutcomes(const std::string& outcomes, const Protection& protection) {
  const auto whole = static_cast<int64_t>(outcomes.size());
  const auto of = [&](Outcome o) { return std::count(outcomes.begin(), outcomes.end(), static_cast<char>(o)); };
  if (Reaches(of(Outcome::kFailed), whole, protection.failure_percent)) return "FAILURES";
  if (Reaches(of(Outcome::kCapped), whole, protection.capped_percent)) return "CAPPED";
  return "";
}

bool TooManyOptOuts(const Pulse& pulse, const Funnel& funnel, const Protection& protection, int64_t from) {
  const int64_t delivered = funnel.delivered_ever - pulse.base_delivered;
  const int64_t out = funnel.of(RecipientState::kOptOut) - pulse.base_opt_outs;
  return delivered >= from && out > 0 && Reaches(out, delivered, protection.opt_out_percent);
}

}  // namespace

Outcome OutcomeOf(const Message& before, const Message& after) {
  if (Failed(after) && !Failed(before))
    return after.progress.error_code == kCappedCode ? Outcome::kCapped : Outcome::kFailed;
  return Good(after) && !Good(before) ? Outcome::kGood : Outcome::kNone;
}

void Pulse::Add(absl::string_view more, const Protection& protection) {
  absl::StrAppend(&outcomes, more);
  const auto kept = static_cast<size_t>(protection.outcomes);
  if (outcomes.size() > kept) outcomes.erase(0, outcomes.size() - kept);
}

void Pulse::AddUnknowns(int n, const Protection& protection, absl::Time now) {
  unknowns.insert(unknowns.end(), n, absl::FromUnixSeconds(absl::ToUnixSeconds(now)));
  std::erase_if(unknowns, [&](absl::Time t) { return t <= now - absl::Minutes(1); });
  const auto kept = static_cast<size_t>(protection.unknowns_per_minute);
  if (unknowns.size() > kept) unknowns.erase(unknowns.begin(), unknowns.end() - kept);
}

absl::string_view PulseVerdict(const Pulse& pulse, const Funnel& funnel, const Protection& protection) {
  if (static_cast<int>(pulse.outcomes.size()) >= protection.outcomes) {
    const absl::string_view why = JudgeOutcomes(pulse.outcomes, protection);
    if (!why.empty()) return why;
  }
  if (static_cast<int>(pulse.unknowns.size()) >= protection.unknowns_per_minute) return "UNKNOWNS";
  return TooManyOptOuts(pulse, funnel, protection, protection.opt_out_from) ? "OPT_OUTS" : "";
}

absl::string_view CanaryVerdict(const Pulse& pulse, const Funnel& funnel, const Protection& protection) {
  if (static_cast<int>(pulse.outcomes.size()) < kCanaryFrom) return "";
  const bool bad =
      !JudgeOutcomes(pulse.outcomes, protection).empty() || TooManyOptOuts(pulse, funnel, protection, kCanaryFrom);
  return bad ? "CANARY_FAILED" : "";
}

}  // namespace vinculo::messaging
