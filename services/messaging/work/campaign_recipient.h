#pragma once

#include <optional>
#include <string>

#include "services/messaging/domain/allowed_hours.h"
#include "services/messaging/domain/cost.h"
#include "services/messaging/work/intent_commit.h"

namespace vinculo::messaging {

// Turns rows of one campaign into intents within one commit. Every rule that guards a send is looked at again here, on
// what is stored now [M-01] [M-37]: the template, the person, the hours, the caps, the campaign's maximal cost.
class CampaignRecipients {
 public:
  CampaignRecipients(IntentCommit& commit, Campaign& campaign, const Policy& policy);

  enum class Taken { kBegun, kPassedOver, kWaitsForReach };
  // kPassedOver: it was skipped or put off, or the campaign paused, which `campaign` then says.
  absl::StatusOr<Taken> Take(DueRecipient& due);

 private:
  absl::Status Pause(const std::string& reason);
  absl::Status Skip(Recipient& row, absl::string_view reason);
  absl::Status PutOff(Recipient& row, absl::Time until);
  // "" when the person may be written to. `tried`: the message of an earlier attempt.
  absl::StatusOr<std::string> BlockOf(const Recipient& row, const Contact& contact, Category category,
                                      const std::optional<Message>& tried);
  // Now, or when it may begin: the hours, and what the pair owes.
  absl::Time FreeAt(const Addressee& to, Category category);
  // In place of what the message has reserved. False when it paused the campaign.
  absl::StatusOr<bool> Reserve(const Contact& contact, Category category, Message& m);
  // The message, stored as SENDING; unset when the campaign paused instead.
  absl::StatusOr<std::optional<Message>> First(const Recipient& row, const Contact& contact, Category category);
  absl::StatusOr<std::optional<Message>> Again(Message tried, const Contact& contact, Category category);
  absl::Status Begin(Recipient& row, const Addressee& to, Message m);

  IntentCommit& c_;
  Campaign& campaign_;
  const Policy& policy_;
  ZoneClock clock_;
  std::optional<int64_t> used_;  // of the maximal cost, once looked at
};

}  // namespace vinculo::messaging
