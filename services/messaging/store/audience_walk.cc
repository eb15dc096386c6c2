#include "services/messaging/store/audience_walk.h"

#include "absl/strings/match.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/segment_repository.h"

namespace vinculo::messaging {
namespace {

// The list whose members alone can match.
std::optional<Uuid> RequiredList(const AudienceFilter& filter) {
  if (filter.kind == AudienceFilter::Kind::kList) return filter.list_id;
  if (filter.kind == AudienceFilter::Kind::kAll) {
    for (const AudienceFilter& child : filter.children) {
      if (const std::optional<Uuid> list = RequiredList(child)) return list;
    }
  }
  return std::nullopt;
}

OutcomeFacts OutcomeOf(const Recipient& row) {
  const bool later = row.state == RecipientState::kFailed && absl::StartsWith(row.reason, kFailedLater);
  OutcomeFacts o;
  o.read = row.state == RecipientState::kRead;
  o.delivered = o.read || row.state == RecipientState::kDelivered;
  o.failed = row.state == RecipientState::kFailed;
  o.replied = row.replied != 0;
  o.sent = o.delivered || later || row.state == RecipientState::kAccepted || row.state == RecipientState::kHeld ||
           row.state == RecipientState::kSent || row.state == RecipientState::kExpired;
  return o;
}

// What one filter asks of each contact.
struct Asked {
  AudienceFilter filter;  // without segments
  std::vector<Uuid> lists;
  std::vector<Uuid> campaigns;
  absl::Time now;
};

absl::StatusOr<AudienceFilter> WithoutSegments(sql::Transaction& tx, const AudienceFilter& filter) {
  const std::vector<std::string> named = SegmentsOf(filter);
  if (named.empty()) return filter;
  std::map<std::string, AudienceFilter> segments;
  for (const std::string& id : named) {
    ASSIGN_OR_RETURN(std::optional<Segment> found, SegmentRepository::Find(tx, id));
    if (found) segments[id] = std::move(found->filter);
  }
  return ExpandSegments(filter, segments);
}

absl::StatusOr<Asked> Prepare(sql::Transaction& tx, const AudienceFilter& filter, absl::Time now) {
  Asked asked{.now = now};
  ASSIGN_OR_RETURN(asked.filter, WithoutSegments(tx, filter));
  asked.lists = ListsOf(asked.filter);
  asked.campaigns = CampaignsOf(asked.filter);
  return asked;
}

// Of a name on several lists the first list's value.
absl::Status AddVariables(sql::Transaction& tx, const ContactRepository& contacts, const std::vector<Uuid>& lists,
                          const Uuid& contact, std::map<std::string, std::string>& out) {
  for (const Uuid& list : lists) {
    ASSIGN_OR_RETURN(auto variables, contacts.MemberVariables(tx, list, contact));
    out.insert(variables.begin(), variables.end());
  }
  return absl::OkStatus();
}

absl::StatusOr<AudienceFacts> FactsOf(sql::Transaction& tx, const ContactRepository& contacts, const Asked& asked,
                                      const Contact& contact) {
  AudienceFacts facts{.tags = contact.tags,
                      .attributes = contact.attributes,
                      .language = contact.language,
                      .country = contact.country,
                      .marketing = contact.marketing,
                      .transactional = contact.transactional,
                      .last_inbound_at = contact.last_inbound_at,
                      .now = asked.now};
  if (!asked.lists.empty()) {
    ASSIGN_OR_RETURN(const std::vector<Uuid> of, contacts.ListsOfContact(tx, contact.id));
    facts.lists.insert(of.begin(), of.end());
  }
  for (const Uuid& campaign : asked.campaigns) {
    ASSIGN_OR_RETURN(const std::optional<Recipient> row, CampaignRepository::FindRecipient(tx, campaign, contact.id));
    if (row) facts.outcomes[campaign] = OutcomeOf(*row);
  }
  return facts;
}

}  // namespace

absl::Status CheckAudience(sql::Transaction& tx, const AudienceFilter& filter) {
  for (const Uuid& list : ListsOf(filter)) RETURN_IF_ERROR(ListRepository::Get(tx, list).status());
  for (const Uuid& campaign : CampaignsOf(filter)) RETURN_IF_ERROR(CampaignRepository::Get(tx, campaign).status());
  for (const std::string& segment : SegmentsOf(filter)) RETURN_IF_ERROR(SegmentRepository::Get(tx, segment).status());
  return absl::OkStatus();
}

absl::StatusOr<AudiencePage> WalkAudience(
    sql::Transaction& tx, const ContactRepository& contacts, const AudienceFilter& filter, const Uuid& after, int limit,
    absl::Time now,
    const std::function<absl::Status(const Contact&, const std::map<std::string, std::string>& variables)>& on_match) {
  ASSIGN_OR_RETURN(const Asked asked, Prepare(tx, filter, now));
  const std::optional<Uuid> list = RequiredList(asked.filter);
  const bool list_only = asked.filter.kind == AudienceFilter::Kind::kList;
  ASSIGN_OR_RETURN(std::vector<ContactRepository::Member> members, contacts.Page(tx, list, after, limit));
  AudiencePage page{
      .seen = static_cast<int64_t>(members.size()), .last = after, .done = static_cast<int>(members.size()) < limit};
  for (ContactRepository::Member& m : members) {
    page.last = m.contact.id;
    if (!list_only) {
      ASSIGN_OR_RETURN(const AudienceFacts facts, FactsOf(tx, contacts, asked, m.contact));
      if (!Matches(asked.filter, facts)) continue;
    }
    if (!list) RETURN_IF_ERROR(AddVariables(tx, contacts, asked.lists, m.contact.id, m.variables));
    RETURN_IF_ERROR(on_match(m.contact, m.variables));
  }
  return page;
}

absl::StatusOr<std::map<std::string, std::string>> AudienceVariables(sql::Transaction& tx,
                                                                     const ContactRepository& contacts,
                                                                     const AudienceFilter& filter,
                                                                     const Uuid& contact) {
  ASSIGN_OR_RETURN(const AudienceFilter whole, WithoutSegments(tx, filter));
  const std::optional<Uuid> list = RequiredList(whole);
  std::map<std::string, std::string> out;
  RETURN_IF_ERROR(AddVariables(tx, contacts, list ? std::vector<Uuid>{*list} : ListsOf(whole), contact, out));
  return out;
}

}  // namespace vinculo::messaging
