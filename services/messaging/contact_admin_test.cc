#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;
using Stub = v1::ContactService::Stub;

class ContactAdminTest : public Rig {
 protected:
  v1::Contact Upsert(const std::string& phone, const std::string& name = "") {
    v1::UpsertContactRequest request;
    request.set_request_id(NewId());
    request.set_phone(phone);
    request.set_name(name);
    v1::Contact contact;
    EXPECT_THAT(Call(*contact_stub_, &Stub::UpsertContact, request, &contact), IsOk());
    return contact;
  }
  absl::Status Update(const v1::Contact& patch, const std::vector<std::string>& paths, v1::Contact* out) {
    v1::UpdateContactRequest request;
    request.set_request_id(NewId());
    *request.mutable_contact() = patch;
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Call(*contact_stub_, &Stub::UpdateContact, request, out);
  }
  v1::EditMembersResponse Edit(const std::string& list, const std::vector<v1::EditMembersRequest>& items,
                               absl::Status* status) {
    const auto context = server_.Context();
    v1::EditMembersResponse response;
    const auto writer = contact_stub_->EditMembers(context.get(), &response);
    v1::EditMembersRequest first;
    first.set_list_id(list);
    bool open = writer->Write(first);
    for (const v1::EditMembersRequest& item : items) open = open && writer->Write(item);
    writer->WritesDone();
    *status = rpc::FromGrpcStatus(writer->Finish());
    return response;
  }
  static v1::EditMembersRequest Put(const std::string& contact, const std::string& due) {
    v1::EditMembersRequest item;
    item.mutable_put()->set_contact_id(contact);
    (*item.mutable_put()->mutable_variables())["due"] = due;
    return item;
  }
  int64_t Count(const v1::AudienceFilter& filter) {
    v1::CountAudienceRequest request;
    *request.mutable_filter() = filter;
    v1::CountAudienceResponse response;
    EXPECT_THAT(Call(*contact_stub_, &Stub::CountAudience, request, &response), IsOk());
    return response.matched();
  }
};

TEST_F(ContactAdminTest, AnUpdateTakesWhatIsNamedAndKeepsTheRest) {
  const v1::Contact ana = Upsert("+5491122334455", "Ana");
  v1::Contact patch, out;
  patch.set_id(ana.id());
  patch.set_etag(ana.etag());
  patch.set_tester(true);
  patch.add_tags("vip");
  v1::ContactIdentity* bsuid = patch.add_identities();
  bsuid->set_kind("BSUID");
  bsuid->set_value("AR.99");
  ASSERT_THAT(Update(patch, {"tester", "tags", "identities"}, &out), IsOk());
  EXPECT_EQ(out.name(), "Ana");
  EXPECT_TRUE(out.tester());
  ASSERT_EQ(out.identities_size(), 1) << "the phone was not named any more";
  EXPECT_EQ(out.identities(0).value(), "AR.99");
  EXPECT_THAT(Update(patch, {"tester"}, &out), StatusIs(Code::kAborted, "ETAG_MISMATCH"));
  Upsert("+5491166667777");
  patch.clear_etag();
  bsuid->set_kind("PHONE");
  bsuid->set_value("+5491166667777");
  EXPECT_THAT(Update(patch, {"identities"}, &out), StatusIs(Code::kAlreadyExists, "IDENTITY_TAKEN"));
  patch.clear_identities();
  patch.set_time_zone("UTC-3");
  patch.set_name(std::string(201, 'x'));
  EXPECT_THAT(Update(patch, {"identities", "time_zone", "name"}, &out),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(ContactAdminTest, UnderAPhoneThatWhatsAppKnowsAPersonStaysKnown) {
  Connect();
  ImportPeople(2);
  ApproveTemplate();
  StartSending();
  // The first was written to, the second wrote in, and a third was only typed.
  v1::SendMessageRequest send;
  send.set_request_id(NewId());
  send.mutable_recipient()->set_phone("+5491120000000");
  v1::TemplateContent& content = *send.mutable_content()->mutable_template_();
  content.set_name("promo");
  content.set_language("es_AR");
  (*content.mutable_values())["body.1"] = "Ana";
  v1::Message m;
  ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, send, &m), IsOk());
  v1::GetMessageRequest get;
  get.set_message_id(m.id());
  ASSERT_TRUE(Eventually([&] {
    return Call(*message_stub_, &v1::MessageService::Stub::GetMessage, get, &m).ok() &&
           m.state() >= v1::MESSAGE_STATE_ACCEPTED;
  }));
  Control("POST", "inbound", R"({"from":"5491120000001","phone_number_id":"100000000000001","text":"hola"})");
  ASSERT_TRUE(Eventually([&] { return Events("message.received").size() == 1; }));
  Upsert("+5491120000002");
  const auto edit = [&](const std::string& from, const std::string& to) {
    v1::Contact patch, out;
    patch.set_id(Lookup(from).id());
    v1::ContactIdentity* phone = patch.add_identities();
    phone->set_kind("PHONE");
    phone->set_value(to);
    EXPECT_THAT(Update(patch, {"identities"}, &out), IsOk());
    return out;
  };
  for (const auto& [from, to] : {std::pair("+5491120000000", "+5491160000000"), {"+5491120000001", "+5491160000001"}}) {
    const v1::Contact edited = edit(from, to);
    EXPECT_EQ(edited.identities_size(), 2) << edited.ShortDebugString();
    EXPECT_EQ(Lookup(from).id(), edited.id());
  }
  EXPECT_EQ(edit("+5491120000002", "+5491160000002").identities_size(), 1) << "what was typed leaves nothing";
}

