#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/support/domain/types.h"

// The rules of a conversation's life: OPEN <-> SNOOZED, both -> CLOSED, CLOSED -> OPEN, any -> MERGED, which is final.
// Pure.
namespace vinculo::support {

// A conversation under change: how it stands, and what its history gains. Save both, or neither.
struct Draft {
  explicit Draft(Conversation conversation, absl::Time recorded_at_time)
      : now(std::move(conversation)), recorded_at(recorded_at_time) {}
  Conversation now;
  absl::Time recorded_at;
  std::vector<HistoryEvent> added;
};

// What a customer's message does to the newest conversation of the requester in the inbox [S-14].
enum class Arrival {
  kContinue,  // goes into it as it stands
  kReopen,    // goes into it and opens it
  kFollowUp,  // opens a new one that names it
};
// Spam takes the message and stays closed. `conversation` is not MERGED: ask for its root.
Arrival DecideArrival(const Conversation& conversation, const Inbox& inbox, absl::Time at);

// The conversation's first event. `draft.now` carries what the caller knows (requester, channel, inbox, subject, ...);
// its priority, team, assignee and tags become events of their own. It is OPEN, and waits on the agent when the
// customer began it, else on the customer [S-05].
void Begin(Draft& draft, const Step& step);

// A message or note was written [S-09] [S-12]:
//   customer, public   opens a SNOOZED one (cause CUSTOMER) and a CLOSED one when `reopen`; waits on the agent
//   agent, public      waits on the customer; stays snoozed, stays closed
//   bot, automation    changes nothing else
//   note               opens a SNOOZED one when the inbox says so and somebody else than the assignee wrote it
// IS_MERGED.
absl::Status AddMessage(Draft& draft, const Step& step, const Uuid& message_id, Visibility visibility,
                        const Inbox& inbox, bool reopen = false);

// From OPEN, or anew from SNOOZED; nullopt = until the customer replies. SNOOZE_IN_PAST unless until > step.at;
// NOT_OPEN; IS_MERGED.
absl::Status Snooze(Draft& draft, const Step& step, std::optional<absl::Time> until);
// NOT_SNOOZED; IS_MERGED.
absl::Status Unsnooze(Draft& draft, const Step& step);
// From OPEN or SNOOZED, whose snooze ends [S-13]. ALREADY_CLOSED; IS_MERGED.
absl::Status Close(Draft& draft, const Step& step);
// From CLOSED; counts one more reopening and begins a new survey cycle. NOT_CLOSED; IS_MERGED.
absl::Status Reopen(Draft& draft, const Step& step);
// Closes it unless it is closed; `spam` false only takes the mark away. The same mark twice has no effect. IS_MERGED.
absl::Status MarkSpam(Draft& draft, const Step& step, bool spam);

// What does not change has no event. IS_MERGED.
absl::Status Assign(Draft& draft, const Step& step, const std::string& assignee);
absl::Status SetPriority(Draft& draft, const Step& step, Priority priority);
absl::Status SetTeam(Draft& draft, const Step& step, const std::string& team);
absl::Status SetWaiting(Draft& draft, const Step& step, Waiting waiting);
absl::Status SetSubject(Draft& draft, const Step& step, const std::string& subject);
absl::Status SetModule(Draft& draft, const Step& step, const std::string& module_key);
absl::Status AddTags(Draft& draft, const Step& step, const std::vector<std::string>& tags);
absl::Status RemoveTags(Draft& draft, const Step& step, const std::vector<std::string>& tags);
// Files it under another customer; also a merged one follows [S-01].
void File(Draft& draft, const Step& step, const std::string& customer_id);

// A dialogue handed the customer over [S-06].
void NoteHandoff(Draft& draft, const Step& step, const std::string& transcript_ref);
// A reply of ours will never arrive: the agent has to act again [S-07].
void NoteDeliveryFailure(Draft& draft, const Step& step, const Uuid& message_id, const std::string& reason);
// The contact opted out of, or into, messages.
void NoteConsent(Draft& draft, const Step& step, bool opted_out);

// Appends an event that changes nothing else (surveys use it). Returns it.
HistoryEvent& Append(Draft& draft, const Step& step, EventKind kind);

}  // namespace vinculo::support
