#include "services/support/store/importer.h"

#include <algorithm>
#include <utility>

#include "common/http/crypto.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/support/domain/errors.h"

namespace vinculo::support {
namespace {

// Plays the steps of one item through the state machine.
class Player {
 public:
  Player(const Desk& desk, sql::Transaction& tx, ImportItem item, absl::Time now)
      : desk_(desk), tx_(tx), steps_(std::move(item.steps)), draft_(std::move(item.conversation), now), now_(now) {}

  absl::StatusOr<Imported> Play() {
    Conversation& c = draft_.now;
    ASSIGN_OR_RETURN(inbox_, desk_.directory().GetInbox(tx_, c.inbox));
    if (!c.team.empty()) RETURN_IF_ERROR(desk_.directory().GetTeam(tx_, c.team).status());
    RETURN_IF_ERROR(desk_.directory().EnsureTags(tx_, c.tags));
    c.id = Uuid::New(now_);
    if (c.customer_id.empty()) c.customer_id = c.requester_id;
    SortSteps();
    Begin(draft_, {steps_.front().at, Beginner(), Cause::kImport});
    for (const ImportStep& step : steps_) {
      RETURN_IF_ERROR(EndSnoozeBefore(step.at));
      RETURN_IF_ERROR(Apply(step));
    }
    RETURN_IF_ERROR(EndSnoozeBefore(now_));
    if (survey_) RETURN_IF_ERROR(desk_.surveys().Insert(tx_, *survey_));
    RETURN_IF_ERROR(desk_.Save(tx_, draft_, nullptr, {.survey = survey_ ? &*survey_ : nullptr, .imported = true}));
    return Imported{c.id, c.number, false};
  }

 private:
  // By time, then as listed. A survey that was sent before it was rated becomes a step of its own.
  void SortSteps() {
    std::vector<ImportStep> sent;
    for (ImportStep& step : steps_) {
      if (step.kind != ImportStep::Kind::kRating || !step.survey_sent_at) continue;
      ImportStep before = step;
      before.at = *step.survey_sent_at;
      before.rating = 0;
      sent.push_back(std::move(before));
    }
    steps_.insert(steps_.end(), sent.begin(), sent.end());
    std::stable_sort(steps_.begin(), steps_.end(),
                     [](const ImportStep& a, const ImportStep& b) { return a.at < b.at; });
  }

  Actor Beginner() const {
    for (const ImportStep& step : steps_) {
      if (step.kind == ImportStep::Kind::kMessage && step.visibility == Visibility::kPublic) return Writer(step);
    }
    return {Author::kAgent, steps_.front().by};
  }

  Actor Writer(const ImportStep& step) const {
    if (step.author == Author::kCustomer) return {Author::kCustomer, draft_.now.requester_id};
    return {step.author, step.by};
  }

  absl::Status EndSnoozeBefore(absl::Time at) {
    if (!draft_.now.snoozed_until || *draft_.now.snoozed_until > at) return absl::OkStatus();
    return Unsnooze(draft_, {*draft_.now.snoozed_until, {Author::kSystem, ""}, Cause::kTimer});
  }

  absl::Status Apply(const ImportStep& step) {
    Step done{step.at, {step.automatic ? Author::kAutomation : Author::kAgent, step.by}, Cause::kImport};
    switch (step.kind) {
      case ImportStep::Kind::kMessage:
        return Say(step);
      case ImportStep::Kind::kSnooze:
        return Snooze(draft_, done, step.until);
      case ImportStep::Kind::kUnsnooze:  // a message or the timer may have done it already
        return draft_.now.state == State::kSnoozed ? Unsnooze(draft_, done) : absl::OkStatus();
      case ImportStep::Kind::kClose:
        return Close(draft_, done);
      case ImportStep::Kind::kReopen:
        return draft_.now.state == State::kClosed ? Reopen(draft_, done) : absl::OkStatus();
      case ImportStep::Kind::kAssign:
        return Assign(draft_, done, step.assignee);
      case ImportStep::Kind::kTag:
        if (step.removed) return RemoveTags(draft_, done, {step.tag});
        RETURN_IF_ERROR(desk_.directory().EnsureTags(tx_, {step.tag}));
        return AddTags(draft_, done, {step.tag});
      case ImportStep::Kind::kRating:
        return TakeRating(step);
    }
    return absl::OkStatus();
  }

  absl::Status Say(const ImportStep& step) {
    Message m;
    m.id = Uuid::New(now_);
    m.conversation_id = draft_.now.id;
    m.external_id = step.external_id;
    m.direction = step.author == Author::kCustomer ? Direction::kInbound : Direction::kOutbound;
    m.author = Writer(step);
    m.visibility = step.visibility;
    m.created_at = step.at;
    m.received_at = now_;
    m.body = step.body;
    if (!m.external_id.empty()) {
      ASSIGN_OR_RETURN(const std::optional<Message> taken,
                       desk_.messages().FindByExternalId(tx_, draft_.now.channel, m.external_id));
      if (taken) {
        return Error(absl::StatusCode::kAlreadyExists, "MESSAGE_EXISTS",
                     "A message with this external_id exists in another conversation.",
                     {{"external_id", m.external_id}, {"conversation", taken->conversation_id.ToString()}});
      }
    }
    RETURN_IF_ERROR(
        AddMessage(draft_, {step.at, m.author, Cause::kImport}, m.id, m.visibility, inbox_, /*reopen=*/true));
    return desk_.messages().Insert(tx_, m, draft_.now.channel);
  }

  absl::Status TakeRating(const ImportStep& step) {
    const Step by_customer{step.at, {Author::kCustomer, draft_.now.requester_id}, Cause::kImport};
    // A rating that comes after a reopening still belongs to the survey of the close before.
    const bool asks = !draft_.now.open_survey && (!survey_ || draft_.now.state == State::kClosed);
    if (asks) {
      if (survey_) RETURN_IF_ERROR(desk_.surveys().Insert(tx_, *survey_));
      const std::string nobody_has_it = crypto::RandomBytes(32);
      ASSIGN_OR_RETURN(survey_, MakeSurvey(draft_, by_customer, Uuid::New(now_), nobody_has_it,
                                           SurveyAgent(draft_.now, draft_.added)));
      MarkDelivered(draft_, *survey_, by_customer);
    }
    if (step.rating == 0) return absl::OkStatus();
    return Rate(draft_, *survey_, by_customer, step.rating, step.remark).status();
  }

  const Desk& desk_;
  sql::Transaction& tx_;
  std::vector<ImportStep> steps_;
  Draft draft_;
  const absl::Time now_;
  Inbox inbox_;
  std::optional<Survey> survey_;  // of the latest close
};

}  // namespace

absl::StatusOr<Imported> Import(const Desk& desk, sql::Transaction& tx, ImportItem item, absl::Time now) {
  ASSIGN_OR_RETURN(const std::optional<Conversation> known,
                   desk.conversations().FindByExternalId(tx, item.conversation.external_id));
  if (known) return Imported{known->id, known->number, true};
  return Player(desk, tx, std::move(item), now).Play();
}

}  // namespace vinculo::support
