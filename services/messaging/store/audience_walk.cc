#include "services/messaging/store/audience_walk.h"

#include "common/status/status_macros.h"

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

}  // namespace

absl::StatusOr<AudiencePage> WalkAudience(
    sql::Transaction& tx, const ContactRepository& contacts, const AudienceFilter& filter, const Uuid& after, int limit,
    const std::function<absl::Status(const Contact&, const std::map<std::string, std::string>& variables)>& on_match) {
  const std::optional<Uuid> list = RequiredList(filter);
  const std::vector<Uuid> lists = ListsOf(filter);
  const bool list_only = filter.kind == AudienceFilter::Kind::kList;
  ASSIGN_OR_RETURN(std::vector<ContactRepository::Member> members, contacts.Page(tx, list, after, limit));
  AudiencePage page{
      .seen = static_cast<int64_t>(members.size()), .last = after, .done = static_cast<int>(members.size()) < limit};
  for (ContactRepository::Member& m : members) {
    page.last = m.contact.id;
    if (!list_only) {
      AudienceFacts facts{.tags = m.contact.tags,
                          .attributes = m.contact.attributes,
                          .language = m.contact.language,
                          .country = m.contact.country};
      if (!lists.empty()) {
        ASSIGN_OR_RETURN(const std::vector<Uuid> of, contacts.ListsOfContact(tx, m.contact.id));
        facts.lists.insert(of.begin(), of.end());
      }
      if (!Matches(filter, facts)) continue;
    }
    if (!list && !lists.empty()) {
      for (const Uuid& l : lists) {
        ASSIGN_OR_RETURN(auto variables, contacts.MemberVariables(tx, l, m.contact.id));
        m.variables.insert(variables.begin(), variables.end());
      }
    }
    RETURN_IF_ERROR(on_match(m.contact, m.variables));
  }
  return page;
}

}  // namespace vinculo::messaging
