// ContactService: changing, merging and forgetting contacts, and keeping messages from them.
#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/api/field_mask.h"
#include "common/api/time.h"
#include "common/calendar/zone.h"
#include "common/status/status_macros.h"
#include "common/text/phone.h"
#include "common/text/validate.h"
#include "services/messaging/api/contact_parse.h"
#include "services/messaging/api/contact_service.h"
#include "services/messaging/api/render.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/contact_merge.h"
#include "services/messaging/erasure.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

constexpr char kField[] = "contact.";

std::string Line(const char* name, const std::string& value, int max, FieldViolations& bad) {
  return text::ParseText(absl::StrCat(kField, name), value, {.max = max, .single_line = true}, bad);
}

// What a contact is to be, from the whole of it.
void ParseData(const v1::Contact& in, Contact& c, FieldViolations& bad) {
  c.name = Line("name", in.name(), 200, bad);
  c.first_name = Line("first_name", in.first_name(), 200, bad);
  c.language = text::ParseLanguage("contact.language", in.language(), bad);
  if (!in.time_zone().empty()) (void)calendar::ParseZone("contact.time_zone", in.time_zone(), bad);
  c.time_zone = in.time_zone();
  c.customer_id = Line("customer_id", in.customer_id(), 128, bad);
  c.tester = in.tester();
  text::CheckCount("contact.tags", in.tags_size(), kMaxTags, bad);
  c.tags.clear();
  for (int i = 0; i < in.tags_size() && i < kMaxTags; ++i) {
    std::string tag =
        text::ParseText(text::Indexed("contact.tags", i), in.tags(i), {.min = 1, .max = 64, .single_line = true}, bad);
    if (!absl::c_linear_search(c.tags, tag)) c.tags.push_back(std::move(tag));
  }
  text::CheckCount("contact.attributes", in.attributes_size(), kMaxAttributes, bad);
  c.attributes.clear();
  for (const auto& [key, value] : in.attributes()) {
    const std::string field = absl::StrCat("contact.attributes[", key, "]");
    c.attributes[text::ParseSlug(field, key, bad)] = text::ParseText(field, value, {.max = 1024}, bad);
  }
}

struct Named {
  std::vector<Identity> identities;
  std::string country;  // of the first phone
};

Named ParseIdentities(const v1::Contact& in, const Contact& before, FieldViolations& bad) {
  Named out;
  text::CheckCount("contact.identities", in.identities_size(), kMaxIdentities, bad);
  for (int i = 0; i < in.identities_size() && i < kMaxIdentities; ++i) {
    const v1::ContactIdentity& id = in.identities(i);
    const std::string field = text::Indexed("contact.identities", i);
    if (id.kind() == "PHONE") {
      const absl::StatusOr<text::Phone> phone = text::ParsePhone(id.value(), "");
      if (!phone.ok()) {
        bad.Add(field, "is not a phone number with + and country code");
        continue;
      }
      out.identities.push_back({IdentityKind::kPhone, phone->e164});
      if (out.country.empty()) out.country = phone->region;
    } else if (id.kind() == "BSUID") {
      if (!IsBsuid(id.value())) bad.Add(field, "is not a business-scoped user id");
      out.identities.push_back({IdentityKind::kBsuid, id.value()});
    } else if (!absl::c_linear_search(before.identities, Identity{IdentityKind::kWaId, id.value()})) {
      bad.Add(field, "is not PHONE or BSUID; a WA_ID only WhatsApp tells");
    }
  }
  return out;
}

// Under a phone that WhatsApp has answered with the person stays known when it is edited away.
absl::Status KeepWaId(sql::Transaction& tx, const ContactRepository& contacts, const std::string& wa_id,
                      Contact& contact, absl::Time now) {
  ASSIGN_OR_RETURN(const bool proven, MessageRepository::AnsweredWith(tx, contact.id, wa_id));
  if (!proven) return absl::OkStatus();
  return contacts.AddIdentities(tx, {.phone = "", .wa_id = wa_id}, contact, now).status();
}

