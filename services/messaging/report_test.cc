#include <set>

#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/report_counts.h"
#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;
using Reports = v1::ReportService::Stub;

constexpr int kPeople = 12;
constexpr int kReached = 10;

// A campaign of twelve: one is refused, one fails later, the others read it; two answer, one of them by opting out.
class ReportTest : public Rig {
 protected:
  void RunCampaign() {
    Connect();
    ApproveTemplate();
    ImportPeople(kPeople);
    Configure({{"webhook", {{"read_share", 1.0}}},
               {"faults",
                {{{"on", "send"}, {"to_suffix", "0001"}, {"do", "error"}, {"code", 131026}},
                 {{"on", "send"}, {"to_suffix", "0002"}, {"do", "fail_later"}, {"code", 131049}}}},
               {"customers",
                {{"rules",
                  {{{"numbers", {"5491120000004"}}, {"kind", "template"}, {"reply", {{"choice", 1}}}},
                   {{"numbers", {"5491120000005"}}, {"kind", "template"}, {"reply", {{"text", "Me interesa"}}}}}}}}});
    campaign_ = Launch(NewCampaign().id());
    StartSending();
    ASSERT_TRUE(Eventually([&] {
      const v1::CampaignReport r = Report(campaign_.id());
      return r.state() == v1::CAMPAIGN_STATE_COMPLETED && r.read() == kReached && r.failed() == 2 &&
             r.opt_outs() == 1 && r.repliers_direct() + r.repliers_inferred() == 2;
    }));
  }

  template <class Req, class Resp>
  Resp Get(grpc::Status (Reports::*method)(grpc::ClientContext*, const Req&, Resp*), const Req& request) {
    Resp response;
    EXPECT_THAT(Call(*report_stub_, method, request, &response), IsOk());
    return response;
  }

  // The tenant's only price: of marketing to Argentina.
  void PutRate(int64_t micros) {
    v1::PutCostRatesRequest rates;
    rates.set_request_id(NewId());
    v1::CostRate* rate = rates.add_rates();
    rate->set_country("AR");
    rate->set_category("MARKETING");
    rate->set_valid_from("2020-01-01");
    rate->set_currency("USD");
    rate->set_micros(micros);
    v1::PutCostRatesResponse put;
    ASSERT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::PutCostRates, rates, &put), IsOk());
  }

  // `n` single messages delivered at `at`, each at so many millionths; without a currency: without a price.
  void Deliver(int n, absl::Time at, const std::string& currency, int64_t micros = 0) {
    ASSERT_THAT(db_->WriteAndWait(sql::TestScope(),
                                  [&](sql::Transaction& tx) {
                                    Message m{.sender_id = *Uuid::Parse(sender_.id())};
                                    m.progress = {.phase = Phase::kAccepted, .delivered_at = at};
                                    m.currency = currency;
                                    if (!currency.empty()) m.price = micros;
                                    FigureDeltas deltas;
                                    for (int i = 0; i < n; ++i) deltas.ChangeCost(Message(), m);
                                    return deltas.Flush(tx);
                                  }),
                IsOk());
  }

  v1::CampaignSeries Series(v1::SeriesStep step) {
    v1::GetCampaignSeriesRequest request;
    request.set_campaign_id(campaign_.id());
    request.set_step(step);
    return Get(&Reports::GetCampaignSeries, request);
  }

  std::string Export(v1::ExportRecipientsRequest request, absl::Status* status, const rpc::Caller& caller = {}) {
    const auto context = server_.Context(caller);
    const auto reader = report_stub_->ExportRecipients(context.get(), request);
    std::string csv;
    for (v1::ExportRecipientsResponse piece; reader->Read(&piece);) csv += piece.csv();
    *status = rpc::FromGrpcStatus(reader->Finish());
    return csv;
  }

  v1::Campaign campaign_;
};

