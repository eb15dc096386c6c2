#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/work/dispatch_intents.h"

namespace vinculo::messaging {

// One commit of intents in progress: what its lanes share. Lives within one transaction.
class IntentCommit {
 public:
  IntentCommit(sql::Transaction& transaction, const ContactRepository& contact_rows, const IntentRequest& what);

  // How many bulk requests may still begin.
  int BulkLeft() const;
  // The template, read once; an empty one when the channel has none of that name.
  absl::StatusOr<const Template*> LoadTemplate(const std::string& name);
  // The message is about to leave: phase, attempt, token.
  void MarkSending(Message& m) const;
  // Adds the intent of a message whose row says SENDING.
  absl::Status Begin(Message m, const Contact& contact);
  // Looks again at `at`, if nothing else is due before.
  void WakeAt(std::optional<absl::Time> at);

  sql::Transaction& tx;
  const ContactRepository& contacts;
  const IntentRequest& request;
  std::set<Uuid> busy;  // contacts with a transactional request in flight or in this batch
  CountDeltas deltas;
  IntentBatch batch;

 private:
  absl::StatusOr<SendTarget> Target(const Contact& contact, const Message& m);

  std::map<std::string, Template> templates_;
  int bulk_ = 0;
};

// Messages of SendMessage, in either lane.
absl::Status TakeQueued(IntentCommit& commit, Lane lane, int limit);
// Rows of the sender's running campaigns, which take turns.
absl::Status TakeCampaigns(IntentCommit& commit);

}  // namespace vinculo::messaging