// The contact has these phones and BSUIDs from now on, beside what WhatsApp told.
absl::Status ReplaceIdentities(sql::Transaction& tx, const ContactRepository& contacts, const Named& named,
                               Contact& contact, absl::Time now) {
  const std::vector<Identity> before = contact.identities;
  for (const Identity& id : before) {
    if (id.kind == IdentityKind::kWaId || absl::c_linear_search(named.identities, id)) continue;
    RETURN_IF_ERROR(contacts.RemoveIdentity(tx, contact, id));
    std::erase(contact.identities, id);
    if (id.kind == IdentityKind::kPhone) RETURN_IF_ERROR(KeepWaId(tx, contacts, id.value.substr(1), contact, now));
    if (contact.phone == id.value) contact.phone.clear();
    if (contact.bsuid == id.value) contact.bsuid.clear();
  }
  for (const Identity& id : named.identities) {
    if (absl::c_linear_search(contact.identities, id)) continue;
    const bool phone = id.kind == IdentityKind::kPhone;
    const PersonRef who{.phone = phone ? id.value : "", .wa_id = "", .bsuid = phone ? "" : id.value};
    ASSIGN_OR_RETURN(const std::optional<Contact> owner, contacts.Find(tx, who));
    if (owner && owner->id != contact.id)
      return Error(absl::StatusCode::kAlreadyExists, "IDENTITY_TAKEN", "Another contact has this identity.");
    RETURN_IF_ERROR(contacts.AddIdentities(tx, who, contact, now).status());
  }
  for (const Identity& id : contact.identities) {
    if (contact.phone.empty() && id.kind == IdentityKind::kWaId) contact.phone = PhoneOfWaId(id.value);
    if (contact.phone.empty() && id.kind == IdentityKind::kPhone) contact.phone = id.value;
    if (contact.bsuid.empty() && id.kind == IdentityKind::kBsuid) contact.bsuid = id.value;
  }
  if (!named.country.empty()) contact.country = named.country;
  // What stood under the old ones holds for the new ones too, each for as long as any of them says.
  std::vector<Identity> all = before;
  all.insert(all.end(), contact.identities.begin(), contact.identities.end());
  ASSIGN_OR_RETURN(const std::vector<Suppression> kept, contacts.Suppressions(tx, all, now));
  for (const Suppression& s : kept) RETURN_IF_ERROR(contacts.Suppress(tx, contact, s.flag, s.until, s.created_at));
  return absl::OkStatus();
}

absl::StatusOr<Contact> Change(sql::Transaction& tx, const ContactRepository& contacts,
                               const v1::UpdateContactRequest& request, const Uuid& id, std::optional<int64_t> etag,
                               absl::Time now) {
  ASSIGN_OR_RETURN(Contact contact, LiveContact(tx, contacts, id));
  RETURN_IF_ERROR(api::CheckRevision("contact", id.ToString(), etag, contact.revision));
  v1::Contact target;
  RenderContact(contact, /*personal=*/true, &target);
  RETURN_IF_ERROR(api::ApplyFieldMask(request.update_mask(), request.contact(), &target));
  FieldViolations bad;
  ParseData(target, contact, bad);
  const Named named = ParseIdentities(target, contact, bad);
  const bool has_wa_id =
      absl::c_any_of(contact.identities, [](const Identity& i) { return i.kind == IdentityKind::kWaId; });
  if (named.identities.empty() && !has_wa_id) bad.Add("contact.identities", "a phone or a BSUID is required");
  RETURN_IF_ERROR(bad.ToStatus());
  RETURN_IF_ERROR(ReplaceIdentities(tx, contacts, named, contact, now));
  RETURN_IF_ERROR(contacts.Update(tx, contact, now));
  return contact;
}

absl::StatusOr<Contact> Merge(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& one,
                              const Uuid& other, absl::Time now) {
  ASSIGN_OR_RETURN(Contact a, LiveContact(tx, contacts, one));
  ASSIGN_OR_RETURN(const Contact b, LiveContact(tx, contacts, other));
  if (a.id == b.id) return a;
  FieldViolations bad;
  text::CheckCount("other_contact_id", a.identities.size() + b.identities.size(), kMaxIdentities, bad);
  RETURN_IF_ERROR(bad.ToStatus());
  return MergeContacts(tx, contacts, a, b, now);
}

// What the operator may set or lift.
int OperatorFlag(v1::Suppression::Scope scope, FieldViolations& bad) {
  switch (scope) {
    case v1::Suppression::SCOPE_MARKETING:
      return kOperatorMarketing;
    case v1::Suppression::SCOPE_INITIATED:
      return kOperatorInitiated;
    case v1::Suppression::SCOPE_BLOCKED:
      return kSuppressedBlocked;
    default:
      bad.Add("scope", "is required");
      return 0;
  }
}

absl::StatusOr<Suppression> Suppress(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& id, int flag,
                                     std::optional<absl::Time> until, absl::Time now) {
  ASSIGN_OR_RETURN(Contact contact, LiveContact(tx, contacts, id));
  RETURN_IF_ERROR(contacts.Suppress(tx, contact, flag, until, now));
  contact.suppressed |= flag;
  RETURN_IF_ERROR(contacts.SetPermissions(tx, contact));
  return Suppression{"", flag, until, now};
}

absl::StatusOr<bool> Lift(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& id, int flag) {
  ASSIGN_OR_RETURN(Contact contact, LiveContact(tx, contacts, id));
  RETURN_IF_ERROR(contacts.Lift(tx, contact, flag));
  contact.suppressed &= ~flag;
  RETURN_IF_ERROR(contacts.SetPermissions(tx, contact));
  return true;
}

}  // namespace

