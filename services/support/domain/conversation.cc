#include "services/support/domain/conversation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "services/support/domain/errors.h"

namespace vinculo::support {
namespace {

absl::Status CheckNotMerged(const Conversation& c) {
  if (c.state != State::kMerged) return absl::OkStatus();
  return IsMergedError(c.id.ToString(), c.merged_into ? c.merged_into->ToString() : "");
}

std::string Number(auto value) { return absl::StrCat(static_cast<int>(value)); }

void Record(Draft& draft, const Step& step, EventKind kind, std::string from, std::string to) {
  HistoryEvent& event = Append(draft, step, kind);
  event.from = std::move(from);
  event.to = std::move(to);
}

void Wait(Draft& draft, const Step& step, Waiting waiting) {
  if (draft.now.waiting_on == waiting) return;
  Record(draft, step, EventKind::kWaitingChanged, Number(draft.now.waiting_on), Number(waiting));
  draft.now.waiting_on = waiting;
}

void EndSnooze(Draft& draft, const Step& step) {
  draft.now.state = State::kOpen;
  draft.now.snoozed_until.reset();
  Append(draft, step, EventKind::kUnsnoozed);
}

void OpenAgain(Draft& draft, const Step& step) {
  draft.now.state = State::kOpen;
  draft.now.closed_at.reset();
  draft.now.open_survey.reset();
  ++draft.now.reopen_count;
  Append(draft, step, EventKind::kReopened);
}

void TakeCustomerMessage(Draft& draft, const Step& step, bool reopen) {
  Conversation& c = draft.now;
  c.first_contact_at = std::min(c.first_contact_at.value_or(step.at), step.at);
  c.last_contact_at = std::max(c.last_contact_at.value_or(step.at), step.at);
  Step effect = step;
  effect.cause = step.cause == Cause::kImport ? Cause::kImport : Cause::kCustomer;
  if (c.state == State::kSnoozed) EndSnooze(draft, effect);
  if (c.state == State::kClosed && reopen) OpenAgain(draft, effect);
  if (c.state != State::kClosed) Wait(draft, effect, Waiting::kAgent);
}

}  // namespace

HistoryEvent& Append(Draft& draft, const Step& step, EventKind kind) {
  HistoryEvent event;
  event.seq = ++draft.now.last_seq;
  event.kind = kind;
  event.at = step.at;
  event.recorded_at = draft.recorded_at;
  event.actor = step.actor;
  event.cause = step.cause;
  return draft.added.emplace_back(std::move(event));
}

Arrival DecideArrival(const Conversation& conversation, const Inbox& inbox, absl::Time at) {
  if (conversation.state != State::kClosed || conversation.spam) return Arrival::kContinue;
  switch (inbox.reopen_policy) {
    case ReopenPolicy::kReopen:
      return Arrival::kReopen;
    case ReopenPolicy::kNew:
      return Arrival::kFollowUp;
    case ReopenPolicy::kWindow:
      break;
  }
  return at < conversation.closed_at.value_or(at) + inbox.reopen_window ? Arrival::kReopen : Arrival::kFollowUp;
}

void Begin(Draft& draft, const Step& step) {
  Conversation& c = draft.now;
  c.state = State::kOpen;
  c.created_at = step.at;
  const bool by_customer = step.actor.kind == Author::kCustomer || step.cause == Cause::kHandoff;
  c.waiting_on = by_customer ? Waiting::kAgent : Waiting::kCustomer;
  Append(draft, step, EventKind::kCreated).to = Number(c.waiting_on);
  if (c.priority != Priority::kNormal) {
    Record(draft, step, EventKind::kPriorityChanged, Number(Priority::kNormal), Number(c.priority));
  }
  if (!c.team.empty()) Record(draft, step, EventKind::kTeamChanged, "", c.team);
  if (!c.assignee.empty()) Record(draft, step, EventKind::kAssigned, "", c.assignee);
  std::sort(c.tags.begin(), c.tags.end());
  c.tags.erase(std::unique(c.tags.begin(), c.tags.end()), c.tags.end());
  for (const std::string& tag : c.tags) Record(draft, step, EventKind::kTagAdded, "", tag);
}

absl::Status AddMessage(Draft& draft, const Step& step, const Uuid& message_id, Visibility visibility,
                        const Inbox& inbox, bool reopen) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  const bool is_public = visibility == Visibility::kPublic;
  HistoryEvent& event = Append(draft, step, EventKind::kMessage);
  event.message_id = message_id;
  event.to = is_public ? "PUBLIC" : "INTERNAL";
  draft.now.last_message_id = message_id;
  if (!is_public) {
    const bool somebody_else = step.actor.id != draft.now.assignee;
    if (draft.now.state == State::kSnoozed && inbox.note_unsnoozes && somebody_else) EndSnooze(draft, step);
    return absl::OkStatus();
  }
  if (step.actor.kind == Author::kCustomer) {
    TakeCustomerMessage(draft, step, reopen);
  } else if (step.actor.kind == Author::kAgent) {
    ++draft.now.human_replies;
    if (draft.now.state != State::kClosed) Wait(draft, step, Waiting::kCustomer);
  }
  return absl::OkStatus();
}

absl::Status Snooze(Draft& draft, const Step& step, std::optional<absl::Time> until) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.state == State::kClosed) return NotOpenError(draft.now.id.ToString());
  if (until && *until <= step.at) return SnoozeInPastError();
  draft.now.state = State::kSnoozed;
  draft.now.snoozed_until = until;
  Append(draft, step, EventKind::kSnoozed).to =
      until ? absl::FormatTime(absl::RFC3339_full, *until, absl::UTCTimeZone()) : "reply";
  return absl::OkStatus();
}

