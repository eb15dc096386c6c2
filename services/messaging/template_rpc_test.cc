#include "services/messaging/template_act.h"
#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;
using Stub = v1::TemplateService::Stub;

class TemplateRpcTest : public Rig {
 protected:
  v1::Template Read(const std::string& name = "promo") {
    v1::GetTemplateRequest get;
    get.set_name(name);
    v1::Template t;
    EXPECT_THAT(Call(*template_stub_, &Stub::GetTemplate, get, &t), IsOk());
    return t;
  }
  absl::Status UpdateDraft(const std::string& body, v1::Template* t,
                           v1::TemplateCategory category = v1::TEMPLATE_CATEGORY_UNSPECIFIED) {
    v1::UpdateDraftRequest request;
    request.set_name("promo");
    request.set_language("es_AR");
    request.set_category(category);
    request.mutable_components()->set_body(body);
    request.mutable_components()->set_footer("Respondé BAJA para no recibir más");
    return Call(*template_stub_, &Stub::UpdateDraft, request, t);
  }
  template <class Request>
  static Request About(const std::string& name = "promo", const std::string& language = "es_AR") {
    Request request;
    if constexpr (requires { request.set_request_id(""); }) request.set_request_id(NewId());
    request.set_name(name);
    request.set_language(language);
    return request;
  }
  absl::Status Submit(v1::Template* t) {
    return Call(*template_stub_, &Stub::SubmitTemplate, About<v1::SubmitTemplateRequest>(), t);
  }
  absl::Status Delete(const std::string& language, v1::Template* t, const std::string& name = "promo") {
    return Call(*template_stub_, &Stub::DeleteTemplate, About<v1::DeleteTemplateRequest>(name, language), t);
  }
  v1::TemplateSync Sync() {
    v1::SyncTemplatesRequest request;
    request.set_request_id(NewId());
    v1::TemplateSync sync;
    EXPECT_THAT(Call(*template_stub_, &Stub::SyncTemplates, request, &sync), IsOk());
    return sync;
  }
  // What somebody does in WhatsApp's own pages.
  void CreateAtWhatsApp(const std::string& name, const std::string& body) {
    const nlohmann::json definition = {{"name", name},
                                       {"language", "es_AR"},
                                       {"category", "UTILITY"},
                                       {"components", {{{"type", "BODY"}, {"text", body}}}}};
    EXPECT_EQ(client_
                  ->SendAndWait({.method = "POST",
                                 .url = sandbox_.url() + "/v25.0/200000000000001/message_templates",
                                 .headers = {{"Authorization", "Bearer t"}},
                                 .body = definition.dump()})
                  .status,
              200);
  }
  nlohmann::json Counts() { return nlohmann::json::parse(Control("GET", "counts").body)["templates"]; }
  absl::Status Upload(const std::string& mime_type, const std::string& content, std::string* handle) {
    const auto context = server_.Context();
    v1::UploadSampleResponse response;
    const auto writer = template_stub_->UploadSample(context.get(), &response);
    v1::UploadSampleRequest message;
    message.mutable_header()->set_file_name("foto.jpg");
    message.mutable_header()->set_mime_type(mime_type);
    bool open = writer->Write(message);
    for (size_t at = 0; open && at < content.size(); at += 100'000) {
      message.set_chunk(content.substr(at, 100'000));
      open = writer->Write(message);
    }
    writer->WritesDone();
    const absl::Status status = rpc::FromGrpcStatus(writer->Finish());
    *handle = response.sample_handle();
    return status;
  }
};

TEST_F(TemplateRpcTest, ACopyIsADraftUnderAnotherNameOrLanguage) {
  Connect();
  ApproveTemplate();
  auto request = About<v1::CopyTemplateRequest>();
  request.set_to_name("promo_v2");
  v1::Template copy;
  ASSERT_THAT(Call(*template_stub_, &Stub::CopyTemplate, request, &copy), IsOk());
  ASSERT_EQ(copy.translations_size(), 1);
  EXPECT_EQ(copy.translations(0).state(), v1::TRANSLATION_STATE_DRAFT);
  EXPECT_EQ(copy.translations(0).draft().components().SerializeAsString(),
            Read().translations(0).submitted().components().SerializeAsString());
  request.set_request_id(NewId());
  EXPECT_THAT(Call(*template_stub_, &Stub::CopyTemplate, request, &copy),
              StatusIs(Code::kAlreadyExists, "TEMPLATE_EXISTS"));
  request.set_request_id(NewId());
  request.clear_to_name();
  request.set_to_language("pt_BR");
  request.set_version(7);
  EXPECT_THAT(Call(*template_stub_, &Stub::CopyTemplate, request, &copy),
              StatusIs(Code::kNotFound, "TEMPLATE_NOT_FOUND"));
  request.set_request_id(NewId());
  request.set_version(1);
  ASSERT_THAT(Call(*template_stub_, &Stub::CopyTemplate, request, &copy), IsOk());
  EXPECT_EQ(copy.translations_size(), 2);
}

TEST_F(TemplateRpcTest, AnEditStopsSendingIsReviewedAgainAndComesOnceADay) {
  Connect();
  ApproveTemplate();
  v1::Template t;
  EXPECT_THAT(UpdateDraft("Hola", &t, v1::TEMPLATE_CATEGORY_UTILITY),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"))
      << "the category of an approved one is fixed";
  ASSERT_THAT(UpdateDraft("Hola, hay novedades en la tienda esta semana.", &t), IsOk());
  ASSERT_THAT(Submit(&t), IsOk());
  EXPECT_FALSE(t.translations(0).sendable());
  ASSERT_TRUE(Eventually([&] { return Read().translations(0).sendable(); })) << Read().ShortDebugString();
  EXPECT_EQ(Read().translations(0).submitted().version(), 2);
  EXPECT_EQ(Counts()["edited"], 1);
  ASSERT_THAT(UpdateDraft("Hola, hay más novedades en la tienda esta semana.", &t), IsOk());
  EXPECT_THAT(Submit(&t), StatusIs(Code::kFailedPrecondition, "EDIT_QUOTA"));

  auto request = About<v1::ListVersionsRequest>();
  request.set_page_size(2);
  v1::ListVersionsResponse versions;
  ASSERT_THAT(Call(*template_stub_, &Stub::ListVersions, request, &versions), IsOk());
  ASSERT_EQ(versions.versions_size(), 2);
  EXPECT_EQ(versions.versions(0).version(), 3);
  request.set_page_token(versions.next_page_token());
  ASSERT_THAT(Call(*template_stub_, &Stub::ListVersions, request, &versions), IsOk());
  ASSERT_EQ(versions.versions_size(), 1);
  EXPECT_EQ(versions.versions(0).version(), 1);
  EXPECT_EQ(versions.next_page_token(), "");
}

TEST_F(TemplateRpcTest, WhatACampaignSendsIsNeitherEditedNorDeleted) {
  Connect();
  ImportPeople(1);
  ApproveTemplate();
  const v1::Campaign campaign = NewCampaign();
  v1::Template t;
  ASSERT_THAT(UpdateDraft("Hola, hay novedades en la tienda esta semana.", &t), IsOk());
  Launch(campaign.id());
  EXPECT_THAT(Submit(&t), StatusIs(Code::kFailedPrecondition, "TEMPLATE_IN_USE"));
  EXPECT_THAT(Delete("", &t), StatusIs(Code::kFailedPrecondition, "TEMPLATE_IN_USE"));
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).state() == v1::CAMPAIGN_STATE_RUNNING; }));
  v1::PauseCampaignRequest pause;
  pause.set_request_id(NewId());
  pause.set_campaign_id(campaign.id());
  v1::Campaign paused;
  ASSERT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::PauseCampaign, pause, &paused), IsOk());
  EXPECT_THAT(Delete("es_AR", &t), StatusIs(Code::kFailedPrecondition, "TEMPLATE_IN_USE"));
  EXPECT_THAT(Submit(&t), IsOk()) << "a paused campaign does not send";
}