TEST_F(ContactAdminTest, AnEditedPhoneKeepsWhatStoodAgainstTheOldOne) {
  const v1::Contact ana = Upsert("+5491122334455");
  const absl::Time tomorrow = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) + 86400);
  const auto suppress = [&](const std::string& id, v1::Suppression::Scope scope, std::optional<absl::Time> until) {
    v1::AddSuppressionRequest add;
    add.set_request_id(NewId());
    add.set_contact_id(id);
    add.set_scope(scope);
    if (until) add.mutable_until()->set_seconds(absl::ToUnixSeconds(*until));
    v1::Suppression added;
    EXPECT_THAT(Call(*contact_stub_, &Stub::AddSuppression, add, &added), IsOk());
  };
  suppress(ana.id(), v1::Suppression::SCOPE_BLOCKED, std::nullopt);
  suppress(ana.id(), v1::Suppression::SCOPE_MARKETING, tomorrow);
  const auto edit = [&](const char* kind, const std::string& value) {
    v1::Contact patch, out;
    patch.set_id(ana.id());
    v1::ContactIdentity* identity = patch.add_identities();
    identity->set_kind(kind);
    identity->set_value(value);
    ASSERT_THAT(Update(patch, {"identities"}, &out), IsOk());
    EXPECT_EQ(out.identities_size(), 1);
    v1::ListSuppressionsRequest list;
    list.set_contact_id(ana.id());
    v1::ListSuppressionsResponse listed;
    ASSERT_THAT(Call(*contact_stub_, &Stub::ListSuppressions, list, &listed), IsOk());
    ASSERT_EQ(listed.suppressions_size(), 2) << value << " " << listed.ShortDebugString();
    for (const v1::Suppression& s : listed.suppressions()) {
      if (s.scope() == v1::Suppression::SCOPE_MARKETING) {
        EXPECT_EQ(s.until().seconds(), absl::ToUnixSeconds(tomorrow)) << value;
      } else {
        EXPECT_EQ(s.scope(), v1::Suppression::SCOPE_BLOCKED);
        EXPECT_FALSE(s.has_until());
      }
    }
  };
  edit("PHONE", "+5491166667777");
  edit("BSUID", "AR.99");
}

TEST_F(ContactAdminTest, TwoContactsAreMadeOneByHand) {
  const v1::Contact ana = Upsert("+5491122334455", "Ana"), other = Upsert("+5491166667777");
  v1::MergeContactsRequest merge;
  merge.set_request_id(NewId());
  merge.set_contact_id(other.id());
  merge.set_other_contact_id(ana.id());
  v1::Contact merged;
  ASSERT_THAT(Call(*contact_stub_, &Stub::MergeContacts, merge, &merged), IsOk());
  EXPECT_EQ(merged.id(), ana.id()) << "the older survives";
  EXPECT_EQ(merged.identities_size(), 2);
  EXPECT_EQ(Lookup("+5491166667777").id(), ana.id());
  EXPECT_EQ(Events("contact.merged").size(), 1u);
  merge.set_request_id(NewId());
  ASSERT_THAT(Call(*contact_stub_, &Stub::MergeContacts, merge, &merged), IsOk());
  EXPECT_EQ(Events("contact.merged").size(), 1u);
}

