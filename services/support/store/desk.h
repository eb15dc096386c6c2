#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/support/domain/conversation.h"
#include "services/support/domain/survey.h"
#include "services/support/store/conversation_repository.h"
#include "services/support/store/directory_repository.h"
#include "services/support/store/message_repository.h"
#include "services/support/store/metric_repository.h"
#include "services/support/store/survey_repository.h"

namespace vinculo::support {

// Kinds of the jobs that changes leave behind. Keys: the conversation's, message's or survey's id.
inline constexpr char kSnoozeJob[] = "snooze_end";
inline constexpr char kReplyJob[] = "reply_delivery";
inline constexpr char kSurveyJob[] = "survey_delivery";  // payload: the token

// What the other services are told of a change, in its transaction.
struct Told {
  const Conversation& conversation;         // as it is now
  const std::vector<HistoryEvent>& events;  // what happened
  const Message* posted = nullptr;          // a public message of ours
  const Survey* survey = nullptr;           // when one was made or rated
  std::string survey_link;                  // for channels that we do not deliver to ourselves
  bool imported = false;
  absl::Time now;
};
using Publish = std::function<absl::Status(sql::Transaction& tx, const Told& told)>;

// A message that reached us.
struct Inbound {
  Channel channel = Channel::kApi;
  std::string external_id;
  std::string inbox;  // must exist
  std::string sender_id;
  std::string requester_id;
  std::string customer_id;  // "" = not known
  std::string subject;      // of a conversation that it opens
  std::string body;
  std::vector<Attachment> attachments;
  std::string in_reply_to;  // external id, our id, or messaging's id of our message
  absl::Time at;
  Author author = Author::kCustomer;
  Cause cause = Cause::kCustomer;
  std::string transcript_ref;  // set by a hand-off
  std::string team;            // of a conversation that it opens, when there is such a team; else the inbox's
};
struct Received {
  Message message;
  Conversation conversation;
  bool duplicate = false;
  bool opened = false;
};

enum class Then { kNothing = 0, kClose, kSnooze, kReopen };
// A message of ours.
struct Outgoing {
  Uuid conversation_id;
  Actor actor;
  std::string body;
  std::vector<Attachment> attachments;
  std::optional<Uuid> last_seen;  // of a reply: the newest message its author has read
  bool allow_stale = false;
  Then then = Then::kNothing;
  std::optional<absl::Time> snooze_until;
};

// Everything that changes a conversation goes through here: load, let a rule decide, save with its history, keep the
// metrics and timers, tell the others. Each call is one step of the caller's transaction. Thread-safe; holds no state
// of its own.
class Desk {
 public:
  struct Options {
    absl::TimeZone zone = absl::UTCTimeZone();  // whose days and weeks reports count
    std::string survey_url;                     // what a survey's token is appended to
    Publish publish;
  };
  explicit Desk(Options options);

  // Changes a conversation by a rule of the domain. NOT_FOUND CONVERSATION_NOT_FOUND; ABORTED ETAG_MISMATCH when
  // `expected` is set and not its revision; the rule's own errors.
  using Rule = absl::FunctionRef<absl::Status(Draft&)>;
  absl::StatusOr<Conversation> Change(sql::Transaction& tx, const Uuid& id, std::optional<int64_t> expected,
                                      absl::Time now, Rule rule) const;
  // Change by Close, and a survey where the inbox asks for one and a person has replied.
  absl::StatusOr<Conversation> CloseAndAsk(sql::Transaction& tx, const Uuid& id, std::optional<int64_t> expected,
                                           const Step& step, absl::Time now) const;

