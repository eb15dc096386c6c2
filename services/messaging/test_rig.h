#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "common/events/event_log.h"
#include "common/http/client.h"
#include "common/http/hub_signature.h"
#include "common/http/listener.h"
#include "common/jobs/job_runner.h"
#include "common/rpc/event_feed.h"
#include "common/rpc/test_server.h"
#include "common/sql/test_database.h"
#include "common/testing/status_matchers.h"
#include "common/time/clock.h"
#include "messaging_store_migrations.h"
#include "services/messaging/api/campaign_service.h"
#include "services/messaging/api/channel_service.h"
#include "services/messaging/api/contact_service.h"
#include "services/messaging/api/message_service.h"
#include "services/messaging/api/report_service.h"
#include "services/messaging/api/routing_service.h"
#include "services/messaging/api/template_service.h"
#include "services/messaging/work/campaign_jobs.h"
#include "services/messaging/work/channel_jobs.h"
#include "services/messaging/work/contact_jobs.h"
#include "services/messaging/work/dispatcher.h"
#include "services/messaging/work/inbox.h"
#include "services/messaging/work/read_marks.h"
#include "services/messaging/work/sender_jobs.h"
#include "services/messaging/work/template_jobs.h"
#include "tests/sandbox/sandbox_thread.h"

namespace vinculo::messaging {

// The whole service in this process, over a real store, with the sandbox as WhatsApp. Nothing listens but on free ports
// of loopback.
class Rig : public testing::Test {
 protected:
  static constexpr char kSecret[] = "app-secret-for-tests";

  explicit Rig(int64_t queued_max = kMaxQueued) : queue_room_(*db_, queued_max) {}

  void SetUp() override {
    ASSERT_THAT(sandbox_.status(), test::IsOk());
    server_.Add<v1::ChannelService>(channels_);
    server_.Add<v1::TemplateService>(templates_);
    server_.Add<v1::ContactService>(contact_service_);
    server_.Add<v1::CampaignService>(campaigns_);
    server_.Add<v1::MessageService>(messages_);
    server_.Add<v1::RoutingService>(routing_);
    server_.Add<v1::ReportService>(reports_);
    server_.Add<events::v1::EventFeed>(feed_);
    server_.Start();
    inbox_.Serve(listener_);
    ASSERT_THAT(listener_.Start(), test::IsOk());
    poster_ = std::make_unique<http::Client>(http::ClientOptions{.guard = http::AddressGuard({listener_.address()})});
    jobs_.Register(runner_);
    contact_jobs_.Register(runner_);
    read_marks_.Register(runner_);
    sender_jobs_.Register(runner_);
    template_jobs_.Register(runner_);
    channel_jobs_.Register(runner_);
    inbox_.Start();
    runner_.Start();
    channel_stub_ = v1::ChannelService::NewStub(server_.channel());
    template_stub_ = v1::TemplateService::NewStub(server_.channel());
    contact_stub_ = v1::ContactService::NewStub(server_.channel());
    campaign_stub_ = v1::CampaignService::NewStub(server_.channel());
    message_stub_ = v1::MessageService::NewStub(server_.channel());
    routing_stub_ = v1::RoutingService::NewStub(server_.channel());
    report_stub_ = v1::ReportService::NewStub(server_.channel());
    feed_stub_ = events::v1::EventFeed::NewStub(server_.channel());
    Configure({{"webhook", {{"url", listener_.url() + "/webhooks/whatsapp"}, {"app_secret", kSecret}}}});
  }

  void TearDown() override {
    listener_.Stop();
    if (dispatcher_) dispatcher_->Stop();
    runner_.Stop();
    inbox_.Stop();
    dispatcher_.reset();
    client_.reset();
    poster_.reset();
  }