TEST_F(ReportTest, RatesShowWhatTheyAreMadeOf) {
  RunCampaign();
  const v1::CampaignReport r = Report(campaign_.id());
  EXPECT_EQ(r.rates().delivery().numerator(), kReached);
  EXPECT_EQ(r.rates().delivery().denominator(), kReached + 1) << "what failed later was accepted";
  EXPECT_EQ(r.rates().reply().numerator(), 2);
  EXPECT_EQ(r.rates().reply().denominator(), kReached);
  EXPECT_DOUBLE_EQ(r.rates().opt_out().percent(), 10);
  EXPECT_EQ(r.rates().failure().numerator(), 2);
  EXPECT_EQ(r.rates().failure().denominator(), kPeople);
  ASSERT_EQ(r.costs_size(), 1) << "no rate is known";
  EXPECT_EQ(r.costs(0).unpriced(), kReached);
  EXPECT_FALSE(r.costs(0).has_cost());
  const v1::CampaignReport draft = Report(NewCampaign().id());
  EXPECT_FALSE(draft.rates().has_reply()) << "of nobody there is no rate";
}

TEST_F(ReportTest, WhatItCostStandsInALineForEachCurrencyAndForEachReply) {
  PutRate(61'900);
  RunCampaign();
  v1::CampaignReport r;
  EXPECT_TRUE(Eventually([&] {
    r = Report(campaign_.id());
    return r.costs_size() == 1 && r.costs(0).messages() == kReached && r.costs(0).unpriced() == 0;
  }));
  ASSERT_EQ(r.costs_size(), 1) << r.ShortDebugString();
  EXPECT_EQ(r.costs(0).messages(), kReached) << "what failed later costs nothing";
  EXPECT_EQ(r.costs(0).cost().currency(), "USD");
  EXPECT_EQ(r.costs(0).cost().minor_units(), 62) << "61.9 cents, rounded once";
  EXPECT_EQ(r.costs(0).per_reply().minor_units(), 31) << "30.95 cents";
  EXPECT_EQ(r.costs(0).unpriced(), 0);
  ExpectRecountAgrees(campaign_.id());
  v1::GetTemplateReportRequest of_template;
  of_template.set_name("promo");
  const v1::TemplateReport t = Get(&Reports::GetTemplateReport, of_template);
  ASSERT_EQ(t.versions_size(), 1);
  ASSERT_EQ(t.versions(0).campaigns().costs_size(), 1) << t.ShortDebugString();
  EXPECT_EQ(t.versions(0).campaigns().costs(0).SerializeAsString(), r.costs(0).SerializeAsString())
      << "the template's only campaign";
  EXPECT_EQ(t.versions(0).notifications().costs_size(), 0);
  v1::GetSenderReportRequest of_sender;
  of_sender.set_sender_id(sender_.id());
  EXPECT_EQ(Get(&Reports::GetSenderReport, of_sender).campaigns().costs(0).cost().minor_units(), 62);
  const v1::GetTenantMonthsResponse m = Get(&Reports::GetTenantMonths, v1::GetTenantMonthsRequest());
  const v1::TenantMonth& running = *m.months().rbegin();
  ASSERT_EQ(running.costs_size(), 1);
  EXPECT_EQ(running.costs(0).line().cost().minor_units(), 62);
  EXPECT_EQ(running.costs(0).line().messages(), kReached);
  EXPECT_FALSE(running.costs(0).line().has_per_reply());
  EXPECT_EQ(running.costs(0).change().minor_units(), 62);
}

TEST_F(ReportTest, MonthsShowWhatEachCostWithTheChangeOnTheMonthBefore) {
  Connect();
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("America/Argentina/Buenos_Aires", &zone));
  const absl::CivilMonth running(absl::ToCivilSecond(SystemClock::Get()->Now(), zone));
  const auto first_hour = [&](int months_ago) { return absl::FromCivil(running - months_ago, zone); };
  Deliver(3, first_hour(2), "USD", 3'400);
  Deliver(2, first_hour(2), "EUR", 5'000);
  Deliver(2, first_hour(1) - absl::Seconds(1), "USD", 600'000);  // the last second of a month
  Deliver(1, first_hour(1), "USD", 4'999);
  Deliver(4, first_hour(1), "");
  Deliver(1, first_hour(0), "");
  v1::GetTenantMonthsRequest request;
  request.set_months(4);
  const v1::GetTenantMonthsResponse m = Get(&Reports::GetTenantMonths, request);
  ASSERT_EQ(m.months_size(), 4);
  EXPECT_EQ(m.months(0).costs_size(), 0) << "nothing was delivered";
  const auto& dear = m.months(1).costs();
  ASSERT_EQ(dear.size(), 2) << m.ShortDebugString();
  EXPECT_EQ(dear[0].line().cost().currency(), "EUR");
  EXPECT_EQ(dear[0].line().cost().minor_units(), 1);
  EXPECT_EQ(dear[1].line().cost().minor_units(), 121) << "1.2102, rounded once";
  EXPECT_EQ(dear[1].line().messages(), 5);
  EXPECT_EQ(dear[1].change().minor_units(), 121);
  const auto& cheap = m.months(2).costs();
  ASSERT_EQ(cheap.size(), 2);
  EXPECT_EQ(cheap[0].line().cost().minor_units(), 0) << "nothing more in euros";
  EXPECT_EQ(cheap[0].change().currency(), "EUR");
  EXPECT_EQ(cheap[0].change().minor_units(), -1);
  EXPECT_EQ(cheap[1].line().cost().minor_units(), 0) << "0.4999 cents";
  EXPECT_EQ(cheap[1].line().messages(), 1);
  EXPECT_EQ(cheap[1].line().unpriced(), 4) << "beside each";
  EXPECT_EQ(cheap[1].change().minor_units(), -121);
  const auto& last = m.months(3).costs();
  ASSERT_EQ(last.size(), 1);
  EXPECT_EQ(last[0].line().unpriced(), 1);
  EXPECT_EQ(last[0].change().currency(), "USD") << last[0].ShortDebugString();
}

TEST_F(ReportTest, BucketsOfEveryStepAddUpToTheReport) {
  RunCampaign();
  const v1::CampaignReport r = Report(campaign_.id());
  for (const auto step : {v1::SERIES_STEP_MINUTE, v1::SERIES_STEP_HOUR, v1::SERIES_STEP_DAY, v1::SERIES_STEP_WEEK,
                          v1::SERIES_STEP_MONTH}) {
    const v1::CampaignSeries s = Series(step);
    int64_t accepted = 0, delivered = 0;
    for (const v1::SeriesBucket& b : s.buckets()) {
      accepted += b.counts().accepted();
      delivered += b.counts().delivered();
      EXPECT_LT(b.start_time().seconds(), b.end_time().seconds());
    }
    EXPECT_EQ(accepted, r.accepted_ever());
    EXPECT_EQ(delivered, r.delivered_ever());
    EXPECT_EQ(s.total().accepted(), r.accepted_ever());
    EXPECT_EQ(s.total().read(), r.read());
    EXPECT_EQ(s.total().failed(), r.failed());
    EXPECT_EQ(s.total().replied(), 2);
    EXPECT_EQ(s.total().opted_out(), r.opt_outs());
    EXPECT_EQ(s.time_zone(), "America/Argentina/Buenos_Aires");
  }
  ExpectRecountAgrees(campaign_.id());
}

TEST_F(ReportTest, CampaignsStandSideBySideInTheOrderAskedFor) {
  RunCampaign();
  const v1::Campaign draft = NewCampaign();
  v1::CompareCampaignsRequest request;
  request.add_campaign_ids(draft.id());
  request.add_campaign_ids(campaign_.id());
  const v1::CompareCampaignsResponse both = Get(&Reports::CompareCampaigns, request);
  ASSERT_EQ(both.reports_size(), 2);
  EXPECT_EQ(both.reports(0).audience(), 0);
  EXPECT_EQ(both.reports(1).delivered_ever(), kReached);
  v1::CompareCampaignsResponse response;
  request.add_campaign_ids(draft.id());
  EXPECT_THAT(Call(*report_stub_, &Reports::CompareCampaigns, request, &response),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  request.clear_campaign_ids();
  request.add_campaign_ids(NewId());
  EXPECT_THAT(Call(*report_stub_, &Reports::CompareCampaigns, request, &response),
              StatusIs(Code::kNotFound, "CAMPAIGN_NOT_FOUND"));
}

TEST_F(ReportTest, TemplateNumberAndMonthCountTheSameMessages) {
  RunCampaign();
  v1::GetTemplateReportRequest of_template;
  of_template.set_name("promo");
  const v1::TemplateReport t = Get(&Reports::GetTemplateReport, of_template);
  ASSERT_EQ(t.versions_size(), 1) << t.ShortDebugString();
  EXPECT_EQ(t.versions(0).language(), "es_AR");
  EXPECT_EQ(t.versions(0).version(), 1);
  EXPECT_EQ(t.versions(0).campaigns().accepted_ever(), kReached + 1);
  EXPECT_EQ(t.versions(0).campaigns().refused(), 1);
  EXPECT_EQ(t.versions(0).campaigns().failed_later(), 1);
  EXPECT_EQ(t.versions(0).campaigns().repliers(), 2);
  EXPECT_EQ(t.versions(0).notifications().accepted_ever(), 0);
  v1::GetSenderReportRequest of_sender;
  of_sender.set_sender_id(sender_.id());
  const v1::SenderReport s = Get(&Reports::GetSenderReport, of_sender);
  EXPECT_EQ(s.campaigns().delivered_ever(), kReached);
  EXPECT_EQ(s.campaigns().opt_outs(), 1);
  v1::GetTenantMonthsRequest months;
  months.set_months(2);
  const v1::GetTenantMonthsResponse m = Get(&Reports::GetTenantMonths, months);
  ASSERT_EQ(m.months_size(), 2);
  EXPECT_EQ(m.months(0).accepted_campaigns().count(), 0);
  const v1::TenantMonth& running = m.months(1);
  EXPECT_EQ(running.accepted_campaigns().count(), kReached + 1);
  EXPECT_EQ(running.accepted_campaigns().change(), kReached + 1);
  EXPECT_EQ(running.contacts_reached().count(), kReached + 1);
  EXPECT_EQ(running.active_senders().count(), 1);
  EXPECT_EQ(running.campaigns_created().count(), 1);
  EXPECT_EQ(running.campaigns_launched().count(), 1);
  EXPECT_EQ(running.templates_submitted().count(), 1);
  EXPECT_EQ(running.approved_at_first().numerator(), 1);
}

TEST_F(ReportTest, AnExportHoldsEachRecipientOnceAndOnlyForWhoMay) {
  RunCampaign();
  v1::ExportRecipientsRequest request;
  request.set_campaign_id(campaign_.id());
  request.mutable_format()->set_delimiter(v1::CsvFormat::DELIMITER_SEMICOLON);
  request.mutable_format()->set_bom(true);
  absl::Status status;
  const std::string csv = Export(request, &status);
  ASSERT_THAT(status, IsOk());
  EXPECT_TRUE(absl::StartsWith(csv,
                               "\xEF\xBB\xBF"
                               "contact_id;phone;"));
  EXPECT_TRUE(absl::EndsWith(csv, "\r\n"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), kPeople + 1);
  EXPECT_NE(csv.find("+5491120000007"), std::string::npos) << "a phone is not escaped as a formula";
  request.set_reason("PROVIDER_131026");
  const std::string refused = Export(request, &status);
  EXPECT_EQ(std::count(refused.begin(), refused.end(), '\n'), 2);
  request.set_reason("NO_CONSENT");
  const std::string none = Export(request, &status);
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(std::count(none.begin(), none.end(), '\n'), 1) << "the header comes also without rows";
  Export(request, &status, {.roles = {"viewer"}});
  EXPECT_THAT(status, StatusIs(Code::kPermissionDenied, "ROLE_REQUIRED"));
}

TEST_F(ReportTest, MessagesAreExportedBySpanOfTime) {
  RunCampaign();
  v1::ExportMessagesRequest request;
  request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(SystemClock::Get()->Now()) - 3600);
  request.mutable_end_time()->set_seconds(absl::ToUnixSeconds(SystemClock::Get()->Now()) + 60);
  const auto context = server_.Context();
  const auto reader = report_stub_->ExportMessages(context.get(), request);
  std::string csv;
  int64_t rows = 0;
  for (v1::ExportMessagesResponse piece; reader->Read(&piece); rows += piece.row_count()) csv += piece.csv();
  EXPECT_THAT(rpc::FromGrpcStatus(reader->Finish()), IsOk());
  EXPECT_EQ(rows, kPeople + 1) << "the campaign's, and the confirmation of the opt-out";
  EXPECT_NE(csv.find(",promo,es_AR,1,MARKETING,"), std::string::npos) << csv.substr(0, 600);
}

TEST_F(ReportTest, ATimelineTellsEverythingInOrderAndPageByPage) {
  RunCampaign();
  v1::GetContactTimelineRequest request;
  request.set_contact_id(Lookup("+5491120000003").id());
  request.set_page_size(1);
  std::vector<std::string> kinds;
  int64_t last = std::numeric_limits<int64_t>::max();
  do {
    const v1::GetContactTimelineResponse page = Get(&Reports::GetContactTimeline, request);
    ASSERT_EQ(page.items_size(), 1);
    const v1::TimelineItem& item = page.items(0);
    EXPECT_LE(item.time().seconds(), last);
    last = item.time().seconds();
    kinds.push_back(item.has_message() ? "message" : item.has_consent() ? "consent" : "other");
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(kinds, (std::vector<std::string>{"message", "consent"}));
  v1::GetContactTimelineResponse masked;
  request.set_page_size(10);
  ASSERT_THAT(Call(*report_stub_, &Reports::GetContactTimeline, request, &masked, {.roles = {"viewer"}}), IsOk());
  EXPECT_FALSE(masked.items(0).message().has_content());
}

TEST_F(ReportTest, ATimelineTellsWhyACampaignPassedSomebodyOver) {
  Connect();
  ApproveTemplate();
  ImportPeople(2);
  const std::string survivor = Lookup("+5491120000000").id(), other = Lookup("+5491120000001").id();
  const absl::Time now = absl::Now();
  const auto row = [&](const std::string& contact, RecipientState state, const char* reason) {
    Recipient r{.campaign_id = *Uuid::Parse(NewCampaign().id()), .contact_id = *Uuid::Parse(contact)};
    r.state = state, r.reason = reason, r.not_before = r.updated_at = now;
    if (state == RecipientState::kSkipped) r.message_id = Uuid::New(now);
    ASSERT_THAT(db_->WriteAndWait(sql::TestScope(),
                                  [&](sql::Transaction& tx) { return CampaignRepository::InsertRecipient(tx, r); }),
                IsOk());
  };
  row(survivor, RecipientState::kSkipped, "DEADLINE");
  row(other, RecipientState::kExcluded, "NO_CONSENT");
  v1::MergeContactsRequest merge;
  merge.set_request_id(NewId());
  merge.set_contact_id(survivor);
  merge.set_other_contact_id(other);
  v1::Contact merged;
  ASSERT_THAT(Call(*contact_stub_, &v1::ContactService::Stub::MergeContacts, merge, &merged), IsOk());
  v1::GetContactTimelineRequest request;
  request.set_contact_id(merged.id());
  std::set<std::string> reasons;
  const v1::GetContactTimelineResponse page = Get(&Reports::GetContactTimeline, request);
  for (const v1::TimelineItem& item : page.items())
    if (item.has_campaign()) reasons.insert(item.campaign().reason());
  EXPECT_EQ(reasons, (std::set<std::string>{"DEADLINE", "NO_CONSENT"}));
}

TEST_F(ReportTest, FiguresOpenAsRecipients) {
  RunCampaign();
  v1::ListRecipientsRequest request;
  request.set_campaign_id(campaign_.id());
  request.set_figure(v1::RECIPIENT_FIGURE_DELIVERED_EVER);
  v1::ListRecipientsResponse page;
  ASSERT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::ListRecipients, request, &page), IsOk());
  EXPECT_EQ(page.recipients_size(), kReached);
  request.set_reply(v1::REPLY_FILTER_ANY);
  ASSERT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::ListRecipients, request, &page), IsOk());
  ASSERT_EQ(page.recipients_size(), 2);
  EXPECT_TRUE(page.recipients(0).replied());
  EXPECT_TRUE(page.recipients(0).has_reply_time());
  request.set_state(v1::RECIPIENT_STATE_READ);
  EXPECT_THAT(Call(*campaign_stub_, &v1::CampaignService::Stub::ListRecipients, request, &page),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
}

}  // namespace
}  // namespace vinculo::messaging