TEST_F(ContactAdminTest, TheOperatorKeepsMessagesFromAContactAndLiftsOnlyThat) {
  const v1::Contact ana = Upsert("+5491122334455", "Ana");
  v1::AddSuppressionRequest add;
  add.set_request_id(NewId());
  add.set_contact_id(ana.id());
  add.set_scope(v1::Suppression::SCOPE_INITIATED);
  v1::Suppression added;
  ASSERT_THAT(Call(*contact_stub_, &Stub::AddSuppression, add, &added), IsOk());
  EXPECT_EQ(added.reason(), v1::Suppression::REASON_OPERATOR);
  v1::ListSuppressionsRequest list;
  list.set_contact_id(ana.id());
  v1::ListSuppressionsResponse listed;
  ASSERT_THAT(Call(*contact_stub_, &Stub::ListSuppressions, list, &listed), IsOk());
  ASSERT_EQ(listed.suppressions_size(), 1);
  list.clear_contact_id();
  ASSERT_THAT(Call(*contact_stub_, &Stub::ListSuppressions, list, &listed), IsOk());
  ASSERT_EQ(listed.suppressions_size(), 1);
  EXPECT_EQ(listed.suppressions(0).identity_hash().size(), 32u);
  v1::RemoveSuppressionRequest remove;
  remove.set_request_id(NewId());
  remove.set_contact_id(ana.id());
  remove.set_scope(v1::Suppression::SCOPE_INITIATED);
  remove.set_reason(v1::Suppression::REASON_PERSON);
  v1::RemoveSuppressionResponse removed;
  EXPECT_THAT(Call(*contact_stub_, &Stub::RemoveSuppression, remove, &removed),
              StatusIs(Code::kFailedPrecondition, "OPT_OUT_BY_PERSON"));
  remove.set_reason(v1::Suppression::REASON_OPERATOR);
  remove.set_request_id(NewId());
  ASSERT_THAT(Call(*contact_stub_, &Stub::RemoveSuppression, remove, &removed), IsOk());
  ASSERT_THAT(Call(*contact_stub_, &Stub::ListSuppressions, list, &listed), IsOk());
  EXPECT_EQ(listed.suppressions_size(), 0);
}

TEST_F(ContactAdminTest, MembersComeAndGoEachOnItsOwn) {
  const v1::Contact ana = Upsert("+5491122334455"), eva = Upsert("+5491166667777");
  v1::ContactList list = NewList("deudores");
  v1::EditMembersRequest remove;
  remove.set_remove_contact_id(eva.id());
  absl::Status status;
  const v1::EditMembersResponse report =
      Edit(list.id(),
           {Put(ana.id(), "7"), Put(NewId(), "8"), Put(eva.id(), "9"), Put(eva.id(), "9"), remove, Put("nobody", "1")},
           &status);
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(report.changed(), 3);
  EXPECT_EQ(report.unchanged(), 1);
  EXPECT_EQ(report.rejected(), 2);
  ASSERT_EQ(report.problems_size(), 2);
  v1::ListMembersRequest members;
  members.set_list_id(list.id());
  v1::ListMembersResponse page;
  ASSERT_THAT(Call(*contact_stub_, &Stub::ListMembers, members, &page), IsOk());
  ASSERT_EQ(page.members_size(), 1);
  EXPECT_EQ(page.members(0).variables().at("due"), "7");
  v1::UpdateListRequest rename;
  rename.set_request_id(NewId());
  rename.set_list_id(list.id());
  rename.set_display_name("morosos");
  rename.set_etag(list.etag());
  ASSERT_THAT(Call(*contact_stub_, &Stub::UpdateList, rename, &list), IsOk());
  EXPECT_EQ(list.members(), 1);
  v1::DeleteListRequest gone;
  gone.set_request_id(NewId());
  gone.set_list_id(list.id());
  v1::DeleteListResponse deleted;
  ASSERT_THAT(Call(*contact_stub_, &Stub::DeleteList, gone, &deleted), IsOk());
  EXPECT_THAT(Call(*contact_stub_, &Stub::ListMembers, members, &page), StatusIs(Code::kNotFound, "LIST_NOT_FOUND"));
  NewList("morosos");
}

