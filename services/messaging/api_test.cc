#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;

class ApiTest : public Rig {
 protected:
  v1::SendMessageRequest Text(const std::string& contact, const std::string& body) {
    v1::SendMessageRequest request;
    request.set_request_id(NewId());
    request.mutable_recipient()->set_contact_id(contact);
    request.mutable_content()->mutable_text()->set_body(body);
    return request;
  }
  // A contact whose window is open.
  v1::Contact Friend() {
    v1::UpsertContactRequest upsert;
    upsert.set_phone("+5491120000000");
    v1::Contact contact;
    EXPECT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::UpsertContact, upsert, &contact), IsOk());
    EXPECT_THAT(db_->WriteAndWait(sql::TestScope(),
                                  [&](sql::Transaction& tx) {
                                    return WindowRepository::Extend(tx, *Uuid::Parse(sender_.id()),
                                                                    *Uuid::Parse(contact.id()),
                                                                    absl::Now() + absl::Hours(24));
                                  }),
                IsOk());
    return contact;
  }
};

TEST_F(ApiTest, SendMessageIsTheSameMessageForTheSameRequestId) {
  Connect();
  const v1::SendMessageRequest request = Text(Friend().id(), "Hola");
  v1::Message first, second;
  ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, request, &first), IsOk());
  ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, request, &second), IsOk());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  EXPECT_EQ(first.state(), v1::MESSAGE_STATE_QUEUED);
  v1::SendMessageRequest other = request;
  other.mutable_content()->mutable_text()->set_body("Chau");
  EXPECT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, other, &second),
              StatusIs(Code::kInvalidArgument, "REQUEST_ID_REUSED"));
  v1::ListMessagesRequest list;
  list.set_contact_id(first.contact_id());
  v1::ListMessagesResponse listed;
  ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::ListMessages, list, &listed), IsOk());
  EXPECT_EQ(listed.messages_size(), 1);
}

TEST_F(ApiTest, SendMessageTellsEverythingThatIsWrongAtOnce) {
  Connect();
  v1::SendMessageRequest request;
  request.mutable_recipient()->set_phone("12");
  v1::ButtonsContent& buttons = *request.mutable_content()->mutable_buttons();
  buttons.set_body(std::string(1025, 'x'));
  for (int i = 0; i < 4; ++i) buttons.add_buttons()->set_title("igual");
  request.mutable_hold()->set_route(v1::ROUTE_PROFILING);
  v1::Message m;
  const absl::Status status = Call(*message_stub_, &v1::MessageService::Stub::SendMessage, request, &m);
  EXPECT_THAT(status, StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  std::vector<std::string> fields;
  const auto details = GetErrorDetails(status);
  for (const FieldViolation& v : details->violations) fields.push_back(v.field);
  EXPECT_THAT(fields, testing::IsSupersetOf({"recipient.phone", "content.buttons.body", "content.buttons.buttons",
                                             "content.buttons.buttons[1].title", "hold.ref"}));
}

TEST_F(ApiTest, SendMessageRefusesWhatConsentAndWindowForbid) {
  Connect();
  v1::UpsertContactRequest upsert;
  upsert.set_phone("+5491120000001");
  v1::Contact stranger;
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::UpsertContact, upsert, &stranger), IsOk());
  v1::Message m;
  EXPECT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, Text(stranger.id(), "Hola"), &m),
              StatusIs(Code::kFailedPrecondition, "WINDOW_CLOSED"));
  ApproveTemplate();
  v1::SendMessageRequest promo = Text(stranger.id(), "");
  v1::TemplateContent& content = *promo.mutable_content()->mutable_template_();
  content.set_name("promo");
  content.set_language("es_AR");
  EXPECT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, promo, &m),
              StatusIs(Code::kInvalidArgument, "TEMPLATE_PARAMETERS"));
  (*content.mutable_values())["body.1"] = "Ana";
  EXPECT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, promo, &m),
              StatusIs(Code::kFailedPrecondition, "NO_CONSENT"));
  content.set_language("pt_BR");
  EXPECT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, promo, &m),
              StatusIs(Code::kNotFound, "TEMPLATE_NOT_FOUND"));
}

