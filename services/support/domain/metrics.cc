#include "services/support/domain/metrics.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"

namespace vinculo::support {
namespace {

bool IsAutomatic(const Actor& actor) { return actor.kind == Author::kBot || actor.kind == Author::kAutomation; }

int ToNumber(const std::string& text, int otherwise) {
  int number = otherwise;
  return absl::SimpleAtoi(text, &number) ? number : otherwise;
}

// Walks a history once. Intervals (snoozed, closed, waiting, in an agent's hands) are settled whenever something ends
// them.
class Fold {
 public:
  explicit Fold(std::optional<absl::Time> c0) : c0_(c0) {}

  void Apply(const HistoryEvent& event);
  std::vector<MetricFact> Finish() &&;
  State state() const { return state_; }

 private:
  void OnMessage(const HistoryEvent& event);
  void OnHumanReply(const HistoryEvent& event);
  void OnClosed(const HistoryEvent& event);
  void OnReopened(const HistoryEvent& event);
  void OnRated(const HistoryEvent& event);
  void Settle(absl::Time at);
  void EnterSnooze(absl::Time at, bool entering);

  MetricFact& Count(Metric metric, absl::Time at);
  int64_t Span(absl::Time from, absl::Time to);
  void Replace(Metric metric, MetricFact fact);
  void SetCloseDurations(const HistoryEvent& event, const std::string& agent);
  void DropDurations();

  const std::optional<absl::Time> c0_;
  bool exists_ = false;
  State state_ = State::kOpen;
  Waiting waiting_ = Waiting::kAgent;
  std::string assignee_;
  std::string team_;
  Priority priority_ = Priority::kNormal;
  std::vector<std::string> tags_;

  absl::Time settled_;  // up to where intervals have been counted
  absl::Duration snoozed_;
  absl::Duration closed_;
  absl::Duration waited_;
  std::map<std::string, absl::Duration> handled_;

  bool customer_wrote_ = false;
  bool answered_ = false;
  std::optional<absl::Time> turn_;  // of the earliest unanswered message
  bool first_close_known_ = false;
  absl::flat_hash_map<std::string, std::string> survey_agents_;
  absl::flat_hash_map<std::string, size_t> ratings_;  // survey -> index in facts_