TEST_F(TemplateRpcTest, ADeletedNameIsGoneAtWhatsAppAndLocked) {
  Connect();
  ApproveTemplate();
  v1::Template t;
  ASSERT_THAT(Delete("", &t), IsOk());
  EXPECT_FALSE(t.translations(0).sendable()) << "from this moment";
  ASSERT_TRUE(Eventually([&] { return Read().translations(0).status() == "DELETED"; })) << Read().ShortDebugString();
  EXPECT_EQ(Counts()["by_status"]["DELETED"], 1);
  EXPECT_TRUE(Read().translations(0).has_name_locked_until());
  v1::CreateTemplateRequest create;
  create.set_request_id(NewId());
  create.set_name("promo");
  create.set_language("es_AR");
  create.set_category(v1::TEMPLATE_CATEGORY_UTILITY);
  create.mutable_components()->set_body("Tu pedido está listo.");
  ASSERT_THAT(Call(*template_stub_, &Stub::CreateTemplate, create, &t), IsOk()) << "it may be written";
  EXPECT_EQ(t.translations(0).draft().version(), 2);
  EXPECT_THAT(Submit(&t), StatusIs(Code::kFailedPrecondition, "LINT_ERRORS")) << "but not submitted";
  auto lint = About<v1::LintTemplateRequest>();
  v1::LintTemplateResponse findings;
  ASSERT_THAT(Call(*template_stub_, &Stub::LintTemplate, lint, &findings), IsOk());
  ASSERT_GE(findings.findings_size(), 1);
  EXPECT_EQ(findings.findings(0).code(), "T_NAME_TAKEN");
  EXPECT_EQ(findings.findings(0).suggestion(), "promo_v2");
  ASSERT_THAT(Delete("es_AR", &t), IsOk());
  EXPECT_EQ(t.translations(0).status(), "DELETED") << "the draft alone is gone";
}