  // --- the world outside ---
  void Configure(const nlohmann::json& config) { EXPECT_EQ(Control("PUT", "config", config.dump()).status, 200); }
  http::Response Control(const char* method, const std::string& path, const std::string& body = "") {
    return client_->SendAndWait({.method = method,
                                 .url = absl::StrCat(sandbox_.url(), "/_sandbox/", path),
                                 .body = body,
                                 .max_response_bytes = 8 << 20});
  }
  nlohmann::json Recipients() { return nlohmann::json::parse(Control("GET", "recipients?items=0").body); }
  http::Response Post(const std::string& body, const std::string& signature) {
    return poster_->SendAndWait({.method = "POST",
                                 .url = listener_.url() + "/webhooks/whatsapp",
                                 .headers = {{"X-Hub-Signature-256", signature}},
                                 .body = body});
  }

  // Starts sending. Construct the dispatcher late, so that tests can queue first.
  void StartSending() { dispatcher_->Start(); }

  // Until `condition` holds; the machine may be slow, so the bound is generous.
  template <class Condition>
  static testing::AssertionResult Eventually(Condition condition, absl::Duration within = absl::Seconds(60)) {
    const absl::Time until = SystemClock::Get()->Now() + within;
    while (!condition()) {
      if (SystemClock::Get()->Now() > until) return testing::AssertionFailure() << "it never came true";
      std::this_thread::yield();
    }
    return testing::AssertionSuccess();
  }

