#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "services/messaging/domain/allowed_hours.h"
#include "services/messaging/domain/policy.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/work/dispatch_intents.h"

namespace vinculo::messaging {

// One commit of intents in progress: what its lanes share. Lives within one transaction.
class IntentCommit {
 public:
  IntentCommit(sql::Transaction& transaction, const ContactRepository& contact_rows, const IntentRequest& what);

  // Reads what is left of the portfolio's reach; before anything else is read.
  absl::Status LoadReach();
  // How many bulk requests may still begin.
  int BulkLeft() const;
  // Whom a message of `contact` goes to; the survivor, when the contact was merged away.
  absl::StatusOr<Addressee> FindAddressee(const Uuid& contact) const;
  // From `ago` until now.
  BegunSpan Begun(absl::Duration ago) const { return {request.now - ago, request.now + absl::Seconds(5)}; }
  // False when a template to this person would need a slot of the portfolio's reach and none is free [M-83].
  bool ReachAllows(const Addressee& to, Lane lane) const;
  // When a slot becomes free, for what waits for one.
  absl::StatusOr<absl::Time> ReachFreeAt() const;
  // Counts a message that begins now against the pair's debt and the portfolio's reach.
  absl::Status Charge(const Addressee& to, const Message& m);
  // The end of the batch: counters.
  absl::Status Finish();
  // When marketing may begin for this person, within the tenant's allowed hours [M-66].
  absl::StatusOr<absl::Time> MarketingOpensAt(const Contact& contact);
  // Whether one more stays within the frequency cap [M-68].
  absl::StatusOr<bool> CapAllows(const Contact& contact);
  // The next attempt begins as `is`; what an earlier one has counted stays unless it is no longer marketing.
  absl::Status RecountMarketing(const Contact& contact, const Message& was, const Message& is);
  // The template, read once; an empty one when the channel has none of that name.
  absl::StatusOr<const Template*> LoadTemplate(const std::string& name);
  // The tenant's policy, read once.
  absl::StatusOr<const Policy*> LoadPolicy();
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
  LimitScope scope;
  CountDeltas deltas;
  IntentBatch batch;

 private:
  absl::Status CountMarketing(const Contact& contact);
  absl::StatusOr<SendTarget> Target(const Contact& contact, const Message& m);

  std::optional<Policy> policy_;
  std::optional<ZoneClock> clock_;
  std::map<std::string, Template> templates_;
  ReachBudget reach_;
  int64_t new_slots_ = 0;
  int bulk_ = 0;
};

// Messages of SendMessage, in either lane.
absl::Status TakeQueued(IntentCommit& commit, Lane lane, int limit);
// A template to this person needs a slot of the portfolio's reach, unless they wrote within the last day.
bool NeedsReach(const Addressee& to, const Content& content, absl::Time now);
// Rows of the sender's running campaigns, which take turns.
absl::Status TakeCampaigns(IntentCommit& commit);

}  // namespace vinculo::messaging
