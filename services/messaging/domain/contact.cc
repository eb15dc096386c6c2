#include "services/messaging/domain/contact.h"

#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace vinculo::messaging {

absl::string_view IdentityKindName(IdentityKind kind) {
  switch (kind) {
    case IdentityKind::kPhone:
      return "PHONE";
    case IdentityKind::kWaId:
      return "WA_ID";
    case IdentityKind::kBsuid:
      return "BSUID";
  }
  return "";
}

bool IsBsuid(absl::string_view value) {
  if (value.size() < 4 || !absl::ascii_isupper(value[0]) || !absl::ascii_isupper(value[1]) || value[2] != '.')
    return false;
  value.remove_prefix(3);
  absl::ConsumePrefix(&value, "ENT.");
  return !value.empty() && value.size() <= 128 && absl::c_all_of(value, [](char c) { return absl::ascii_isalnum(c); });
}

Permissions Contact::permissions() const {
  return {.live = state == ContactState::kActive,
          .marketing = marketing,
          .transactional = transactional,
          .suppressed = suppressed,
          .has_phone = !phone.empty(),
          .country = country,
          .tester = tester};
}

bool Contact::marketing_allowed() const {
  static const Policy& anywhere = *new Policy{.barred_countries = {}};
  return SendBlock(permissions(), {.is_template = true, .category = Category::kMarketing}, anywhere, false).empty();
}

namespace {

bool Replace(std::string& field, const std::string& value) {
  if (value.empty() || field == value) return false;
  field = value;
  return true;
}

}  // namespace

bool ApplyPatch(const ContactPatch& patch, Contact& contact) {
  bool changed = Replace(contact.name, patch.name);
  changed |= Replace(contact.first_name, patch.first_name);
  changed |= Replace(contact.language, patch.language);
  changed |= Replace(contact.time_zone, patch.time_zone);
  changed |= Replace(contact.customer_id, patch.customer_id);
  for (const std::string& tag : patch.add_tags) {
    if (tag.empty() || absl::c_linear_search(contact.tags, tag) || contact.tags.size() >= kMaxTags) continue;
    contact.tags.push_back(tag);
    changed = true;
  }
  for (const auto& [key, value] : patch.attributes) {
    if (value.empty()) continue;
    if (!contact.attributes.contains(key) && contact.attributes.size() >= kMaxAttributes) continue;
    changed |= Replace(contact.attributes[key], value);
  }
  return changed;
}

bool Survives(const Contact& one, const Contact& other) {
  return one.created_at != other.created_at ? one.created_at < other.created_at : one.id < other.id;
}

void Unite(const Contact& loser, Contact& survivor) {
  const auto keep = [](const std::string& theirs, std::string& ours) {
    if (ours.empty()) ours = theirs;
  };
  keep(loser.name, survivor.name);
  keep(loser.first_name, survivor.first_name);
  keep(loser.language, survivor.language);
  keep(loser.time_zone, survivor.time_zone);
  keep(loser.customer_id, survivor.customer_id);
  // The country is the phone's, once there is one.
  if (survivor.phone.empty() && !loser.phone.empty()) survivor.country = loser.country;
  keep(loser.country, survivor.country);
  keep(loser.phone, survivor.phone);
  keep(loser.bsuid, survivor.bsuid);
  for (const std::string& tag : loser.tags) {
    if (!absl::c_linear_search(survivor.tags, tag) && survivor.tags.size() < kMaxTags) survivor.tags.push_back(tag);
  }
  for (const auto& [key, value] : loser.attributes) {
    if (survivor.attributes.size() < kMaxAttributes) survivor.attributes.emplace(key, value);
  }
  survivor.suppressed |= loser.suppressed;
  survivor.tester = survivor.tester || loser.tester;
  if (loser.last_inbound_at && (!survivor.last_inbound_at || *survivor.last_inbound_at < *loser.last_inbound_at))
    survivor.last_inbound_at = loser.last_inbound_at;
  std::vector<absl::Time>& recent = survivor.recent_marketing;
  recent.insert(recent.end(), loser.recent_marketing.begin(), loser.recent_marketing.end());
  absl::c_sort(recent);
  if (recent.size() > kMaxRecentMarketing) recent.erase(recent.begin(), recent.end() - kMaxRecentMarketing);
}

int MarketingWithin(const Contact& contact, absl::Duration window, absl::Time now) {
  const auto& all = contact.recent_marketing;
  return static_cast<int>(std::count_if(all.begin(), all.end(), [&](absl::Time t) { return t > now - window; }));
}

void NoteMarketing(Contact& contact, absl::Duration window, absl::Time now) {
  std::vector<absl::Time>& all = contact.recent_marketing;
  std::erase_if(all, [&](absl::Time t) { return t <= now - window; });
  all.push_back(absl::FromUnixSeconds(absl::ToUnixSeconds(now)));
  if (all.size() > kMaxRecentMarketing) all.erase(all.begin());
}

void ForgetMarketing(Contact& contact, absl::Time begun) {
  std::vector<absl::Time>& all = contact.recent_marketing;
  const auto last = std::find_if(all.rbegin(), all.rend(), [&](absl::Time t) { return t <= begun; });
  if (last != all.rend()) all.erase(std::next(last).base());
}

std::string MaskIdentity(absl::string_view value) {
  if (value.size() <= 7) return std::string(value.size(), '*');
  return absl::StrCat(value.substr(0, 3), std::string(value.size() - 7, '*'), value.substr(value.size() - 4));
}

}  // namespace vinculo::messaging