  std::vector<MetricFact> facts_;
  absl::flat_hash_map<int, int32_t> ordinals_;
};

MetricFact& Fold::Count(Metric metric, absl::Time at) {
  MetricFact fact;
  fact.metric = metric;
  fact.ordinal = ordinals_[static_cast<int>(metric)]++;
  fact.at = at;
  fact.started_at = c0_;
  fact.team = team_;
  fact.priority = priority_;
  fact.tags = tags_;
  return facts_.emplace_back(std::move(fact));
}

int64_t Fold::Span(absl::Time from, absl::Time to) {
  if (to >= from) return absl::ToInt64Microseconds(to - from);
  Count(Metric::kClamped, to);
  return 0;
}

void Fold::Settle(absl::Time at) {
  // What was before the customer's first message is nobody's wait.
  const absl::Time from = c0_ ? std::max(settled_, *c0_) : at;
  if (at > from) {
    const absl::Duration passed = at - from;
    if (state_ == State::kSnoozed) snoozed_ += passed;
    if (state_ == State::kClosed) closed_ += passed;
    if (state_ != State::kClosed && (waiting_ == Waiting::kAgent || waiting_ == Waiting::kThirdParty))
      waited_ += passed;
    if (state_ == State::kOpen && !assignee_.empty()) handled_[assignee_] += passed;
  }
  settled_ = std::max(settled_, at);
}

void Fold::EnterSnooze(absl::Time at, bool entering) {
  Count(entering ? Metric::kSnoozeBegan : Metric::kSnoozeEnded, at);
}

void Fold::OnMessage(const HistoryEvent& event) {
  if (event.to != "PUBLIC") return;
  if (event.actor.kind == Author::kCustomer) {
    customer_wrote_ = true;
    turn_ = std::min(turn_.value_or(event.at), event.at);
  } else if (event.actor.kind == Author::kAgent) {
    OnHumanReply(event);
  }
}

void Fold::OnHumanReply(const HistoryEvent& event) {
  if (customer_wrote_ && !answered_) {
    answered_ = true;
    const int64_t value = Span(*c0_, event.at);
    MetricFact& fact = Count(Metric::kFirstResponseTime, event.at);
    fact.value = value;
    fact.agent = event.actor.id;
  }
  if (turn_) {
    const int64_t value = Span(*turn_, event.at);
    MetricFact& fact = Count(Metric::kResponseTime, event.at);
    fact.value = value;
    fact.agent = event.actor.id;
    turn_.reset();
  }
}

void Fold::Replace(Metric metric, MetricFact fact) {
  facts_.erase(std::remove_if(facts_.begin(), facts_.end(), [&](const MetricFact& f) { return f.metric == metric; }),
               facts_.end());
  ordinals_[static_cast<int>(metric)] = 1;
  fact.metric = metric;
  fact.ordinal = 0;
  facts_.push_back(std::move(fact));
}

void Fold::SetCloseDurations(const HistoryEvent& event, const std::string& agent) {
  const int64_t total = Span(*c0_, event.at);
  MetricFact fact;
  fact.at = event.at;
  fact.started_at = c0_;
  fact.agent = agent;
  fact.team = team_;
  fact.priority = priority_;
  fact.tags = tags_;
  fact.automatic = IsAutomatic(event.actor);
  fact.value = total;
  Replace(Metric::kTimeToClose, fact);
  if (!first_close_known_) Replace(Metric::kTimeToFirstClose, fact);
  first_close_known_ = true;
  fact.value = std::max<int64_t>(0, total - absl::ToInt64Microseconds(snoozed_ + closed_));
  Replace(Metric::kActiveTimeToClose, fact);
  fact.value = absl::ToInt64Microseconds(waited_);
  Replace(Metric::kRequesterWait, fact);
  ordinals_[static_cast<int>(Metric::kHandleTime)] = 0;
  facts_.erase(
      std::remove_if(facts_.begin(), facts_.end(), [](const MetricFact& f) { return f.metric == Metric::kHandleTime; }),
      facts_.end());
  for (const auto& [who, how_long] : handled_) {
    MetricFact& handled = Count(Metric::kHandleTime, event.at);
    handled.value = absl::ToInt64Microseconds(how_long);
    handled.agent = who;
    handled.automatic = fact.automatic;
  }
}

void Fold::OnClosed(const HistoryEvent& event) {
  if (state_ != State::kOpen && state_ != State::kSnoozed) return;
  if (state_ == State::kSnoozed) EnterSnooze(event.at, false);
  state_ = State::kClosed;
  const std::string agent = event.actor.kind == Author::kAgent ? event.actor.id : assignee_;
  MetricFact& closed = Count(Metric::kClosed, event.at);
  closed.agent = agent;
  closed.automatic = IsAutomatic(event.actor);
  if (turn_) {
    Count(Metric::kClosedUnanswered, event.at).agent = agent;
    turn_.reset();
  }
  if (c0_ && customer_wrote_) SetCloseDurations(event, agent);
}

void Fold::OnReopened(const HistoryEvent& event) {
  if (state_ != State::kClosed) return;
  state_ = State::kOpen;
  Count(Metric::kReopened, event.at).agent = assignee_;
  // While it is open again there is no last close to speak of.
  facts_.erase(std::remove_if(facts_.begin(), facts_.end(),
                              [](const MetricFact& f) {
                                return f.metric == Metric::kTimeToClose || f.metric == Metric::kActiveTimeToClose ||
                                       f.metric == Metric::kRequesterWait || f.metric == Metric::kHandleTime;
                              }),
               facts_.end());
}

void Fold::OnRated(const HistoryEvent& event) {
  const int rating = ToNumber(event.to, 0);
  if (rating < 1 || rating > 5) return;
  if (const auto known = ratings_.find(event.detail); known != ratings_.end()) {
    for (MetricFact& fact : facts_) {
      if (fact.metric == Metric::kCsat && static_cast<size_t>(fact.ordinal) == known->second) fact.value = rating;
    }
    return;
  }
  MetricFact& fact = Count(Metric::kCsat, event.at);
  fact.value = rating;
  if (const auto agent = survey_agents_.find(event.detail); agent != survey_agents_.end()) fact.agent = agent->second;
  ratings_[event.detail] = fact.ordinal;
}

void Fold::DropDurations() {
  facts_.erase(std::remove_if(facts_.begin(), facts_.end(), [](const MetricFact& f) { return IsDuration(f.metric); }),
               facts_.end());
}

void Fold::Apply(const HistoryEvent& event) {
  if (exists_) Settle(event.at);
  switch (event.kind) {
    case EventKind::kCreated:
      exists_ = true;
      settled_ = event.at;
      waiting_ = static_cast<Waiting>(ToNumber(event.to, static_cast<int>(Waiting::kAgent)));
      Count(Metric::kNew, event.at);
      break;
    case EventKind::kMessage:
      OnMessage(event);
      break;
    case EventKind::kSnoozed:
      Count(Metric::kSnoozed, event.at).agent = event.actor.kind == Author::kAgent ? event.actor.id : assignee_;
      if (state_ == State::kOpen) EnterSnooze(event.at, true);
      state_ = State::kSnoozed;
      break;
    case EventKind::kUnsnoozed:
      if (state_ == State::kSnoozed) EnterSnooze(event.at, false);
      state_ = State::kOpen;
      break;
    case EventKind::kClosed:
      OnClosed(event);
      break;
    case EventKind::kReopened:
      OnReopened(event);
      break;
    case EventKind::kMerged:
      if (state_ == State::kSnoozed) EnterSnooze(event.at, false);
      if (state_ == State::kOpen || state_ == State::kSnoozed) Count(Metric::kMerged, event.at);
      state_ = State::kMerged;
      break;
    case EventKind::kAssigned:
      assignee_ = event.to;
      break;
    case EventKind::kTeamChanged:
      team_ = event.to;
      break;
    case EventKind::kPriorityChanged:
      priority_ = static_cast<Priority>(ToNumber(event.to, static_cast<int>(Priority::kNormal)));
      break;
    case EventKind::kWaitingChanged:
      waiting_ = static_cast<Waiting>(ToNumber(event.to, static_cast<int>(Waiting::kNone)));
      break;
    case EventKind::kTagAdded:
      if (const auto at = std::lower_bound(tags_.begin(), tags_.end(), event.to);
          at == tags_.end() || *at != event.to) {
        tags_.insert(at, event.to);
      }
      break;
    case EventKind::kTagRemoved:
      tags_.erase(std::remove(tags_.begin(), tags_.end(), event.from), tags_.end());
      break;
    case EventKind::kSurveySent:
      survey_agents_[event.detail] = event.to;
      break;
    case EventKind::kSurveyDelivered:
      Count(Metric::kSurveyDelivered, event.at).agent = event.to;
      break;
    case EventKind::kRated:
      OnRated(event);
      break;
    default:
      break;
  }
}

std::vector<MetricFact> Fold::Finish() && {
  if (c0_ && !answered_ && state_ != State::kMerged) Count(Metric::kUnanswered, *c0_);
  if (state_ == State::kMerged) DropDurations();
  std::sort(facts_.begin(), facts_.end(), [](const MetricFact& a, const MetricFact& b) {
    return std::make_pair(a.metric, a.ordinal) < std::make_pair(b.metric, b.ordinal);
  });
  return std::move(facts_);
}

std::optional<absl::Time> FirstContact(absl::Span<const HistoryEvent> history) {
  std::optional<absl::Time> c0;
  for (const HistoryEvent& event : history) {
    if (event.kind != EventKind::kMessage || event.to != "PUBLIC" || event.actor.kind != Author::kCustomer) continue;
    c0 = std::min(c0.value_or(event.at), event.at);
  }
  return c0;
}

}  // namespace

bool IsDuration(Metric metric) { return metric >= Metric::kFirstResponseTime && metric <= Metric::kHandleTime; }

std::vector<MetricFact> ComputeFacts(absl::Span<const HistoryEvent> history, bool spam) {
  if (spam) return {};
  Fold fold(FirstContact(history));
  for (const HistoryEvent& event : history) fold.Apply(event);
  return std::move(fold).Finish();
}

State StateOf(absl::Span<const HistoryEvent> history) {
  Fold fold(std::nullopt);
  for (const HistoryEvent& event : history) fold.Apply(event);
  return fold.state();
}

}  // namespace vinculo::support
