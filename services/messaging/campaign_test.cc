#include "common/status/status_macros.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/template_act.h"
#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;
using Stub = v1::CampaignService::Stub;

class CampaignTest : public Rig {
 protected:
  absl::Status Update(const v1::Campaign& patch, const std::vector<std::string>& paths, v1::Campaign* out) {
    v1::UpdateCampaignRequest request;
    request.set_request_id(NewId());
    *request.mutable_campaign() = patch;
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Call(*campaign_stub_, &Stub::UpdateCampaign, request, out);
  }
  absl::Status Schedule(const std::string& id, const v1::CampaignStart& start, v1::Campaign* out) {
    v1::ScheduleCampaignRequest request;
    request.set_request_id(NewId());
    request.set_campaign_id(id);
    *request.mutable_start() = start;
    return Call(*campaign_stub_, &Stub::ScheduleCampaign, request, out);
  }
  v1::PreflightCampaignResponse Preflight(const std::string& id) {
    v1::PreflightCampaignRequest request;
    request.set_campaign_id(id);
    v1::PreflightCampaignResponse response;
    EXPECT_THAT(Call(*campaign_stub_, &Stub::PreflightCampaign, request, &response), IsOk());
    return response;
  }
  v1::Campaign Get(const std::string& id) {
    v1::GetCampaignRequest request;
    request.set_campaign_id(id);
    v1::Campaign c;
    EXPECT_THAT(Call(*campaign_stub_, &Stub::GetCampaign, request, &c), IsOk());
    return c;
  }
  template <class Request>
  static Request Named(const std::string& id) {
    Request request;
    request.set_request_id(NewId());
    request.set_campaign_id(id);
    return request;
  }
  static v1::CampaignStart In(absl::Duration ahead) {
    v1::CampaignStart start;
    start.mutable_instant()->set_seconds(absl::ToUnixSeconds(SystemClock::Get()->Now() + ahead));
    return start;
  }
  absl::Status PutRates(const std::vector<v1::CostRate>& rates, bool replace_all = false) {
    v1::PutCostRatesRequest request;
    request.set_request_id(NewId());
    for (const v1::CostRate& rate : rates) *request.add_rates() = rate;
    request.set_replace_all(replace_all);
    v1::PutCostRatesResponse response;
    return Call(*channel_stub_, &v1::ChannelService::Stub::PutCostRates, request, &response);
  }
  static v1::CostRate Rate(const std::string& country, const std::string& from, int64_t micros) {
    v1::CostRate rate;
    rate.set_country(country);
    rate.set_category("MARKETING");
    rate.set_valid_from(from);
    rate.set_currency("USD");
    rate.set_micros(micros);
    return rate;
  }
};