void ContactService::UpdateContact(rpc::Call<v1::UpdateContactRequest, v1::Contact> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("contact.id", call.request().contact().id(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(call.request().contact().etag(), bad, "contact.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, etag, request = call.request(), contacts = &context_.contacts, now = call.now()](sql::Transaction& tx) {
        return Change(tx, *contacts, request, id, etag, now);
      },
      call.Reply([](const Contact& c, v1::Contact* out) { RenderContact(c, true, out); }));
}

void ContactService::MergeContacts(rpc::Call<v1::MergeContactsRequest, v1::Contact> call) {
  FieldViolations bad;
  const Uuid one = text::ParseUuid("contact_id", call.request().contact_id(), bad);
  const Uuid other = text::ParseUuid("other_contact_id", call.request().other_contact_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [one, other, contacts = &context_.contacts, now = call.now()](sql::Transaction& tx) {
        return Merge(tx, *contacts, one, other, now);
      },
      call.Reply([](const Contact& c, v1::Contact* out) { RenderContact(c, true, out); }));
}

void ContactService::EraseContact(rpc::Call<v1::EraseContactRequest, v1::Contact> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("contact_id", call.request().contact_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, contacts = &context_.contacts, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Contact> {
        RETURN_IF_ERROR(vinculo::messaging::EraseContact(tx, *contacts, id, now));
        return contacts->Get(tx, id);
      },
      call.Reply([](const Contact& c, v1::Contact* out) { RenderContact(c, true, out); }));
}

void ContactService::AddSuppression(rpc::Call<v1::AddSuppressionRequest, v1::Suppression> call) {
  const v1::AddSuppressionRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("contact_id", request.contact_id(), bad);
  const int flag = OperatorFlag(request.scope(), bad);
  const std::optional<absl::Time> until =
      api::ParseOptionalTimestamp("until", request.has_until() ? &request.until() : nullptr, bad);
  if (until && *until <= call.now()) bad.Add("until", "must lie ahead");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, flag, until, contacts = &context_.contacts, now = call.now()](sql::Transaction& tx) {
        return Suppress(tx, *contacts, id, flag, until, now);
      },
      call.Reply([id](const Suppression& s, v1::Suppression* out) { RenderSuppression(id, s, out); }));
}

void ContactService::RemoveSuppression(rpc::Call<v1::RemoveSuppressionRequest, v1::RemoveSuppressionResponse> call) {
  const v1::RemoveSuppressionRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("contact_id", request.contact_id(), bad);
  int flag = OperatorFlag(request.scope(), bad);
  if (request.reason() == v1::Suppression::REASON_UNREACHABLE) {
    flag = kSuppressedUnreachable;
  } else if (request.reason() == v1::Suppression::REASON_PERSON) {
    return call.Fail(Error(absl::StatusCode::kFailedPrecondition, "OPT_OUT_BY_PERSON",
                           "The person opted out by an act of their own; only the person can opt in again."));
  } else if (request.reason() != v1::Suppression::REASON_OPERATOR) {
    bad.Add("reason", "is required");
  }
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, flag, contacts = &context_.contacts](sql::Transaction& tx) { return Lift(tx, *contacts, id, flag); },
      call.Reply([](bool, v1::RemoveSuppressionResponse*) {}));
}

void ContactService::ListSuppressions(rpc::Call<v1::ListSuppressionsRequest, v1::ListSuppressionsResponse> call) {
  FieldViolations bad;
  const std::optional<Uuid> contact = text::ParseOptionalUuid("contact_id", call.request().contact_id(), bad);
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string tenant = call.principal().tenant, filter = call.request().contact_id();
  const api::PageScope scope{tenant, "messaging.ContactService.ListSuppressions", filter, "hash,scope"};
  const absl::StatusOr<std::optional<api::PageKey>> key = api::ParsePageToken(scope, call.request().page_token(), "si");
  if (!key.ok()) return call.Fail(key.status());
  std::pair<std::string, int> after{"", 0};
  if (*key) {
    after = {absl::HexStringToBytes(std::get<std::string>((**key)[0])),
             static_cast<int>(std::get<int64_t>((**key)[1]))};
  }
  context_.db.ReadOnPool(
      call.scope(),
      [contact, after, size, contacts = &context_.contacts,
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<std::vector<Suppression>> {
        if (!contact) return contacts->SuppressionPage(tx, after.first, after.second, size + 1);
        ASSIGN_OR_RETURN(const Contact found, WithIdentities(tx, *contacts, contacts->Get(tx, *contact)));
        return contacts->Suppressions(tx, found.identities, now);
      },
      call.Reply(
          [contact, size, tenant, filter](const std::vector<Suppression>& rows, v1::ListSuppressionsResponse* out) {
            const bool more = !contact && static_cast<int>(rows.size()) > size;
            for (size_t i = 0; i < rows.size() - (more ? 1 : 0); ++i)
              RenderSuppression(contact.value_or(Uuid()), rows[i], out->add_suppressions());
            if (!more) return;
            const Suppression& last = rows[size - 1];
            const api::PageScope bound{tenant, "messaging.ContactService.ListSuppressions", filter, "hash,scope"};
            out->set_next_page_token(
                api::EncodePageToken(bound, {absl::BytesToHexString(last.hash), static_cast<int64_t>(last.flag)}));
          }));
}

}  // namespace vinculo::messaging
