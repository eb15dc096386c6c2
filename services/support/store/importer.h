#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/support/store/desk.h"

namespace vinculo::support {

// Something that happened in another system, at its original time.
struct ImportStep {
  enum class Kind { kMessage, kSnooze, kUnsnooze, kClose, kReopen, kAssign, kTag, kRating };
  Kind kind = Kind::kMessage;
  absl::Time at;
  std::string by;
  Author author = Author::kCustomer;            // message
  Visibility visibility = Visibility::kPublic;  // message
  std::string body;                             // message
  std::string external_id;                      // message
  std::optional<absl::Time> until;              // snooze
  bool automatic = false;                       // close
  std::string assignee;                         // assign
  std::string tag;                              // tag
  bool removed = false;                         // tag
  std::optional<absl::Time> survey_sent_at;     // rating; unset = at the rating
  int32_t rating = 0;                           // rating; 0 = never answered
  std::string remark;                           // rating
};

struct ImportItem {
  Conversation conversation;  // external_id, channel, inbox, requester, customer, subject, priority, team, module, tags
  std::vector<ImportStep> steps;
};

struct Imported {
  Uuid id;
  int64_t number = 0;
  bool duplicate = false;  // it was there; nothing changed
};

// Stores one conversation with its history. Idempotent by external id. Metrics come from the original times; nobody is
// told anything but the other services, and those that it is history [S-98]. Errors name what is wrong with the item:
// NOT_FOUND INBOX_NOT_FOUND, TEAM_NOT_FOUND; ALREADY_EXISTS MESSAGE_EXISTS; the errors of the state machine, such as
// NOT_OPEN.
absl::StatusOr<Imported> Import(const Desk& desk, sql::Transaction& tx, ImportItem item, absl::Time now);

}  // namespace vinculo::support