TEST_F(TemplateRpcTest, ADraftDoesNotHoldUpANameThatWasDeleted) {
  Connect();
  ApproveTemplate();
  v1::Template t;
  ASSERT_THAT(UpdateDraft("Hola, hay novedades en la tienda esta semana.", &t), IsOk());
  Configure({{"faults", {{{"on", "template"}, {"do", "http"}, {"http", 503}}}}});
  ASSERT_THAT(Delete("", &t), IsOk());
  auto copy = About<v1::CopyTemplateRequest>();
  copy.set_to_language("pt_BR");
  EXPECT_THAT(Call(*template_stub_, &Stub::CopyTemplate, copy, &t),
              StatusIs(Code::kFailedPrecondition, "TEMPLATE_LOCKED"))
      << "the deletion would take it along";
  Configure({{"faults", nlohmann::json::array()}});
  ASSERT_TRUE(Eventually([&] { return Read().translations(0).status() == "DELETED"; })) << Read().ShortDebugString();
  EXPECT_THAT(UpdateDraft("Hola", &t), StatusIs(Code::kFailedPrecondition, "TEMPLATE_LOCKED"));
  EXPECT_THAT(Submit(&t), StatusIs(Code::kFailedPrecondition, "TEMPLATE_LOCKED"));
  EXPECT_TRUE(Read().translations(0).has_draft()) << "the words are not lost";
  copy.clear_to_language();
  copy.set_to_name("promo");
  copy.set_request_id(NewId());
  ASSERT_THAT(Call(*template_stub_, &Stub::CopyTemplate, copy, &t), IsOk()) << "it begins anew";
  EXPECT_EQ(t.translations(0).draft().components().body(), "Hola, hay novedades en la tienda esta semana.");
  EXPECT_EQ(t.translations(0).status(), "");
}

