#include "services/messaging/domain/contact.h"

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
          .country = country};
}

bool Contact::marketing_allowed() const {
  return SendBlock(permissions(), {.is_template = true, .category = Category::kMarketing}, false).empty();
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

std::string MaskIdentity(absl::string_view value) {
  if (value.size() <= 7) return std::string(value.size(), '*');
  return absl::StrCat(value.substr(0, 3), std::string(value.size() - 7, '*'), value.substr(value.size() - 4));
}

}  // namespace vinculo::messaging