TEST_F(CampaignTest, IsEditedFreelyAsADraftAndLaterOnlyInItsPace) {
  Connect();
  ApproveTemplate();
  ImportPeople(1);
  v1::Campaign c = NewCampaign(), out;
  v1::Campaign patch = c;
  patch.set_display_name("invierno");
  patch.mutable_guards()->mutable_max_cost()->set_currency("USD");
  patch.mutable_guards()->mutable_max_cost()->set_minor_units(1000);
  ASSERT_THAT(Update(patch, {"display_name"}, &out), IsOk());
  EXPECT_EQ(out.display_name(), "invierno");
  EXPECT_FALSE(out.has_guards()) << "not named in the mask";
  EXPECT_THAT(Update(patch, {"display_name"}, &out), StatusIs(Code::kAborted, "ETAG_MISMATCH"));
  v1::Campaign scheduled;
  ASSERT_THAT(Schedule(c.id(), In(absl::Hours(2)), &scheduled), IsOk());
  EXPECT_EQ(scheduled.state(), v1::CAMPAIGN_STATE_SCHEDULED);
  patch.set_etag("");
  EXPECT_THAT(Update(patch, {"display_name", "rate_per_second"}, &out), IsOk())
      << "the name stays the same, so only the pace changes";
  patch.set_display_name("otra");
  EXPECT_THAT(Update(patch, {"display_name"}, &out), StatusIs(Code::kFailedPrecondition, "CAMPAIGN_STATE"));
  patch.set_rate_per_second(7);
  ASSERT_THAT(Update(patch, {"rate_per_second", "guards"}, &out), IsOk());
  EXPECT_EQ(out.rate_per_second(), 7);
  EXPECT_EQ(out.guards().max_cost().minor_units(), 1000);
  v1::DeleteCampaignResponse gone;
  EXPECT_THAT(Call(*campaign_stub_, &Stub::DeleteCampaign, Named<v1::DeleteCampaignRequest>(c.id()), &gone),
              StatusIs(Code::kFailedPrecondition, "CAMPAIGN_STATE"));
  ASSERT_THAT(Call(*campaign_stub_, &Stub::UnscheduleCampaign, Named<v1::UnscheduleCampaignRequest>(c.id()), &out),
              IsOk());
  EXPECT_EQ(out.state(), v1::CAMPAIGN_STATE_DRAFT);
  v1::Campaign copy;
  ASSERT_THAT(Call(*campaign_stub_, &Stub::CopyCampaign, Named<v1::CopyCampaignRequest>(c.id()), &copy), IsOk());
  EXPECT_NE(copy.id(), c.id());
  EXPECT_EQ(copy.guards().max_cost().minor_units(), 1000);
  EXPECT_EQ(copy.state(), v1::CAMPAIGN_STATE_DRAFT);
  ASSERT_THAT(Call(*campaign_stub_, &Stub::DeleteCampaign, Named<v1::DeleteCampaignRequest>(c.id()), &gone), IsOk());
  v1::GetCampaignRequest get;
  get.set_campaign_id(c.id());
  EXPECT_THAT(Call(*campaign_stub_, &Stub::GetCampaign, get, &out), StatusIs(Code::kNotFound, "CAMPAIGN_NOT_FOUND"));
}