  template <class Stub, class Req, class Resp>
  absl::Status Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Req&, Resp*),
                    const Req& request, Resp* response, const rpc::Caller& caller = {}) {
    response->Clear();
    return server_.Call(stub, method, request, response, caller);
  }

  static std::string NewId() { return Uuid::New(SystemClock::Get()->Now()).ToString(); }

  // --- what most tests begin with ---
  // Marketing at any hour, so that no test depends on the time of the day.
  void AllowAllHours() {
    v1::UpdatePolicyRequest request;
    request.set_request_id(NewId());
    v1::AllowedHours* hours = request.mutable_policy()->add_allowed_hours();
    hours->set_from("00:00");
    hours->set_until("24:00");
    v1::Policy policy;
    ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::UpdatePolicy, request, &policy), test::IsOk());
  }

  void Connect() {
    AllowAllHours();
    v1::CreateChannelRequest channel;
    channel.set_request_id(NewId());
    channel.set_display_name("Autos");
    channel.set_waba_id("200000000000001");
    channel.set_app("main");
    channel.set_access_token("token-of-the-sandbox");
    ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::CreateChannel, channel, &channel_), test::IsOk());
    v1::AddSenderRequest sender;
    sender.set_request_id(NewId());
    sender.set_channel_id(channel_.id());
    sender.set_phone_number_id("100000000000001");
    sender.set_phone_number("+5491140000000");
    sender.set_throughput(1000);
    sender.set_daily_reach(-1);
    ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::AddSender, sender, &sender_), test::IsOk());
    Configure(
        {{"graph",
          {{"waba_id", "200000000000001"},
           {"senders",
            {{"100000000000001", {{"waba_id", "200000000000001"}, {"display_phone_number", "5491140000000"}}}}}}}});
  }

  void ApproveTemplate(const std::string& name = "promo") {
    v1::CreateTemplateRequest create;
    create.set_name(name);
    create.set_language("es_AR");
    create.set_category(v1::TEMPLATE_CATEGORY_MARKETING);
    create.mutable_components()->set_body("Hola {{1}}, este mes tenés un descuento especial en nuestra tienda.");
    (*create.mutable_components()->mutable_examples())["body.1"] = "Ana";
    v1::TemplateButton* yes = create.mutable_components()->add_buttons();
    yes->set_kind(v1::TemplateButton::KIND_QUICK_REPLY);
    yes->set_label("Quiero");
    v1::TemplateButton* no = create.mutable_components()->add_buttons();
    no->set_kind(v1::TemplateButton::KIND_QUICK_REPLY);
    no->set_label("No recibir más");
    no->set_opt_out(true);
    v1::Template t;
    ASSERT_THAT(Call(*template_stub_, &v1::TemplateService::Stub::CreateTemplate, create, &t), test::IsOk());
    v1::SubmitTemplateRequest submit;
    submit.set_name(name);
    submit.set_language("es_AR");
    ASSERT_THAT(Call(*template_stub_, &v1::TemplateService::Stub::SubmitTemplate, submit, &t), test::IsOk());
    v1::GetTemplateRequest get;
    get.set_name(name);
    ASSERT_TRUE(Eventually([&] {
      return Call(*template_stub_, &v1::TemplateService::Stub::GetTemplate, get, &t).ok() &&
             t.translations(0).sendable();
    })) << t.ShortDebugString();
  }

  v1::ImportContactsResponse Import(const std::string& csv, size_t chunk, absl::Status* status,
                                    v1::ImportHeader header = {}) {
    const auto context = server_.Context();
    v1::ImportContactsResponse response;
    const auto writer = contact_stub_->ImportContacts(context.get(), &response);
    v1::ImportContactsRequest message;
    *message.mutable_header() = std::move(header);
    bool open = writer->Write(message);
    for (size_t at = 0; open && at < csv.size(); at += chunk) {
      message.set_chunk(csv.substr(at, chunk));
      open = writer->Write(message);
    }
    writer->WritesDone();
    *status = rpc::FromGrpcStatus(writer->Finish());
    return response;
  }

  v1::ContactList NewList(const std::string& name) {
    v1::CreateListRequest request;
    request.set_request_id(NewId());
    request.set_display_name(name);
    v1::ContactList list;
    EXPECT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::CreateList, request, &list), test::IsOk());
    return list;
  }

  // `n` people who agreed to marketing.
  void ImportPeople(int n) {
    std::string csv = "phone,first_name,consent_marketing\n";
    for (int i = 0; i < n; ++i) absl::StrAppend(&csv, "+54911", 20000000 + i, ",P", i, ",si\n");
    v1::ImportHeader header;
    header.mutable_consent_defaults()->set_source("web form");
    header.mutable_consent_defaults()->set_text_version("v1");
    header.mutable_consent_defaults()->mutable_at()->set_seconds(1700000000);
    absl::Status status;
    const v1::ImportContactsResponse r = Import(csv, 1000, &status, header);
    ASSERT_THAT(status, test::IsOk());
    ASSERT_EQ(r.import().created(), n) << r.ShortDebugString();
  }

  v1::Campaign NewCampaign() {
    v1::CreateCampaignRequest request;
    v1::Campaign& c = *request.mutable_campaign();
    c.set_display_name("otoño");
    c.set_sender_id(sender_.id());
    c.set_template_("promo");
    c.mutable_language()->set_fixed("es_AR");
    (*c.mutable_parameters())["body.1"].set_contact_field("first_name");
    c.mutable_audience()->set_all_contacts(true);
    c.mutable_reply_route()->set_route(v1::ROUTE_PROFILING);
    c.mutable_reply_route()->set_ref("flow-1");
    v1::Campaign created;
    EXPECT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::CreateCampaign, request, &created), test::IsOk());
    return created;
  }
  v1::Campaign Launch(const std::string& id) {
    v1::ScheduleCampaignRequest request;
    request.set_request_id(NewId());
    request.set_campaign_id(id);
    v1::Campaign launched;
    EXPECT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::ScheduleCampaign, request, &launched), test::IsOk());
    return launched;
  }
  v1::CampaignReport Report(const std::string& id) {
    v1::GetCampaignReportRequest request;
    request.set_campaign_id(id);
    v1::CampaignReport report;
    EXPECT_THAT(Call(*report_stub_, &v1::ReportService::Stub::GetCampaignReport, request, &report), test::IsOk());
    const v1::CampaignReport& r = report;
    EXPECT_EQ(r.audience(), r.excluded() + r.queued() + r.sending() + r.unknown() + r.accepted() + r.held() + r.sent() +
                                r.delivered() + r.read() + r.failed() + r.expired() + r.skipped());
    return report;
  }
  void ExpectRecountAgrees(const std::string& id) {
    v1::RecountCampaignRequest request;
    request.set_campaign_id(id);
    v1::RecountCampaignResponse response;
    EXPECT_THAT(Call(*report_stub_, &v1::ReportService::Stub::RecountCampaign, request, &response), test::IsOk());
    EXPECT_EQ(response.differences_size(), 0) << response.ShortDebugString();
  }
  v1::Contact Lookup(const std::string& phone) {
    v1::LookupContactRequest request;
    request.set_phone(phone);
    v1::Contact contact;
    EXPECT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::LookupContact, request, &contact), test::IsOk());
    return contact;
  }
  std::vector<events::v1::Event> Events(const std::string& type) {
    std::vector<events::v1::Event> out;
    events::v1::ReadRequest request;
    request.set_page_size(1000);
    request.add_types(type);
    events::v1::ReadResponse response;
    for (int64_t before = -1; before != response.next_after_seq();) {
      before = response.next_after_seq();
      request.set_after_seq(before);
      EXPECT_THAT(Call(*feed_stub_, &events::v1::EventFeed::Stub::Read, request, &response), test::IsOk());
      out.insert(out.end(), response.events().begin(), response.events().end());
    }
    return out;
  }

  sandbox::SandboxThread sandbox_;
  sql::TestDatabase db_{std::vector<sql::MigrationSet>{
      {"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"messaging", &Migrations()}}};
  DataKey key_ = *DataKey::FromSecret(std::string(32, 'k'));
  ContactRepository contacts_{key_};
  rpc::TestServer server_;
  Metrics metrics_{server_.registry()};
  std::unique_ptr<http::Client> client_ = std::make_unique<http::Client>(
      http::ClientOptions{.guard = http::AddressGuard({{"127.0.0.1", sandbox_.port()}})});
  GraphProvider provider_{*client_, {.base_url = sandbox_.url()}};
  MediaBudget media_budget_;
  QueueRoom queue_room_;
  ApiContext context_{server_.runtime(),        *db_, contacts_, key_, provider_, media_budget_, queue_room_,
                      ProviderRules::Default(), "one"};
  ChannelService channels_{context_};
  TemplateService templates_{context_};
  ContactService contact_service_{context_};
  CampaignService campaigns_{context_};
  MessageService messages_{context_};
  RoutingService routing_{context_};
  ReportService reports_{context_};
  rpc::EventFeedService feed_{server_.runtime(), *db_};
  jobs::JobRunner runner_{*db_};
  Inbox inbox_{*db_, contacts_, metrics_, {"main", "verify-me", {kSecret}}};
  http::Listener listener_{{.address = {"127.0.0.1", 0}, .max_body_bytes = 4 << 20}};
  MessagingJobs jobs_{*db_, contacts_};
  ContactJobs contact_jobs_{*db_, contacts_};
  ReadMarks read_marks_{*db_, key_, provider_, [this](const std::string& tenant, const Uuid& sender) {
                          return dispatcher_ != nullptr && dispatcher_->TryReserve(tenant, sender);
                        }};
  SenderJobs sender_jobs_{*db_, key_, provider_, LevelTable()};
  TemplateJobs template_jobs_{*db_, key_, provider_};
  ChannelJobs channel_jobs_{*db_, key_, provider_};
  std::unique_ptr<Dispatcher> dispatcher_ = std::make_unique<Dispatcher>(
      *db_, contacts_, key_, provider_, metrics_, DispatcherOptions{.tenants = {"demo"}, .holder = "test"});
  std::unique_ptr<http::Client> poster_;
  v1::Channel channel_;
  v1::Sender sender_;
  std::unique_ptr<v1::ChannelService::Stub> channel_stub_;
  std::unique_ptr<v1::TemplateService::Stub> template_stub_;
  std::unique_ptr<v1::ContactService::Stub> contact_stub_;
  std::unique_ptr<v1::CampaignService::Stub> campaign_stub_;
  std::unique_ptr<v1::MessageService::Stub> message_stub_;
  std::unique_ptr<v1::RoutingService::Stub> routing_stub_;
  std::unique_ptr<v1::ReportService::Stub> report_stub_;
  std::unique_ptr<events::v1::EventFeed::Stub> feed_stub_;
};

}  // namespace vinculo::messaging