TEST_F(ContactAdminTest, ASavedFilterCountsLikeTheFilterItself) {
  const v1::Contact ana = Upsert("+5491122334455");
  Upsert("+5491166667777");
  v1::Contact patch, out;
  patch.set_id(ana.id());
  patch.add_tags("vip");
  ASSERT_THAT(Update(patch, {"tags"}, &out), IsOk());
  v1::PutSegmentRequest put;
  put.set_request_id(NewId());
  put.mutable_segment()->set_id("vips");
  put.mutable_segment()->set_display_name("VIP");
  put.mutable_segment()->mutable_filter()->set_tag("vip");
  v1::Segment segment;
  ASSERT_THAT(Call(*contact_stub_, &Stub::PutSegment, put, &segment), IsOk());
  v1::AudienceFilter filter;
  filter.set_segment_id("vips");
  EXPECT_EQ(Count(filter), 1);
  v1::AudienceFilter others;
  *others.mutable_not_() = filter;
  EXPECT_EQ(Count(others), 1);
  v1::AudienceFilter never;
  never.mutable_consent()->set_purpose(v1::ConsentFilter::PURPOSE_MARKETING);
  never.mutable_consent()->set_decision(v1::ConsentFilter::DECISION_NONE);
  EXPECT_EQ(Count(never), 2);
  put.set_request_id(NewId());
  put.mutable_segment()->set_etag("\"7\"");
  EXPECT_THAT(Call(*contact_stub_, &Stub::PutSegment, put, &segment), StatusIs(Code::kAborted, "ETAG_MISMATCH"));
  put.mutable_segment()->clear_etag();
  put.mutable_segment()->mutable_filter()->set_segment_id("vips");
  EXPECT_THAT(Call(*contact_stub_, &Stub::PutSegment, put, &segment),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  v1::ListSegmentsResponse listed;
  ASSERT_THAT(Call(*contact_stub_, &Stub::ListSegments, v1::ListSegmentsRequest(), &listed), IsOk());
  EXPECT_EQ(listed.segments_size(), 1);
  v1::DeleteSegmentRequest gone;
  gone.set_request_id(NewId());
  gone.set_segment_id("vips");
  v1::DeleteSegmentResponse deleted;
  ASSERT_THAT(Call(*contact_stub_, &Stub::DeleteSegment, gone, &deleted), IsOk());
  v1::CountAudienceRequest count;
  *count.mutable_filter() = filter;
  v1::CountAudienceResponse counted;
  EXPECT_THAT(Call(*contact_stub_, &Stub::CountAudience, count, &counted),
              StatusIs(Code::kNotFound, "SEGMENT_NOT_FOUND"));
}

TEST_F(ContactAdminTest, AnExportHoldsEverythingUnderAContact) {
  Connect();
  const v1::Contact ana = Upsert("+5491122334455", "Ana");
  v1::ContactList list = NewList("deudores");
  absl::Status status;
  Edit(list.id(), {Put(ana.id(), "7")}, &status);
  ASSERT_THAT(status, IsOk());
  v1::RecordConsentRequest consent;
  consent.set_request_id(NewId());
  consent.set_contact_id(ana.id());
  consent.set_purpose(v1::CONSENT_PURPOSE_MARKETING);
  consent.set_decision(v1::CONSENT_DECISION_GRANTED);
  consent.set_source("form");
  consent.set_text_version("1");
  v1::Consent recorded;
  ASSERT_THAT(Call(*contact_stub_, &Stub::RecordConsent, consent, &recorded), IsOk());
  const auto context = server_.Context();
  v1::ExportContactRequest request;
  request.set_contact_id(ana.id());
  const auto reader = contact_stub_->ExportContact(context.get(), request);
  std::vector<v1::ExportContactResponse::ItemCase> kinds;
  v1::ExportContactResponse item;
  while (reader->Read(&item)) kinds.push_back(item.item_case());
  ASSERT_THAT(rpc::FromGrpcStatus(reader->Finish()), IsOk());
  EXPECT_THAT(kinds, testing::ElementsAre(v1::ExportContactResponse::kContact, v1::ExportContactResponse::kConsent,
                                          v1::ExportContactResponse::kMembership));
}

}  // namespace
}  // namespace vinculo::messaging
