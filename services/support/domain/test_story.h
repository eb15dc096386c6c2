#pragma once

#include <string>
#include <vector>

#include "services/support/domain/conversation.h"

namespace vinculo::support {

// Tells a conversation's story in tests, minute by minute: each call is one step of the state machine.
class Story {
 public:
  explicit Story(absl::Time start, Author by = Author::kCustomer, Inbox inbox = {})
      : start_(start), inbox_(inbox), draft_({}, start) {
    draft_.now.id = Uuid::New(start);
    Begin(draft_, At(0, by, by == Author::kCustomer ? "maria" : "ana"));
  }

  Step At(double minute, Author kind, std::string who) const {
    return {start_ + absl::Seconds(minute * 60), {kind, std::move(who)}, Cause::kCaller};
  }
  Story& Customer(double minute, bool reopen = true) {
    return Say(At(minute, Author::kCustomer, "maria"), Visibility::kPublic, reopen);
  }
  Story& Agent(double minute, std::string who = "ana") {
    return Say(At(minute, Author::kAgent, std::move(who)), Visibility::kPublic, false);
  }
  Story& Bot(double minute) { return Say(At(minute, Author::kBot, "bot"), Visibility::kPublic, false); }
  Story& Note(double minute, std::string who = "ana") {
    return Say(At(minute, Author::kAgent, std::move(who)), Visibility::kInternal, false);
  }
  Story& Closes(double minute, std::string who = "ana") {
    return Keep(Close(draft_, At(minute, Author::kAgent, std::move(who))));
  }
  Story& BotCloses(double minute) { return Keep(Close(draft_, At(minute, Author::kBot, "bot"))); }
  Story& Reopens(double minute) { return Keep(Reopen(draft_, At(minute, Author::kAgent, "ana"))); }
  Story& Snoozes(double minute) { return Keep(Snooze(draft_, At(minute, Author::kAgent, "ana"), std::nullopt)); }
  Story& Unsnoozes(double minute) { return Keep(Unsnooze(draft_, At(minute, Author::kAgent, "ana"))); }
  Story& AssignsTo(double minute, std::string who) {
    return Keep(Assign(draft_, At(minute, Author::kAgent, "lead"), who));
  }
  Story& Tags(double minute, std::vector<std::string> tags) {
    return Keep(AddTags(draft_, At(minute, Author::kAgent, "ana"), tags));
  }
  // As the merge of this conversation into another records it.
  Story& IsMerged(double minute) {
    Append(draft_, At(minute, Author::kAgent, "ana"), EventKind::kMerged);
    draft_.now.state = State::kMerged;
    return *this;
  }

  Draft& draft() { return draft_; }
  const Conversation& now() const { return draft_.now; }
  const std::vector<HistoryEvent>& history() const { return draft_.added; }
  const absl::Status& status() const { return status_; }  // of the last step

 private:
  Story& Say(Step step, Visibility visibility, bool reopen) {
    const Uuid id = Uuid::New(step.at);
    return Keep(AddMessage(draft_, step, id, visibility, inbox_, reopen));
  }
  Story& Keep(absl::Status status) {
    status_ = std::move(status);
    return *this;
  }

  absl::Time start_;
  Inbox inbox_;
  Draft draft_;
  absl::Status status_;
};

}  // namespace vinculo::support