TEST_F(TemplateRpcTest, APreviewShowsWhatIsSentOrTheExamples) {
  Connect();
  v1::CreateTemplateRequest create;
  create.set_request_id(NewId());
  create.set_name("promo");
  create.set_language("es_AR");
  create.set_category(v1::TEMPLATE_CATEGORY_MARKETING);
  v1::TemplateComponents& c = *create.mutable_components();
  c.set_body("Hola {{1}}, hay novedades.");
  c.set_footer("Respondé BAJA para no recibir más");
  (*c.mutable_examples())["body.1"] = "Ana";
  c.add_buttons()->set_kind(v1::TemplateButton::KIND_COPY_CODE);
  c.mutable_buttons(0)->set_coupon_code("OTOÑO20");
  v1::Template t;
  ASSERT_THAT(Call(*template_stub_, &Stub::CreateTemplate, create, &t), IsOk());
  auto preview = About<v1::PreviewTemplateRequest>();
  v1::PreviewTemplateResponse shown;
  ASSERT_THAT(Call(*template_stub_, &Stub::PreviewTemplate, preview, &shown), IsOk());
  EXPECT_EQ(shown.rendered().body(), "Hola Ana, hay novedades.");
  EXPECT_EQ(shown.rendered().buttons(0).target(), "OTOÑO20");
  (*preview.mutable_values())["body.1"] = " Eva\n Paz ";
  EXPECT_THAT(Call(*template_stub_, &Stub::PreviewTemplate, preview, &shown),
              StatusIs(Code::kInvalidArgument, "TEMPLATE_PARAMETERS"))
      << "the coupon is missing";
  (*preview.mutable_values())["button.0"] = "EVA10";
  ASSERT_THAT(Call(*template_stub_, &Stub::PreviewTemplate, preview, &shown), IsOk());
  EXPECT_EQ(shown.rendered().body(), "Hola Eva Paz, hay novedades.");
  EXPECT_EQ(shown.rendered().buttons(0).target(), "EVA10");
}

