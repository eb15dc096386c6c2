#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/id/uuid.h"

// The words of support. Every enumerator has the number that it has in the contracts and in the store.
namespace vinculo::support {

enum class Channel { kEmail = 1, kWhatsapp, kWeb, kPortal, kApi, kPhone };
enum class State { kOpen = 1, kSnoozed, kClosed, kMerged };
enum class Waiting { kNone = 1, kAgent, kCustomer, kThirdParty };
enum class Priority { kLow = 1, kNormal, kHigh, kUrgent };
// Only kAgent is a person of the company.
enum class Author { kCustomer = 1, kAgent, kBot, kSystem, kAutomation };
enum class Direction { kInbound = 1, kOutbound };
enum class Visibility { kPublic = 1, kInternal };
enum class Delivery { kNone = 1, kQueued, kSent, kDelivered, kRead, kFailed };
enum class ReopenPolicy { kWindow = 1, kReopen, kNew };
enum class Presence { kPresent = 1, kAbsent };

enum class EventKind {
  kCreated = 1,
  kMessage,
  kSnoozed,
  kUnsnoozed,
  kClosed,
  kReopened,
  kAssigned,
  kTagAdded,
  kTagRemoved,
  kPriorityChanged,
  kWaitingChanged,
  kTeamChanged,
  kMerged,
  kSpamMarked,
  kSpamUnmarked,
  kHandoff,
  kSurveySent,
  kSurveyDelivered,
  kRated,
  kFieldChanged,
  kFiled,
  kDeliveryFailed,
  kConsentChanged,
};

enum class Cause { kCaller = 1, kTimer, kCustomer, kHandoff, kImport, kDelivery, kMerge, kProfile };

struct Actor {
  Author kind = Author::kSystem;
  std::string id;
  friend bool operator==(const Actor&, const Actor&) = default;
};

// Who did something, when, and why.
struct Step {
  absl::Time at;
  Actor actor;
  Cause cause = Cause::kCaller;
};

// One entry of a conversation's history. What `from`, `to` and `detail` hold depends on the kind:
//   kMessage          to = "PUBLIC" or "INTERNAL"
//   kSnoozed          to = RFC 3339 time, or "reply"
//   kAssigned, kPriorityChanged, kWaitingChanged, kTeamChanged, kFiled   from, to; priorities and waiting by number
//   kTagAdded, kTagRemoved   to, from = the tag
//   kSurveySent, kSurveyDelivered   to = the agent it counts for, detail = survey id
//   kRated            from (may be empty), to = ratings, detail = survey id
//   kFieldChanged     detail = the field
//   kDeliveryFailed   to = the reason
struct HistoryEvent {
  int64_t seq = 0;  // from 1 within the conversation, in the order of recording
  EventKind kind = EventKind::kCreated;
  absl::Time at;           // when it happened
  absl::Time recorded_at;  // when we learned of it
  Actor actor;
  Cause cause = Cause::kCaller;
  std::optional<Uuid> message_id;
  std::string from;
  std::string to;
  std::string detail;
  friend bool operator==(const HistoryEvent&, const HistoryEvent&) = default;
};

struct Conversation {
  Uuid id;
  int64_t number = 0;
  std::string external_id;
  std::string customer_id;
  std::string requester_id;
  Channel channel = Channel::kApi;
  std::string inbox;
  std::string sender_id;  // messaging's sender the customer wrote to; WhatsApp only
  std::string subject;
  State state = State::kOpen;
  Waiting waiting_on = Waiting::kAgent;
  Priority priority = Priority::kNormal;
  std::string team;
  std::string assignee;
  std::vector<std::string> tags;  // ascending, distinct
  std::string module_key;
  std::optional<absl::Time> snoozed_until;  // set only while SNOOZED, and not when until the customer replies
  std::optional<Uuid> merged_into;
  std::optional<Uuid> follow_up_of;
  std::string transcript_ref;
  bool spam = false;
  bool contact_opted_out = false;
  absl::Time created_at;
  std::optional<absl::Time> first_contact_at;
  std::optional<absl::Time> last_contact_at;
  std::optional<absl::Time> closed_at;
  int32_t reopen_count = 0;
  int32_t human_replies = 0;
  std::optional<Uuid> last_message_id;  // the newest, notes included
  std::optional<Uuid> open_survey;      // the survey of the present close, if one was made
  int32_t rating = 0;                   // the latest, 0 = none
  std::string remark;
  std::string rated_agent;
  std::optional<absl::Time> rated_at;
  int64_t last_seq = 0;  // of the history
  int64_t revision = 0;
};

struct Attachment {
  std::string name;
  std::string content_type;
  std::string reference;
  int64_t size_bytes = 0;
  friend bool operator==(const Attachment&, const Attachment&) = default;
};

struct Message {
  Uuid id;
  Uuid conversation_id;
  std::string external_id;  // unique per channel; "" = none
  Direction direction = Direction::kInbound;
  Actor author;
  Visibility visibility = Visibility::kPublic;
  absl::Time created_at;
  absl::Time received_at;
  std::string body;
  std::vector<Attachment> attachments;
  std::string in_reply_to;
  Delivery delivery = Delivery::kNone;
  std::string delivery_reason;
  std::string messaging_message_id;
};

// The inbox every tenant has from the start.
inline constexpr char kDefaultInbox[] = "default";

struct Inbox {
  std::string id = kDefaultInbox;
  std::string display_name = "Default";
  std::optional<Channel> channel;
  std::string sender_id;
  ReopenPolicy reopen_policy = ReopenPolicy::kWindow;
  absl::Duration reopen_window = absl::Hours(14 * 24);
  bool note_unsnoozes = false;
  bool survey_on_close = false;
  std::string team;
  std::string survey_text;
  int64_t revision = 0;
};

struct Team {
  std::string id;
  std::string display_name;
  int64_t revision = 0;
};

struct Agent {
  std::string id;  // the subject of the agent's token
  std::string display_name;
  std::string team;
  int32_t capacity = 0;  // 0 = no limit
  Presence presence = Presence::kPresent;
  absl::Time updated_at;
  int64_t revision = 0;
};

struct Tag {
  std::string id;
  std::string display_name;
  int64_t revision = 0;
};

}  // namespace vinculo::support
