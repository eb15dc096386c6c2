#include "services/messaging/consent_act.h"

#include "absl/algorithm/container.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {
namespace {

// What a queued row would go out as: its template's category now, whatever it was at the freeze [M-27].
absl::StatusOr<Category> CategoryOf(sql::Transaction& tx, const Recipient& row) {
  ASSIGN_OR_RETURN(const Campaign campaign, CampaignRepository::Get(tx, row.campaign_id));
  ASSIGN_OR_RETURN(const std::optional<Template> t,
                   TemplateRepository::Find(tx, campaign.channel_id, campaign.template_name));
  const Translation* translation = t ? t->Find(row.language) : nullptr;
  return translation == nullptr ? row.category : translation->category;
}

absl::Status SkipQueued(sql::Transaction& tx, const ContactRepository& contacts, const Contact& contact, bool all,
                        absl::Time now) {
  ASSIGN_OR_RETURN(std::vector<Uuid> ids, contacts.Aliases(tx, contact.id));
  ids.push_back(contact.id);
  CountDeltas deltas;
  for (const Uuid& id : ids) {
    ASSIGN_OR_RETURN(std::vector<Recipient> queued, CampaignRepository::QueuedOf(tx, id));
    for (Recipient& row : queued) {
      if (!all) {
        ASSIGN_OR_RETURN(const Category category, CategoryOf(tx, row));
        if (category != Category::kMarketing) continue;
      }
      RETURN_IF_ERROR(SkipRow(tx, row, "OPTED_OUT", deltas, now));
    }
  }
  return deltas.Flush(tx);
}

// Stores evidence and what all of it says now; returns all of it.
absl::StatusOr<std::vector<Consent>> Record(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact,
                                            const Consent& evidence, absl::Time now) {
  RETURN_IF_ERROR(contacts.InsertEvidence(tx, evidence));
  RETURN_IF_ERROR(contacts.WatchStanding(tx, contact.id, evidence.expires_at));
  ASSIGN_OR_RETURN(std::vector<Consent> all, contacts.Evidence(tx, contact.id));
  contact.marketing = Decide(all, Purpose::kMarketing, now);
  contact.transactional = Decide(all, Purpose::kTransactional, now);
  return all;
}

// The person's latest act decides, in whatever order acts become known.
bool Superseded(const std::vector<Consent>& all, const Consent& act) {
  return absl::c_any_of(all, [&](const Consent& c) {
    const bool later = c.at > act.at || (c.at == act.at && c.decision == Decision::kRevoked);
    return c.by_person && c.purpose == act.purpose && c.decision != act.decision && later;
  });
}

absl::Status LiftOwnStops(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact) {
  for (const int flag : {kSuppressedMarketing, kSuppressedInitiated}) RETURN_IF_ERROR(contacts.Lift(tx, contact, flag));
  contact.suppressed &= ~kSuppressedByPerson;
  return absl::OkStatus();
}

}  // namespace

absl::Status FollowStanding(sql::Transaction& tx, const ContactRepository& contacts, const Contact& before,
                            const Contact& after, const std::string& source, absl::Time now) {
  const bool changed = before.marketing != after.marketing || before.transactional != after.transactional ||
                       before.suppressed != after.suppressed;
  if (!changed) return absl::OkStatus();
  RETURN_IF_ERROR(contacts.SetPermissions(tx, after));
  const auto stopped = [](const Contact& c) {
    return c.marketing == Decision::kRevoked || (c.suppressed & kSuppressedByPerson) != 0;
  };
  const bool stopped_all = (after.suppressed & kSuppressedInitiated) && !(before.suppressed & kSuppressedInitiated);
  if (stopped_all || (stopped(after) && !stopped(before))) {
    RETURN_IF_ERROR(SkipQueued(tx, contacts, after, stopped_all, now));
    return AnnounceOptOut(tx, after, stopped_all ? "INITIATED" : "MARKETING", source, now);
  }
  if (after.marketing_allowed() && !before.marketing_allowed()) return AnnounceOptIn(tx, after, source, now);
  return absl::OkStatus();
}

absl::Status ActOnConsent(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact,
                          const Consent& evidence, const std::string& source, absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<Consent> known, contacts.Evidence(tx, contact.id));
  const bool grants_marketing = evidence.decision == Decision::kGranted && evidence.purpose == Purpose::kMarketing;
  const bool suppressed = grants_marketing && !evidence.by_person && (contact.suppressed & kSuppressedByPerson) != 0;
  if (BlockedByPerson(known, evidence) || suppressed) {
    return Error(absl::StatusCode::kFailedPrecondition, "OPT_OUT_BY_PERSON",
                 "The person opted out by an act of their own; only the person can opt in again.",
                 {{"contact_id", contact.id.ToString()}});
  }
  const Contact before = contact;
  ASSIGN_OR_RETURN(const std::vector<Consent> all, Record(tx, contacts, contact, evidence, now));
  if (grants_marketing && evidence.by_person && !Superseded(all, evidence))
    RETURN_IF_ERROR(LiftOwnStops(tx, contacts, contact));
  return FollowStanding(tx, contacts, before, contact, source, now);
}

absl::Status ActOnCompliance(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact,
                             ComplianceAct act, const std::string& source, const std::string& reference, absl::Time at,
                             absl::Time now) {
  if (act == ComplianceAct::kNone) return absl::OkStatus();
  const Contact before = contact;
  const Consent evidence{.id = Uuid::New(now),
                         .contact_id = contact.id,
                         .purpose = Purpose::kMarketing,
                         .decision = act == ComplianceAct::kStart ? Decision::kGranted : Decision::kRevoked,
                         .at = at,
                         .source = source,
                         .reference = reference,
                         .actor = "contact",
                         .by_person = true};
  ASSIGN_OR_RETURN(const std::vector<Consent> all, Record(tx, contacts, contact, evidence, now));
  if (Superseded(all, evidence)) return FollowStanding(tx, contacts, before, contact, source, now);
  if (act == ComplianceAct::kStart) {
    RETURN_IF_ERROR(LiftOwnStops(tx, contacts, contact));
  } else {
    const int flag = act == ComplianceAct::kStopAll ? kSuppressedInitiated : kSuppressedMarketing;
    RETURN_IF_ERROR(contacts.Suppress(tx, contact, flag, std::nullopt, now));
    contact.suppressed |= flag;
  }
  return FollowStanding(tx, contacts, before, contact, source, now);
}

}  // namespace vinculo::messaging