TEST_F(TemplateRpcTest, ADraftIsNotEmptiedByLeavingItOut) {
  Connect();
  ApproveTemplate();
  auto request = About<v1::UpdateDraftRequest>();
  request.set_category(v1::TEMPLATE_CATEGORY_UTILITY);
  v1::Template t;
  EXPECT_THAT(Call(*template_stub_, &Stub::UpdateDraft, request, &t),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  v1::TemplateButton& link = *request.mutable_components()->add_buttons();
  link.set_kind(v1::TemplateButton::KIND_URL);
  link.set_opt_out(true);
  EXPECT_THAT(Call(*template_stub_, &Stub::UpdateDraft, request, &t),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"))
      << "a link opts nobody out";
}

TEST_F(TemplateRpcTest, ADraftIsDeletedAtOnceAndADisabledOneNever) {
  Connect();
  ApproveTemplate();
  auto copy = About<v1::CopyTemplateRequest>();
  copy.set_to_name("borrador");
  v1::Template t;
  ASSERT_THAT(Call(*template_stub_, &Stub::CopyTemplate, copy, &t), IsOk());
  ASSERT_THAT(Delete("", &t, "borrador"), IsOk());
  EXPECT_EQ(t.translations_size(), 0);
  v1::GetTemplateRequest get;
  get.set_name("borrador");
  EXPECT_THAT(Call(*template_stub_, &Stub::GetTemplate, get, &t), StatusIs(Code::kNotFound, "TEMPLATE_NOT_FOUND"));
  Control("POST", "templates", R"({"name":"promo","status":"DISABLED"})");
  ASSERT_TRUE(Eventually([&] { return Read().translations(0).status() == "DISABLED"; }));
  EXPECT_THAT(Delete("", &t), StatusIs(Code::kFailedPrecondition, "TEMPLATE_LOCKED"));
}

TEST_F(TemplateRpcTest, ASyncFollowsTheListingToItsEnd) {
  Connect();
  for (int i = 0; i < 120; ++i)
    CreateAtWhatsApp(absl::StrCat("aviso_", i), absl::StrCat("Tu pedido ", i, " está listo."));
  Sync();
  ASSERT_TRUE(Eventually([&] {
    const v1::TemplateSync sync = Sync();
    return sync.has_complete_time() && !sync.running();
  }));
  v1::ListTemplatesRequest list;
  list.set_page_size(1000);
  v1::ListTemplatesResponse all;
  ASSERT_TRUE(Eventually(
      [&] { return Call(*template_stub_, &Stub::ListTemplates, list, &all).ok() && all.templates_size() == 120; }));
  EXPECT_EQ(all.templates(0).translations(0).submitted().origin(), v1::VERSION_ORIGIN_SYNC);
  EXPECT_EQ(all.templates(0).translations(0).category(), v1::TEMPLATE_CATEGORY_UTILITY);
}

TEST_F(TemplateRpcTest, ALostAnswerToACreationCreatesNothingTwice) {
  Connect();
  Configure({{"faults", {{{"on", "template"}, {"first", 1}, {"after", 1}, {"do", "reset"}, {"accept", true}}}}});
  ApproveTemplate();
  EXPECT_EQ(Counts()["created"], 1);
}

TEST_F(TemplateRpcTest, OnlyAnOldPacingPauseIsEndedOnRequest) {
  Connect();
  ApproveTemplate();
  v1::Template t;
  const auto unpause = [&] {
    return Call(*template_stub_, &Stub::UnpauseTemplate, About<v1::UnpauseTemplateRequest>(), &t);
  };
  EXPECT_THAT(unpause(), StatusIs(Code::kFailedPrecondition, "TEMPLATE_LOCKED"));
  Control("POST", "templates", R"({"name":"promo","status":"PAUSED","title":"FIRST_PAUSE"})");
  ASSERT_TRUE(Eventually([&] { return Read().translations(0).pause_title() == "FIRST_PAUSE"; }));
  EXPECT_THAT(unpause(), StatusIs(Code::kFailedPrecondition, "TEMPLATE_LOCKED")) << "it ends by itself";
  Control("POST", "templates", R"({"name":"promo","status":"PAUSED","title":"RATE_LIMITING_PAUSE"})");
  ASSERT_TRUE(Eventually([&] { return Read().translations(0).pause_title() == "RATE_LIMITING_PAUSE"; }));
  EXPECT_THAT(unpause(), StatusIs(Code::kFailedPrecondition, "TEMPLATE_LOCKED")) << "too early";
  ASSERT_THAT(db_->WriteAndWait(sql::TestScope(),
                                [&](sql::Transaction& tx) -> absl::Status {
                                  const TranslationKey key{*Uuid::Parse(channel_.id()), "promo", "es_AR"};
                                  ASSIGN_OR_RETURN(const Template stored,
                                                   TemplateRepository::Get(tx, key.channel_id, key.name));
                                  Translation old = stored.translations[0];
                                  old.paused_at = SystemClock::Get()->Now() - absl::Minutes(6);
                                  return TemplateRepository::SaveVerdict(tx, key, old, true, *old.paused_at);
                                }),
              IsOk());
  ASSERT_THAT(unpause(), IsOk());
  ASSERT_TRUE(Eventually([&] { return Read().translations(0).sendable(); })) << Read().ShortDebugString();
}

TEST_F(TemplateRpcTest, ASampleGoesToWhatsAppWhileItsCallerWaits) {
  Connect();
  std::string handle;
  ASSERT_THAT(Upload("image/jpeg", std::string(250'000, 'j'), &handle), IsOk());
  EXPECT_THAT(handle, testing::StartsWith("4::"));
  EXPECT_THAT(handle, testing::HasSubstr("250000")) << "all of it arrived";
  EXPECT_THAT(Upload("image/gif", "g", &handle), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(Upload("image/png", "", &handle), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(Upload("image/png", std::string((5 << 20) + 1, 'p'), &handle),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  Configure({{"faults", {{{"on", "graph"}, {"do", "http"}, {"http", 503}}}}});
  EXPECT_THAT(Upload("image/jpeg", "j", &handle), StatusIs(Code::kUnavailable, "PROVIDER_UNAVAILABLE"));
}

TEST_F(TemplateRpcTest, TheLinterToldOfAnEditDoesNotCallTheNameTaken) {
  Connect();
  ApproveTemplate();
  auto request = About<v1::LintTemplateRequest>();
  request.set_category(v1::TEMPLATE_CATEGORY_UTILITY);
  request.mutable_components()->set_body("Tu pedido está listo para retirar en la tienda.");
  v1::LintTemplateResponse response;
  const auto codes = [&] {
    EXPECT_THAT(Call(*template_stub_, &Stub::LintTemplate, request, &response), IsOk());
    std::vector<std::string> out;
    for (const v1::Finding& f : response.findings()) out.push_back(f.code());
    return out;
  };
  EXPECT_THAT(codes(), testing::ElementsAre("T_NAME_TAKEN"));
  request.set_edit(true);
  EXPECT_THAT(codes(), testing::ElementsAre("T_EDIT_STOPS"));
}

}  // namespace
}  // namespace vinculo::messaging