TEST_F(ApiTest, AnotherTenantSeesNothing) {
  Connect();
  v1::Message m;
  ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, Text(Friend().id(), "Hola"), &m), IsOk());
  const rpc::Caller stranger{.tenant = "acme"};
  v1::GetMessageRequest get;
  get.set_message_id(m.id());
  v1::Message read;
  EXPECT_THAT(Call(*message_stub_, &v1::MessageService::Stub::GetMessage, get, &read, stranger),
              StatusIs(Code::kNotFound, "MESSAGE_NOT_FOUND"));
  v1::GetContactRequest contact;
  contact.set_contact_id(m.contact_id());
  v1::Contact found;
  EXPECT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::GetContact, contact, &found, stranger),
              StatusIs(Code::kNotFound, "CONTACT_NOT_FOUND"));
  EXPECT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, Text(m.contact_id(), "x"), &read, stranger),
              StatusIs(Code::kNotFound, "CONTACT_NOT_FOUND"));
}

TEST_F(ApiTest, RolesAreHeldAndViewersSeeNoPersonalData) {
  Connect();
  const v1::Contact person = Friend();
  v1::Message m;
  const rpc::Caller viewer{.roles = {"viewer"}};
  EXPECT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, Text(person.id(), "Hola"), &m, viewer),
              StatusIs(Code::kPermissionDenied, "ROLE_REQUIRED"));
  v1::GetContactRequest get;
  get.set_contact_id(person.id());
  v1::Contact seen;
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::GetContact, get, &seen, viewer), IsOk());
  EXPECT_EQ(seen.identities(0).value(), "+54*******0000");
}

TEST_F(ApiTest, PageTokensBelongToTheirTenantAndFilter) {
  Connect();
  ImportPeople(3);
  v1::ListContactsRequest request;
  request.set_page_size(2);
  v1::ListContactsResponse page;
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::ListContacts, request, &page), IsOk());
  EXPECT_EQ(page.contacts_size(), 2);
  const std::string token = page.next_page_token();
  ASSERT_FALSE(token.empty());
  request.set_page_token(token);
  EXPECT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::ListContacts, request, &page, {.tenant = "acme"}),
              StatusIs(Code::kInvalidArgument, "PAGE_TOKEN"));
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::ListContacts, request, &page), IsOk());
  EXPECT_EQ(page.contacts_size(), 1);
  EXPECT_TRUE(page.next_page_token().empty());
  request.set_page_token("garbage!");
  EXPECT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::ListContacts, request, &page),
              StatusIs(Code::kInvalidArgument, "PAGE_TOKEN"));
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::ListContacts, request, &page),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(ApiTest, AnImportIsTheSameHoweverItIsCutAndTwice) {
  const std::string csv =
      "\xEF\xBB\xBFphone;first_name;attr:plan\r\n+5491120000000;Añá;oro\r\n\r\n'+54 9 11 "
      "2000-0001;\"Li\nna\";\r\n123;x;y\r\n+52 1 55 1234 5678;A;b\r\n"
      "+525512345678;A;b\r\n5,49112E+12;q;w\r\n+5491120000002;too;many;cells\r\n";
  absl::Status status;
  for (size_t chunk : {1, 7, 1000}) {
    const v1::ImportContactsResponse r = Import(csv, chunk, &status);
    ASSERT_THAT(status, IsOk());
    EXPECT_EQ(r.import().rows(), 7) << r.ShortDebugString();
    EXPECT_EQ(chunk == 1 ? r.import().created() : r.import().unchanged(), 3) << r.ShortDebugString();
    EXPECT_EQ(r.import().duplicates(), 1);
    EXPECT_EQ(r.import().rejected(), 3);
    ASSERT_EQ(r.problems_size(), 4);
    EXPECT_EQ(r.problems(0).code(), "REGION_MISSING");
    EXPECT_EQ(r.problems(0).line(), 6);
    EXPECT_EQ(r.problems(1).outcome(), v1::ImportRow::OUTCOME_DUPLICATE);
    EXPECT_EQ(r.problems(1).duplicate_of_line(), 7);
    EXPECT_EQ(r.problems(2).code(), "PHONE_SCIENTIFIC");
    EXPECT_EQ(r.problems(3).code(), "COLUMN_COUNT");
    v1::ListImportRowsRequest rows;
    rows.set_import_id(r.import().id());
    v1::ListImportRowsResponse listed;
    ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::ListImportRows, rows, &listed), IsOk());
    EXPECT_EQ(listed.rows_size(), 4);
  }
}