  // A new conversation; `first` is its first message, by `first->author`. ALREADY_EXISTS CONVERSATION_EXISTS; NOT_FOUND
  // INBOX_NOT_FOUND, TEAM_NOT_FOUND, TAG_NOT_FOUND.
  absl::StatusOr<Conversation> Create(sql::Transaction& tx, Conversation conversation, std::optional<Message> first,
                                      const Step& step, absl::Time now) const;
  // A message from outside, into the conversation where it belongs [S-03] [S-04] [S-14].
  absl::StatusOr<Received> Receive(sql::Transaction& tx, Inbound inbound, absl::Time now) const;
  // A public reply, and what is to be done after it. ABORTED NEWER_MESSAGES.
  absl::StatusOr<Message> Reply(sql::Transaction& tx, const Outgoing& reply, absl::Time now) const;
  absl::StatusOr<Message> Note(sql::Transaction& tx, const Outgoing& note, absl::Time now) const;

  // The errors of MakeSurvey and Rate; NOT_FOUND SURVEY_NOT_FOUND.
  absl::StatusOr<Survey> SendSurvey(sql::Transaction& tx, const Uuid& conversation, const Step& step,
                                    absl::Time now) const;
  absl::StatusOr<Survey> Rate(sql::Transaction& tx, const std::string& token, int32_t rating, const std::string& remark,
                              const Step& step, absl::Time now) const;
  // What became of a survey that went out through messaging.
  absl::Status SurveyWent(sql::Transaction& tx, const Uuid& survey, SurveyState state, absl::Time at,
                          absl::Time now) const;

  // How far a reply has come; never backwards. A failure for good gives the turn back to the agent [S-07].
  absl::Status ReplyWent(sql::Transaction& tx, const Uuid& message, Delivery delivery, const std::string& reason,
                         const std::string& messaging_message_id, absl::Time now) const;
  // The timer of a snooze rang; nothing happens when the conversation is no longer snoozed until then.
  absl::Status EndSnooze(sql::Transaction& tx, const Uuid& conversation, absl::Time now) const;

  // A contact belongs to a customer now, or opted out or in: what is filed under it follows [S-01].
  absl::Status LinkContact(sql::Transaction& tx, const std::string& contact, const std::string& customer,
                           absl::Time now) const;
  absl::Status SetOptedOut(sql::Transaction& tx, const std::string& contact, bool opted_out, absl::Time at,
                           absl::Time now) const;
  // True when the kept metrics were not what the history yields; they are then replaced.
  absl::StatusOr<bool> RebuildMetrics(sql::Transaction& tx, const Uuid& conversation) const;

  const ConversationRepository& conversations() const { return conversations_; }
  const MessageRepository& messages() const { return messages_; }
  const SurveyRepository& surveys() const { return surveys_; }
  const DirectoryRepository& directory() const { return directory_; }
  const MetricRepository& metrics() const { return metrics_; }

  // Saves a draft: row, history, metrics, timers, and what is told. `before` is null for a new conversation.
  struct Extra {
    const Message* posted = nullptr;
    const Survey* survey = nullptr;
    std::string survey_link;
    bool imported = false;
  };
  absl::Status Save(sql::Transaction& tx, Draft& draft, const Conversation* before, const Extra& extra) const;

 private:
  struct MadeSurvey {
    Survey survey;
    std::string link;
  };
  absl::StatusOr<std::optional<Conversation>> Find(sql::Transaction& tx, const Inbound& inbound) const;
  absl::StatusOr<Received> OpenFor(sql::Transaction& tx, const Inbound& inbound, const Inbox& inbox,
                                   const Conversation* follows, absl::Time now) const;
  absl::StatusOr<MadeSurvey> Ask(sql::Transaction& tx, Draft& draft, const Step& step) const;
  absl::Status CheckSeen(sql::Transaction& tx, const Outgoing& reply) const;
  absl::Status KeepMetrics(sql::Transaction& tx, const Draft& draft, bool is_new) const;
  absl::Status KeepTimer(sql::Transaction& tx, const Conversation& now, const Conversation* before) const;

  const Options options_;
  ConversationRepository conversations_;
  MessageRepository messages_;
  SurveyRepository surveys_;
  DirectoryRepository directory_;
  const MetricRepository metrics_;
};

// SHA-256 of a survey's token: what is stored instead of it.
std::string HashToken(const std::string& token);

}  // namespace vinculo::support
