#include "services/messaging/api/contact_service.h"

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/calendar/zone.h"
#include "common/status/status_macros.h"
#include "common/text/phone.h"
#include "common/text/validate.h"
#include "services/messaging/api/contact_parse.h"
#include "services/messaging/api/import_stream.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/render.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/store/import_repository.h"

namespace vinculo::messaging {
namespace {

ContactPatch ParsePatch(const v1::UpsertContactRequest& request, FieldViolations& bad) {
  ContactPatch patch;
  patch.name = text::ParseText("name", request.name(), {.max = 200, .single_line = true}, bad);
  patch.first_name = text::ParseText("first_name", request.first_name(), {.max = 200, .single_line = true}, bad);
  patch.language = text::ParseLanguage("language", request.language(), bad);
  if (!request.time_zone().empty()) (void)calendar::ParseZone("time_zone", request.time_zone(), bad);
  patch.time_zone = request.time_zone();
  patch.customer_id = text::ParseText("customer_id", request.customer_id(), {.max = 128, .single_line = true}, bad);
  text::CheckCount("add_tags", request.add_tags_size(), kMaxTags, bad);
  for (int i = 0; i < request.add_tags_size() && i < kMaxTags; ++i) {
    patch.add_tags.push_back(text::ParseText(text::Indexed("add_tags", i), request.add_tags(i),
                                             {.min = 1, .max = 64, .single_line = true}, bad));
  }
  text::CheckCount("attributes", request.attributes_size(), kMaxAttributes, bad);
  for (const auto& [key, value] : request.attributes()) {
    const std::string field = absl::StrCat("attributes[", key, "]");
    patch.attributes[text::ParseSlug(field, key, bad)] = text::ParseText(field, value, {.max = 1024}, bad);
  }
  return patch;
}

absl::StatusOr<Contact> Upsert(sql::Transaction& tx, const ContactRepository& contacts, const std::optional<Uuid>& id,
                               const PersonRef& who, const ContactPatch& patch, absl::Time now) {
  Contact contact;
  if (id) {
    ASSIGN_OR_RETURN(contact, LiveContact(tx, contacts, *id));
    ASSIGN_OR_RETURN(const std::optional<Contact> other, contacts.Find(tx, who));
    if (other && other->id != contact.id)
      return Error(absl::StatusCode::kAlreadyExists, "IDENTITY_TAKEN", "Another contact has this identity.");
  } else {
    ASSIGN_OR_RETURN(const std::optional<Contact> by_phone, contacts.Find(tx, {.phone = who.phone}));
    ASSIGN_OR_RETURN(const std::optional<Contact> by_bsuid, contacts.Find(tx, {.bsuid = who.bsuid}));
    if (by_phone && by_bsuid && by_phone->id != by_bsuid->id) {
      return Error(absl::StatusCode::kAlreadyExists, "IDENTITY_TAKEN", "Phone and bsuid belong to two contacts.");
    }
    ASSIGN_OR_RETURN(contact, contacts.GetOrCreate(tx, who, now));
  }
  RETURN_IF_ERROR(contacts.LoadIdentities(tx, contact));
  RETURN_IF_ERROR(CheckBounds(who, patch, contact));
  ASSIGN_OR_RETURN(const bool added, contacts.AddIdentities(tx, who, contact, now));
  if (ApplyPatch(patch, contact) || added) RETURN_IF_ERROR(contacts.Update(tx, contact, now));
  return WithIdentities(tx, contacts, contact);
}

}  // namespace

ContactService::ContactService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
ContactService::~ContactService() = default;

rpc::ReadStream<v1::ImportContactsRequest, v1::ImportContactsResponse>* ContactService::ImportContacts(
    rpc::StreamContext stream) {
  return new ImportStream(std::move(stream), context_);
}

void ContactService::UpsertContact(rpc::Call<v1::UpsertContactRequest, v1::Contact> call) {
  const v1::UpsertContactRequest& request = call.request();
  FieldViolations bad;
  const std::optional<Uuid> id = text::ParseOptionalUuid("contact_id", request.contact_id(), bad);
  const PersonRef who = ParsePerson(request.phone(), request.bsuid(), bad);
  if (!id && request.phone().empty() && request.bsuid().empty())
    bad.Add("phone", "a phone, a bsuid or a contact_id is required");
  ContactPatch patch = ParsePatch(request, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, who, patch = std::move(patch), contacts = &context_.contacts, now = call.now()](sql::Transaction& tx) {
        return Upsert(tx, *contacts, id, who, patch, now);
      },
      call.Reply([personal = MaySeePersonal(call.principal())](const Contact& c, v1::Contact* out) {
        RenderContact(c, personal, out);
      }));
}