TEST_F(ApiTest, AnImportThatCannotWorkIsRefusedBeforeAnyRow) {
  absl::Status status;
  Import("nombre\nAna\n", 100, &status);
  EXPECT_THAT(status, StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  Import("", 100, &status);
  EXPECT_THAT(status, StatusIs(Code::kInvalidArgument));
  v1::ImportHeader header;
  header.set_default_region("Narnia");
  Import("phone\n+5491120000000\n", 100, &status, header);
  EXPECT_THAT(status, StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  v1::ListContactsResponse page;
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::ListContacts, v1::ListContactsRequest(), &page), IsOk());
  EXPECT_EQ(page.contacts_size(), 0);
}

TEST_F(ApiTest, ADryRunTellsAndChangesNothing) {
  v1::ImportHeader header;
  header.set_dry_run(true);
  absl::Status status;
  const v1::ImportContactsResponse r = Import("phone\n+5491120000000\nx\n", 100, &status, header);
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(r.import().created(), 1);
  EXPECT_EQ(r.import().rejected(), 1);
  v1::ListContactsResponse page;
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::ListContacts, v1::ListContactsRequest(), &page), IsOk());
  EXPECT_EQ(page.contacts_size(), 0);
}

TEST_F(ApiTest, ConsentIsEvidenceAndDecidesByItsOwnTime) {
  Connect();
  const v1::Contact person = Friend();
  v1::RecordConsentRequest request;
  request.set_contact_id(person.id());
  request.set_purpose(v1::CONSENT_PURPOSE_MARKETING);
  request.set_decision(v1::CONSENT_DECISION_GRANTED);
  v1::Consent consent;
  EXPECT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::RecordConsent, request, &consent),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"))
      << "a grant needs proof";
  request.set_source("form");
  request.set_text_version("v1");
  request.mutable_at()->set_seconds(2000);
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::RecordConsent, request, &consent), IsOk());
  request.set_decision(v1::CONSENT_DECISION_REVOKED);
  request.mutable_at()->set_seconds(1000);
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::RecordConsent, request, &consent), IsOk());
  EXPECT_TRUE(Lookup("+5491120000000").marketing_allowed());
  request.mutable_at()->set_seconds(3000);
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::RecordConsent, request, &consent), IsOk());
  EXPECT_FALSE(Lookup("+5491120000000").marketing_allowed());
  v1::ListConsentsRequest list;
  list.set_contact_id(person.id());
  v1::ListConsentsResponse listed;
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::ListConsents, list, &listed), IsOk());
  ASSERT_EQ(listed.consents_size(), 3);
  EXPECT_EQ(listed.consents(0).at().seconds(), 3000);
  EXPECT_EQ(Events("contact.opted_out").size(), 1u);
}