absl::Status Unsnooze(Draft& draft, const Step& step) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.state != State::kSnoozed) return NotSnoozedError(draft.now.id.ToString());
  EndSnooze(draft, step);
  return absl::OkStatus();
}

absl::Status Close(Draft& draft, const Step& step) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.state == State::kClosed) return AlreadyClosedError(draft.now.id.ToString());
  draft.now.state = State::kClosed;
  draft.now.snoozed_until.reset();
  draft.now.closed_at = step.at;
  Append(draft, step, EventKind::kClosed);
  Wait(draft, step, Waiting::kNone);
  return absl::OkStatus();
}

absl::Status Reopen(Draft& draft, const Step& step) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.state != State::kClosed) return NotClosedError(draft.now.id.ToString());
  OpenAgain(draft, step);
  Wait(draft, step, Waiting::kAgent);
  return absl::OkStatus();
}

absl::Status MarkSpam(Draft& draft, const Step& step, bool spam) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.spam == spam) return absl::OkStatus();
  if (spam && draft.now.state != State::kClosed) RETURN_IF_ERROR(Close(draft, step));
  draft.now.spam = spam;
  Append(draft, step, spam ? EventKind::kSpamMarked : EventKind::kSpamUnmarked);
  return absl::OkStatus();
}

absl::Status Assign(Draft& draft, const Step& step, const std::string& assignee) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.assignee == assignee) return absl::OkStatus();
  Record(draft, step, EventKind::kAssigned, draft.now.assignee, assignee);
  draft.now.assignee = assignee;
  return absl::OkStatus();
}

absl::Status SetPriority(Draft& draft, const Step& step, Priority priority) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.priority == priority) return absl::OkStatus();
  Record(draft, step, EventKind::kPriorityChanged, Number(draft.now.priority), Number(priority));
  draft.now.priority = priority;
  return absl::OkStatus();
}

absl::Status SetTeam(Draft& draft, const Step& step, const std::string& team) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.team == team) return absl::OkStatus();
  Record(draft, step, EventKind::kTeamChanged, draft.now.team, team);
  draft.now.team = team;
  return absl::OkStatus();
}

absl::Status SetWaiting(Draft& draft, const Step& step, Waiting waiting) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.state == State::kClosed && waiting != Waiting::kNone) return NotOpenError(draft.now.id.ToString());
  Wait(draft, step, waiting);
  return absl::OkStatus();
}

absl::Status SetSubject(Draft& draft, const Step& step, const std::string& subject) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.subject == subject) return absl::OkStatus();
  // The words themselves are personal and stay out of the history.
  Append(draft, step, EventKind::kFieldChanged).detail = "subject";
  draft.now.subject = subject;
  return absl::OkStatus();
}

absl::Status SetModule(Draft& draft, const Step& step, const std::string& module_key) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  if (draft.now.module_key == module_key) return absl::OkStatus();
  Record(draft, step, EventKind::kFieldChanged, draft.now.module_key, module_key);
  draft.added.back().detail = "module_key";
  draft.now.module_key = module_key;
  return absl::OkStatus();
}

absl::Status AddTags(Draft& draft, const Step& step, const std::vector<std::string>& tags) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  std::vector<std::string>& own = draft.now.tags;
  for (const std::string& tag : tags) {
    const auto place = std::lower_bound(own.begin(), own.end(), tag);
    if (place != own.end() && *place == tag) continue;
    own.insert(place, tag);
    Record(draft, step, EventKind::kTagAdded, "", tag);
  }
  return absl::OkStatus();
}

absl::Status RemoveTags(Draft& draft, const Step& step, const std::vector<std::string>& tags) {
  RETURN_IF_ERROR(CheckNotMerged(draft.now));
  std::vector<std::string>& own = draft.now.tags;
  for (const std::string& tag : tags) {
    const auto place = std::lower_bound(own.begin(), own.end(), tag);
    if (place == own.end() || *place != tag) continue;
    own.erase(place);
    Record(draft, step, EventKind::kTagRemoved, tag, "");
  }
  return absl::OkStatus();
}

void File(Draft& draft, const Step& step, const std::string& customer_id) {
  if (draft.now.customer_id == customer_id) return;
  Record(draft, step, EventKind::kFiled, draft.now.customer_id, customer_id);
  draft.now.customer_id = customer_id;
}

void NoteHandoff(Draft& draft, const Step& step, const std::string& transcript_ref) {
  draft.now.transcript_ref = transcript_ref;
  Append(draft, step, EventKind::kHandoff).to = transcript_ref;
}

void NoteDeliveryFailure(Draft& draft, const Step& step, const Uuid& message_id, const std::string& reason) {
  HistoryEvent& event = Append(draft, step, EventKind::kDeliveryFailed);
  event.message_id = message_id;
  event.to = reason;
  if (draft.now.state == State::kOpen || draft.now.state == State::kSnoozed) Wait(draft, step, Waiting::kAgent);
}

void NoteConsent(Draft& draft, const Step& step, bool opted_out) {
  if (draft.now.contact_opted_out == opted_out) return;
  draft.now.contact_opted_out = opted_out;
  Append(draft, step, EventKind::kConsentChanged).to = opted_out ? "OUT" : "IN";
}

}  // namespace vinculo::support