TEST_F(CampaignTest, ThePreflightShowsCostAndExamplesAndEqualsTheFreeze) {
  Connect();
  ApproveTemplate();
  ImportPeople(30);
  absl::Status status;
  Import("phone,first_name\n+5491155550000,Sin permiso\n", 1000, &status);
  ASSERT_THAT(status, IsOk());
  ASSERT_THAT(PutRates({Rate("AR", "2024-01-01", 61'800)}), IsOk());
  const v1::Campaign c = NewCampaign();
  const v1::PreflightCampaignResponse p = Preflight(c.id());
  EXPECT_EQ(p.matched(), 31);
  EXPECT_EQ(p.reachable(), 30);
  ASSERT_EQ(p.costs_size(), 1) << p.ShortDebugString();
  EXPECT_EQ(p.costs(0).cost().currency(), "USD");
  EXPECT_EQ(p.costs(0).cost().minor_units(), 185) << "30 times 6.18 cents is 185.4";
  EXPECT_EQ(p.without_rate(), 0);
  EXPECT_TRUE(p.has_estimated_finish());
  EXPECT_FALSE(p.has_reach_left()) << "unlimited";
  ASSERT_GE(p.samples_size(), 6);
  EXPECT_EQ(p.samples(0).why(), "FIRST");
  EXPECT_LE(p.samples_size(), 10);
  for (const v1::Finding& f : p.findings()) EXPECT_NE(f.severity(), v1::SEVERITY_ERROR) << f.ShortDebugString();
  Launch(c.id());
  ASSERT_TRUE(Eventually([&] { return Get(c.id()).state() >= v1::CAMPAIGN_STATE_RUNNING; }));
  const v1::CampaignReport r = Report(c.id());
  EXPECT_EQ(r.audience(), p.matched());
  EXPECT_EQ(r.excluded(), p.excluded(0).count());
  EXPECT_EQ(r.excluded_by_reason(0).reason(), p.excluded(0).reason());
}

TEST_F(CampaignTest, ThePreflightCountsNoSlotThatWillHaveRunOut) {
  Connect();
  ApproveTemplate();
  ImportPeople(2);
  v1::UpdateSenderRequest update;
  update.set_request_id(NewId());
  update.mutable_sender()->set_id(sender_.id());
  update.mutable_sender()->set_daily_reach(1000);
  v1::Sender s;
  ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::UpdateSender, update, &s), IsOk());
  const absl::Time now = absl::Now();
  int n = 0;
  for (const absl::Duration ago : {absl::Hours(30), absl::Hours(1)}) {
    const Uuid contact = *Uuid::Parse(Lookup(absl::StrCat("+549112000000", n++)).id());
    ASSERT_THAT(db_->WriteAndWait(
                    sql::TestScope(),
                    [&](sql::Transaction& tx) -> absl::Status {
                      ASSIGN_OR_RETURN(const Sender of, ChannelRepository::GetSender(tx, *Uuid::Parse(sender_.id())));
                      ASSIGN_OR_RETURN(const Channel channel, ChannelRepository::GetChannel(tx, of.channel_id));
                      RETURN_IF_ERROR(LimitRepository::AddReach(tx, channel.portfolio_id, 1));
                      return LimitRepository::TakeReach(tx, channel.portfolio_id, contact, Uuid::New(now - ago),
                                                        now - ago);
                    }),
                IsOk());
  }
  EXPECT_EQ(Preflight(NewCampaign().id()).reach_left(), 999);
}

TEST_F(CampaignTest, AStartInThePastAndAMissingRateUnderAMaximumBlock) {
  Connect();
  ApproveTemplate();
  ImportPeople(1);
  v1::Campaign c = NewCampaign(), out;
  v1::CampaignStart past;
  past.set_local_time("2020-01-01T10:00");
  past.set_zone(v1::CampaignStart::ZONE_TENANT);
  absl::Status refused = Schedule(c.id(), past, &out);
  EXPECT_THAT(refused, StatusIs(Code::kFailedPrecondition, "PREFLIGHT_BLOCKED"));
  EXPECT_NE(refused.message().find("C_START_PAST"), std::string::npos) << refused;
  v1::Campaign patch = c;
  patch.mutable_guards()->mutable_max_cost()->set_currency("USD");
  patch.mutable_guards()->mutable_max_cost()->set_minor_units(1);
  ASSERT_THAT(Update(patch, {"guards"}, &out), IsOk());
  refused = Schedule(c.id(), In(absl::Hours(1)), &out);
  EXPECT_NE(refused.message().find("C_NO_RATE"), std::string::npos) << refused;
  v1::CampaignStart both = In(absl::Hours(1));
  both.set_local_time("2099-01-01T10:00");
  EXPECT_THAT(Schedule(c.id(), both, &out), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(CampaignTest, AfterAChangeOfCategoryTheNextMessageMustBeAffordable) {
  Connect();
  ApproveTemplate();
  ImportPeople(2);
  v1::CostRate utility = Rate("AR", "2020-01-01", 1'000);
  utility.set_category("UTILITY");
  ASSERT_THAT(PutRates({Rate("AR", "2020-01-01", 60'000), utility}), IsOk());
  auto become = [&, seconds = 0](Category category) mutable {
    const TranslationKey key{*Uuid::Parse(channel_.id()), "promo", "es_AR"};
    const absl::Time at = SystemClock::Get()->Now() + absl::Seconds(++seconds);
    ASSERT_THAT(db_->WriteAndWait(sql::TestScope(),
                                  [&](sql::Transaction& tx) {
                                    return ApplyVerdict(tx, key, {.category = category, .at = at}, at).status();
                                  }),
                IsOk());
  };
  become(Category::kUtility);
  v1::Campaign patch = NewCampaign();
  patch.mutable_guards()->mutable_max_cost()->set_currency("USD");
  patch.mutable_guards()->mutable_max_cost()->set_minor_units(5);
  v1::Campaign c;
  ASSERT_THAT(Update(patch, {"guards"}, &c), IsOk());
  Launch(c.id());
  ASSERT_TRUE(Eventually([&] { return Get(c.id()).state() == v1::CAMPAIGN_STATE_RUNNING; }));
  become(Category::kMarketing);
  EXPECT_EQ(Get(c.id()).pause_reason(), "TEMPLATE_CATEGORY");
  EXPECT_THAT(Call(*campaign_stub_, &Stub::ResumeCampaign, Named<v1::ResumeCampaignRequest>(c.id()), &c),
              StatusIs(Code::kFailedPrecondition, "PREFLIGHT_BLOCKED"))
      << "one of marketing costs six cents";
  patch = Get(patch.id());
  patch.mutable_guards()->mutable_max_cost()->set_minor_units(6);
  ASSERT_THAT(Update(patch, {"guards"}, &c), IsOk());
  EXPECT_THAT(Call(*campaign_stub_, &Stub::ResumeCampaign, Named<v1::ResumeCampaignRequest>(patch.id()), &c), IsOk());
}

TEST_F(CampaignTest, ARetryWithNobodyToWriteToSaysSo) {
  Connect();
  ApproveTemplate();
  ImportPeople(2);
  StartSending();
  const v1::Campaign c = NewCampaign();
  v1::RetryRecipientsResponse retried;
  EXPECT_THAT(Call(*campaign_stub_, &Stub::RetryRecipients, Named<v1::RetryRecipientsRequest>(c.id()), &retried),
              StatusIs(Code::kFailedPrecondition, "CAMPAIGN_STATE"));
  Launch(c.id());
  ASSERT_TRUE(Eventually([&] { return Get(c.id()).state() == v1::CAMPAIGN_STATE_COMPLETED; }));
  EXPECT_THAT(Call(*campaign_stub_, &Stub::RetryRecipients, Named<v1::RetryRecipientsRequest>(c.id()), &retried),
              StatusIs(Code::kFailedPrecondition, "NOTHING_TO_RETRY"));
}

TEST_F(CampaignTest, ATestGoesToTestersOnlyAndIntoNoReport) {
  Connect();
  ApproveTemplate();
  absl::Status status;
  Import("phone,first_name\n+5491120000001,Tina\n+5491120000002,Otro\n", 1000, &status);
  ASSERT_THAT(status, IsOk());
  const v1::Contact tina = Lookup("+5491120000001"), other = Lookup("+5491120000002");
  ASSERT_THAT(db_->WriteAndWait(sql::TestScope(),
                                [&](sql::Transaction& tx) -> absl::Status {
                                  ASSIGN_OR_RETURN(Contact c, contacts_.Get(tx, *Uuid::Parse(tina.id())));
                                  c.tester = true;
                                  return contacts_.Update(tx, c, SystemClock::Get()->Now());
                                }),
              IsOk());
  const v1::Campaign c = NewCampaign();
  v1::SendTestRequest request;
  request.set_request_id(NewId());
  request.add_contact_ids(other.id());
  request.set_campaign_id(c.id());
  v1::SendTestResponse sent;
  EXPECT_THAT(Call(*campaign_stub_, &Stub::SendTest, request, &sent),
              StatusIs(Code::kFailedPrecondition, "NO_CONSENT"));
  request.set_contact_ids(0, tina.id());
  request.set_request_id(NewId());
  ASSERT_THAT(Call(*campaign_stub_, &Stub::SendTest, request, &sent), IsOk());
  ASSERT_EQ(sent.message_ids_size(), 1);
  StartSending();
  v1::GetMessageRequest get;
  get.set_message_id(sent.message_ids(0));
  v1::Message m;
  ASSERT_TRUE(Eventually([&] {
    return Call(*message_stub_, &v1::MessageService::Stub::GetMessage, get, &m).ok() &&
           m.state() >= v1::MESSAGE_STATE_ACCEPTED;
  })) << m.ShortDebugString();
  EXPECT_NE(m.state(), v1::MESSAGE_STATE_FAILED) << "the mark counts as consent: " << m.ShortDebugString();
  EXPECT_EQ(m.content().template_().values().at("body.1"), "Tina");
  EXPECT_EQ(Report(c.id()).audience(), 0);
}

TEST_F(CampaignTest, ATestHasTheVariablesOfListsInSegments) {
  Connect();
  ApproveTemplate();
  const v1::ContactList list = NewList("deudores");
  v1::ImportHeader header;
  header.set_list_id(list.id());
  absl::Status status;
  Import("phone,var:apodo\n+5491120000001,Titi\n", 1000, &status, header);
  ASSERT_THAT(status, IsOk());
  v1::UpdateContactRequest tester;
  tester.set_request_id(NewId());
  tester.mutable_contact()->set_id(Lookup("+5491120000001").id());
  tester.mutable_contact()->set_tester(true);
  tester.mutable_update_mask()->add_paths("tester");
  v1::Contact tina;
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::UpdateContact, tester, &tina), IsOk());
  v1::PutSegmentRequest put;
  put.set_request_id(NewId());
  put.mutable_segment()->set_id("deben");
  put.mutable_segment()->set_display_name("Deben");
  put.mutable_segment()->mutable_filter()->set_list_id(list.id());
  v1::Segment segment;
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::PutSegment, put, &segment), IsOk());
  v1::Campaign c = NewCampaign();
  c.mutable_audience()->set_segment_id("deben");
  (*c.mutable_parameters())["body.1"].set_list_variable("apodo");
  ASSERT_THAT(Update(c, {"audience", "parameters"}, &c), IsOk());
  v1::SendTestRequest request;
  request.set_request_id(NewId());
  request.add_contact_ids(tina.id());
  request.set_campaign_id(c.id());
  v1::SendTestResponse sent;
  ASSERT_THAT(Call(*campaign_stub_, &Stub::SendTest, request, &sent), IsOk());
  v1::GetMessageRequest get;
  get.set_message_id(sent.message_ids(0));
  v1::Message m;
  ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::GetMessage, get, &m), IsOk());
  EXPECT_EQ(m.content().template_().values().at("body.1"), "Titi");
}

TEST_F(CampaignTest, RatesAreCheckedReplacedAndPaged) {
  Connect();
  v1::CostRate bad = Rate("Argentina", "1 de enero", -1);
  bad.set_category("PROMO");
  bad.set_currency("pesos");
  const absl::Status refused = PutRates({bad, Rate("AR", "2026-01-01", 1), Rate("AR", "2026-01-01", 2)});
  EXPECT_THAT(refused, StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  for (const char* field : {"rates[0].country", "rates[0].category", "rates[0].valid_from", "rates[0].micros",
                            "rates[0].currency", "rates[2]"}) {
    EXPECT_NE(refused.ToString().find(field), std::string::npos) << field << " in " << refused;
  }
  ASSERT_THAT(PutRates({Rate("AR", "2026-01-01", 1), Rate("AR", "2026-04-01", 2), Rate("BR", "2026-01-01", 3)}),
              IsOk());
  v1::ListCostRatesRequest list;
  list.set_page_size(2);
  v1::ListCostRatesResponse page;
  ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::ListCostRates, list, &page), IsOk());
  ASSERT_EQ(page.rates_size(), 2);
  EXPECT_EQ(page.rates(1).valid_from(), "2026-04-01");
  list.set_page_token(page.next_page_token());
  ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::ListCostRates, list, &page), IsOk());
  ASSERT_EQ(page.rates_size(), 1);
  EXPECT_EQ(page.rates(0).country(), "BR");
  EXPECT_EQ(page.next_page_token(), "");
  ASSERT_THAT(PutRates({Rate("CL", "2026-01-01", 4)}, /*replace_all=*/true), IsOk());
  list.Clear();
  ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::ListCostRates, list, &page), IsOk());
  ASSERT_EQ(page.rates_size(), 1);
  EXPECT_EQ(page.rates(0).micros(), 4);
}

}  // namespace
}  // namespace vinculo::messaging