TEST_F(ApiTest, HoldsAndRulesDecideTheRoute) {
  Connect();
  const v1::Contact person = Friend();
  v1::PutRuleRequest rule;
  rule.mutable_rule()->set_id("menu");
  rule.mutable_rule()->add_keywords("Menú");
  rule.mutable_rule()->mutable_reply_route()->set_route(v1::ROUTE_PROFILING);
  rule.mutable_rule()->mutable_reply_route()->set_ref("flow-menu");
  v1::RoutingRule put;
  ASSERT_THAT(Call(*routing_stub_, &v1::RoutingService::Stub::PutRule, rule, &put), IsOk());
  v1::TestRouteRequest ask;
  ask.set_contact_id(person.id());
  ask.set_text("menu por favor");
  v1::TestRouteResponse route;
  ASSERT_THAT(Call(*routing_stub_, &v1::RoutingService::Stub::TestRoute, ask, &route), IsOk());
  EXPECT_EQ(route.step(), "KEYWORD_RULE");
  v1::SendMessageRequest question = Text(person.id(), "¿Qué auto?");
  question.mutable_hold()->set_route(v1::ROUTE_PROFILING);
  question.mutable_hold()->set_ref("session-1");
  v1::Message m;
  ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, question, &m), IsOk());
  ASSERT_THAT(Call(*routing_stub_, &v1::RoutingService::Stub::TestRoute, ask, &route), IsOk());
  EXPECT_EQ(route.step(), "HOLD");
  EXPECT_EQ(route.reply_route().ref(), "session-1");
  v1::ClearHoldRequest clear;
  clear.set_contact_id(person.id());
  clear.set_ref("somebody-else");
  v1::ContactHold hold;
  ASSERT_THAT(Call(*routing_stub_, &v1::RoutingService::Stub::ClearHold, clear, &hold), IsOk());
  EXPECT_EQ(hold.hold().ref(), "session-1");
  clear.set_ref("session-1");
  ASSERT_THAT(Call(*routing_stub_, &v1::RoutingService::Stub::ClearHold, clear, &hold), IsOk());
  EXPECT_FALSE(hold.has_hold());
}

TEST_F(ApiTest, TemplatesAreLintedBeforeTheyGoOut) {
  Connect();
  v1::CreateTemplateRequest create;
  create.set_name("Mala Plantilla");
  create.set_language("es");
  create.set_category(v1::TEMPLATE_CATEGORY_MARKETING);
  create.mutable_components()->set_body("{{1}} compra ya {{3}}");
  v1::Template t;
  ASSERT_THAT(Call(*template_stub_, &v1::TemplateService::Stub::CreateTemplate, create, &t), IsOk());
  EXPECT_THAT(Call(*template_stub_, &v1::TemplateService::Stub::CreateTemplate, create, &t),
              StatusIs(Code::kAlreadyExists, "TEMPLATE_EXISTS"));
  v1::SubmitTemplateRequest submit;
  submit.set_name("Mala Plantilla");
  submit.set_language("es");
  const absl::Status refused = Call(*template_stub_, &v1::TemplateService::Stub::SubmitTemplate, submit, &t);
  EXPECT_THAT(refused, StatusIs(Code::kFailedPrecondition, "LINT_ERRORS"));
  v1::UpdateDraftRequest update;
  update.set_name("Mala Plantilla");
  update.set_language("es");
  update.mutable_components()->set_body("Hola");
  update.set_etag("\"99\"");
  EXPECT_THAT(Call(*template_stub_, &v1::TemplateService::Stub::UpdateDraft, update, &t),
              StatusIs(Code::kAborted, "ETAG_MISMATCH"));
  update.clear_etag();
  ASSERT_THAT(Call(*template_stub_, &v1::TemplateService::Stub::UpdateDraft, update, &t), IsOk());
  EXPECT_EQ(t.translations(0).draft().components().body(), "Hola");
}

TEST_F(ApiTest, WhatsAppsIdsAreTakenOnceAndTokensNeverShown) {
  Connect();
  EXPECT_EQ(channel_.access_token_tail(), "dbox");
  v1::CreateChannelRequest again;
  again.set_display_name("x");
  again.set_waba_id("200000000000001");
  again.set_app("main");
  again.set_access_token("t");
  v1::Channel c;
  EXPECT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::CreateChannel, again, &c, {.tenant = "acme"}),
              StatusIs(Code::kAlreadyExists, "PROVIDER_ID_TAKEN"));
}

}  // namespace
}  // namespace vinculo::messaging