void ContactService::GetContact(rpc::Call<v1::GetContactRequest, v1::Contact> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("contact_id", call.request().contact_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const bool personal = MaySeePersonal(call.principal());
  call.Answer(context_.db.ReadInline(call.scope(),
                                     [&](sql::Transaction& tx) {
                                       return WithIdentities(tx, context_.contacts, context_.contacts.Get(tx, id));
                                     }),
              [personal](const Contact& c, v1::Contact* out) { RenderContact(c, personal, out); });
}

void ContactService::LookupContact(rpc::Call<v1::LookupContactRequest, v1::Contact> call) {
  const v1::LookupContactRequest& request = call.request();
  FieldViolations bad;
  PersonRef who = ParsePerson(request.phone(), request.bsuid(), bad);
  if (request.by_case() == v1::LookupContactRequest::kWaId)
    who.wa_id = text::ParseText("wa_id", request.wa_id(), {.min = 1, .max = 32}, bad);
  if (request.by_case() == v1::LookupContactRequest::BY_NOT_SET)
    bad.Add("by", "exactly one of phone, bsuid, customer_id and wa_id is required");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto read = [&](sql::Transaction& tx) -> absl::StatusOr<Contact> {
    absl::StatusOr<std::optional<Contact>> found = request.customer_id().empty()
                                                       ? context_.contacts.Find(tx, who)
                                                       : context_.contacts.FindByCustomer(tx, request.customer_id());
    RETURN_IF_ERROR(found.status());
    if (!*found) return NotFound("contact", "with this identity");
    return WithIdentities(tx, context_.contacts, **std::move(found));
  };
  call.Answer(context_.db.ReadInline(call.scope(), read),
              [personal = MaySeePersonal(call.principal())](const Contact& c, v1::Contact* out) {
                RenderContact(c, personal, out);
              });
}

void ContactService::ListContacts(rpc::Call<v1::ListContactsRequest, v1::ListContactsResponse> call) {
  FieldViolations bad;
  const std::optional<Uuid> list = text::ParseOptionalUuid("list_id", call.request().list_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const absl::StatusOr<IdPage> page =
      ParseIdPage(call.principal(), "messaging.ContactService.ListContacts", call.request());
  if (!page.ok()) return call.Fail(page.status());
  context_.db.ReadOnPool(
      call.scope(),
      [list, page = *page,
       contacts = &context_.contacts](sql::Transaction& tx) -> absl::StatusOr<std::vector<Contact>> {
        if (list) RETURN_IF_ERROR(ListRepository::Get(tx, *list).status());
        ASSIGN_OR_RETURN(std::vector<ContactRepository::Member> rows,
                         contacts->Page(tx, list, page.after, page.size + 1));
        std::vector<Contact> out;
        for (ContactRepository::Member& m : rows) {
          RETURN_IF_ERROR(contacts->LoadIdentities(tx, m.contact));
          out.push_back(std::move(m.contact));
        }
        return out;
      },
      call.Reply([page = *page, personal = MaySeePersonal(call.principal())](std::vector<Contact> rows,
                                                                             v1::ListContactsResponse* out) {
        out->set_next_page_token(page.Cut(rows, [](const Contact& c) { return c.id; }));
        for (const Contact& c : rows) RenderContact(c, personal, out->add_contacts());
      }));
}

void ContactService::GetImport(rpc::Call<v1::GetImportRequest, v1::Import> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("import_id", call.request().import_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(context_.db.ReadInline(call.scope(), [&](sql::Transaction& tx) { return ImportRepository::Get(tx, id); }),
              RenderImport);
}

void ContactService::ListImportRows(rpc::Call<v1::ListImportRowsRequest, v1::ListImportRowsResponse> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("import_id", call.request().import_id(), bad);
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string tenant = call.principal().tenant, filter = id.ToString();
  const api::PageScope scope{tenant, "messaging.ContactService.ListImportRows", filter, "line"};
  const absl::StatusOr<std::optional<api::PageKey>> key = api::ParsePageToken(scope, call.request().page_token(), "ii");
  if (!key.ok()) return call.Fail(key.status());
  std::pair<int64_t, int64_t> after{0, -1};
  if (*key) after = {std::get<int64_t>((**key)[0]), std::get<int64_t>((**key)[1])};
  context_.db.ReadOnPool(
      call.scope(),
      [id, after, size](sql::Transaction& tx) -> absl::StatusOr<std::vector<ImportRowReport>> {
        RETURN_IF_ERROR(ImportRepository::Get(tx, id).status());
        return ImportRepository::Rows(tx, id, after.first, static_cast<int>(after.second), size + 1);
      },
      call.Reply([size, tenant, filter](const std::vector<ImportRowReport>& rows, v1::ListImportRowsResponse* out) {
        for (int i = 0; i < size && i < static_cast<int>(rows.size()); ++i) RenderImportRow(rows[i], out->add_rows());
        if (static_cast<int>(rows.size()) <= size) return;
        const api::PageScope bound{tenant, "messaging.ContactService.ListImportRows", filter, "line"};
        out->set_next_page_token(
            api::EncodePageToken(bound, {rows[size - 1].line, static_cast<int64_t>(rows[size - 1].item)}));
      }));
}

void ContactService::RecordConsent(rpc::Call<v1::RecordConsentRequest, v1::Consent> call) {
  const v1::RecordConsentRequest& request = call.request();
  FieldViolations bad;
  Consent c{.id = Uuid::New(call.now()), .contact_id = text::ParseUuid("contact_id", request.contact_id(), bad)};
  if (!v1::ConsentPurpose_IsValid(request.purpose()) || request.purpose() == 0) bad.Add("purpose", "is required");
  if (!v1::ConsentDecision_IsValid(request.decision()) || request.decision() == 0) bad.Add("decision", "is required");
  c.purpose = static_cast<Purpose>(request.purpose());
  c.decision = static_cast<Decision>(request.decision());
  c.at = api::ParseOptionalTimestamp("at", request.has_at() ? &request.at() : nullptr, bad).value_or(call.now());
  if (c.at > call.now()) bad.Add("at", "must not lie in the future");
  const int required = c.decision == Decision::kGranted ? 1 : 0;
  c.source = text::ParseText("source", request.source(), {.min = required, .max = 200}, bad);
  c.text_version = text::ParseText("text_version", request.text_version(), {.min = required, .max = 200}, bad);
  c.reference = text::ParseText("reference", request.reference(), {.max = 256}, bad);
  c.actor = call.principal().subject;
  c.expires_at =
      api::ParseOptionalTimestamp("expire_time", request.has_expire_time() ? &request.expire_time() : nullptr, bad);
  if (c.expires_at && (*c.expires_at <= call.now() || c.decision != Decision::kGranted))
    bad.Add("expire_time", "is for a grant and must lie ahead");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [c, contacts = &context_.contacts, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Consent> {
        ASSIGN_OR_RETURN(Contact contact, LiveContact(tx, *contacts, c.contact_id));
        Consent stored = c;
        stored.contact_id = contact.id;
        RETURN_IF_ERROR(ActOnConsent(tx, *contacts, contact, stored, "API", now));
        return stored;
      },
      call.Reply(RenderConsent));
}

void ContactService::ListConsents(rpc::Call<v1::ListConsentsRequest, v1::ListConsentsResponse> call) {
  FieldViolations bad;
  const Uuid contact = text::ParseUuid("contact_id", call.request().contact_id(), bad);
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string tenant = call.principal().tenant, filter = contact.ToString();
  const api::PageScope scope{tenant, "messaging.ContactService.ListConsents", filter, "at,id"};
  const absl::StatusOr<std::optional<api::PageKey>> key = api::ParsePageToken(scope, call.request().page_token(), "tu");
  if (!key.ok()) return call.Fail(key.status());
  std::pair<absl::Time, Uuid> before{call.now() + absl::Hours(24 * 366), Uuid()};
  if (*key) before = {std::get<absl::Time>((**key)[0]), std::get<Uuid>((**key)[1])};
  context_.db.ReadOnPool(
      call.scope(),
      [contact, before, size,
       contacts = &context_.contacts](sql::Transaction& tx) -> absl::StatusOr<std::vector<Consent>> {
        RETURN_IF_ERROR(contacts->Get(tx, contact).status());
        return contacts->EvidencePage(tx, contact, before.first, before.second, size + 1);
      },
      call.Reply([size, tenant, filter](const std::vector<Consent>& rows, v1::ListConsentsResponse* out) {
        for (int i = 0; i < size && i < static_cast<int>(rows.size()); ++i) RenderConsent(rows[i], out->add_consents());
        if (static_cast<int>(rows.size()) <= size) return;
        const api::PageScope bound{tenant, "messaging.ContactService.ListConsents", filter, "at,id"};
        out->set_next_page_token(api::EncodePageToken(bound, {rows[size - 1].at, rows[size - 1].id}));
      }));
}

}  // namespace vinculo::messaging
