#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "tests/sandbox/event_loop.h"
#include "tests/sandbox/ledger.h"
#include "tests/sandbox/settings.h"
#include "tests/sandbox/template_book.h"
#include "tests/sandbox/webhooks.h"

namespace vinculo::sandbox {

// A message that a customer has received.
struct ReceivedMessage {
  const Sender* sender = nullptr;
  std::string to;     // as addressed: digits or BSUID
  std::string wa_id;  // what the webhooks call the person
  std::string wamid;
  std::string body;  // the whole request
  const Template* sent_template = nullptr;
};

// Something a customer may choose in a message.
struct Option {
  enum class Kind { kTemplateButton, kReplyButton, kListRow, kNumber };
  Kind kind;
  std::string id;  // payload, reply id, row id, or the number as text
  std::string title;
  std::string description;  // of a list row
};

// What a message shows: its kind (template, text, button, list), its text and what can be chosen.
struct MessageView {
  std::string kind;
  std::string text;
  std::vector<Option> options;
};
MessageView ViewOf(const ReceivedMessage& message);

// A person's believable name and address, fixed by the number.
std::string CustomerName(absl::string_view who);
std::string CustomerEmail(absl::string_view who);

// The people at the other end: they answer by rule or by script, the same way in every run.
class Customers {
 public:
  Customers(EventLoop& loop, Webhooks& webhooks, Ledger& ledger) : loop_(loop), webhooks_(webhooks), ledger_(ledger) {}

  void Configure(const CustomerSettings& settings, uint64_t seed);
  void Reset();
  // Answers given, by the rule's name; those of scripts as "script".
  const std::map<std::string, int64_t>& answers() const { return answers_; }
  bool silent() const { return settings_ == nullptr || (settings_->rules.empty() && settings_->scripts.empty()); }

  // Lets the customer react to a message that was accepted.
  void Receive(ReceivedMessage message);

  // Makes a customer write now. `content` has `type` and its payload as in Meta's webhook; `context_id` may be empty.
  // Returns the message's wamid.
  std::string Write(const Sender* sender, const std::string& who, Json content, const std::string& context_id,
                    const std::string& name = "");

 private:
  const CustomerRule* RuleFor(const ReceivedMessage& message, const MessageView& view) const;
  bool RunScript(const ReceivedMessage& message, const MessageView& view);
  void Answer(const ReceivedMessage& message, const std::string& rule, Json content, int64_t after_ms);
  Json Choose(const MessageView& view, int64_t index) const;

  EventLoop& loop_;
  Webhooks& webhooks_;
  Ledger& ledger_;
  const CustomerSettings* settings_ = nullptr;
  uint64_t seed_ = 1;
  uint64_t next_inbound_ = 1;
  uint64_t generation_ = 0;
  std::map<std::string, int64_t> answers_;
  absl::flat_hash_set<std::string> answered_once_;  // "<rule>/<number>"
};

}  // namespace vinculo::sandbox
