#include "services/support/api/report_service.h"

#include "services/support/api/api_test_fixture.h"

namespace vinculo::support {
namespace {

class ReportServiceTest : public ApiTest {
 protected:
  absl::StatusOr<v1::WeeklyReport> Weekly(v1::GetWeeklyReportRequest request) {
    v1::WeeklyReport report;
    const absl::Status status =
        server_.Call(*report_stub_, &v1::ReportService::Stub::GetWeeklyReport, request, &report, Agent());
    if (!status.ok()) return status;
    return report;
  }
  absl::StatusOr<v1::GetMetricResponse> Metric(v1::GetMetricRequest request) {
    v1::GetMetricResponse response;
    const absl::Status status =
        server_.Call(*report_stub_, &v1::ReportService::Stub::GetMetric, request, &response, Agent());
    if (!status.ok()) return status;
    return response;
  }
  v1::GetMetricRequest Asking(v1::Metric metric) const {
    v1::GetMetricRequest request;
    request.set_metric(metric);
    api::SetTimestamp(start_ - absl::Hours(240), request.mutable_start());
    api::SetTimestamp(start_ + absl::Hours(240), request.mutable_end());
    return request;
  }
  // First responses of 60, 120, 300 and 600 s; two closed, one snoozed, one open. Then a week passes.
  void Week() {
    int i = 0;
    for (const int seconds : {60, 120, 300, 600}) {
      clock_.Set(start_ + absl::Minutes(20 * i));
      const std::string requester = "r" + std::to_string(i);
      const std::string id = Ingest(requester, "w-" + requester)->conversation().id();
      clock_.Advance(absl::Seconds(seconds));
      ASSERT_OK(Reply(id));
      clock_.Advance(absl::Minutes(1));
      if (i < 2) {
        ASSERT_OK(Close(id));
      }
      if (i == 2) {
        v1::SnoozeConversationRequest snooze;
        snooze.set_id(id);
        ASSERT_OK(Ticket(&v1::TicketService::Stub::SnoozeConversation, snooze));
      }
      ++i;
    }
    clock_.Set(start_ + absl::Hours(168));
  }
};

TEST_F(ReportServiceTest, WeekHasTheSeedsFigures) {
  Week();
  v1::GetWeeklyReportRequest request;
  request.add_breakdowns(v1::GROUP_BY_AGENT);
  ASSERT_OK_AND_ASSIGN(const v1::WeeklyReport report, Weekly(request));
  ASSERT_EQ(report.weeks_size(), 1);
  EXPECT_EQ(report.time_zone(), "America/Argentina/Buenos_Aires");
  const v1::WeekReport& week = report.weeks(0);
  EXPECT_EQ(week.week(), "2024-W10");
  EXPECT_TRUE(week.complete());
  EXPECT_EQ(week.total().new_conversations(), 4);
  EXPECT_EQ(week.total().closed(), 2);
  EXPECT_EQ(week.total().snoozed(), 1);
  EXPECT_EQ(week.total().backlog_open(), 1);
  EXPECT_EQ(week.total().backlog_snoozed(), 1);
  EXPECT_EQ(week.total().backlog_end(), 2);
  EXPECT_EQ(week.total().first_response().median_seconds(), 210);
  EXPECT_EQ(week.total().first_response().n(), 4);
  EXPECT_EQ(week.total().time_to_close().median_seconds(), 150);
  EXPECT_FALSE(week.total().csat().has_percent());
  EXPECT_FALSE(week.total().has_active_users());
  ASSERT_EQ(week.by_agent_size(), 1);
  EXPECT_EQ(week.by_agent(0).key(), "ana");
  EXPECT_EQ(week.by_agent(0).figures().first_response().median_seconds(), 210);
}

TEST_F(ReportServiceTest, AnotherZoneComputesTheSameFromFacts) {
  Week();
  v1::GetWeeklyReportRequest request;
  request.set_from_week("2024-W10");
  ASSERT_OK_AND_ASSIGN(const v1::WeeklyReport own, Weekly(request));
  request.set_time_zone("America/Sao_Paulo");  // the same offset, another zone
  ASSERT_OK_AND_ASSIGN(const v1::WeeklyReport other, Weekly(request));
  EXPECT_EQ(other.weeks(0).total().SerializeAsString(), own.weeks(0).total().SerializeAsString());
}

TEST_F(ReportServiceTest, PartialWeekOnlyWhenAsked) {
  Week();
  v1::GetWeeklyReportRequest request;
  request.set_from_week("2024-W10");
  request.set_to_week("2024-W12");
  ASSERT_OK_AND_ASSIGN(const v1::WeeklyReport complete, Weekly(request));
  EXPECT_EQ(complete.weeks_size(), 1);
  request.set_include_partial(true);
  ASSERT_OK_AND_ASSIGN(const v1::WeeklyReport partial, Weekly(request));
  ASSERT_EQ(partial.weeks_size(), 2);
  EXPECT_FALSE(partial.weeks(1).complete());
  EXPECT_EQ(partial.weeks(1).changes_size(), 0);
  EXPECT_EQ(partial.weeks(1).total().backlog_end(), 2);
}

TEST_F(ReportServiceTest, BadRequestsAreNamed) {
  v1::GetWeeklyReportRequest request;
  request.set_from_week("2024-13");
  EXPECT_THAT(Weekly(request), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  request.set_from_week("2024-W10");
  request.set_time_zone("-03:00");
  EXPECT_THAT(Weekly(request), StatusIs(absl::StatusCode::kInvalidArgument, "OFFSET_NOT_ZONE"));
  EXPECT_THAT(Metric(Asking(v1::METRIC_UNSPECIFIED)), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(Metric(Asking(static_cast<v1::Metric>(99))),
              StatusIs(absl::StatusCode::kInvalidArgument, "UNKNOWN_METRIC"));
  v1::GetMetricRequest metric;
  metric.set_metric(v1::METRIC_NEW);
  EXPECT_THAT(Metric(metric), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(ReportServiceTest, MetricAgreesWithTheWeeklyReport) {
  Week();
  ASSERT_OK_AND_ASSIGN(const v1::WeeklyReport report, Weekly({}));
  const v1::WeekFigures& total = report.weeks(0).total();
  const auto value = [&](v1::Metric metric) -> std::optional<double> {
    const auto response = Metric(Asking(metric));
    for (const v1::MetricRow& row : response->rows()) {
      if (row.bucket() == "2024-W10" && row.has_value()) return row.value();
    }
    return std::nullopt;
  };
  EXPECT_EQ(value(v1::METRIC_FIRST_RESPONSE_TIME), total.first_response().median_seconds());
  EXPECT_EQ(value(v1::METRIC_TIME_TO_CLOSE), total.time_to_close().median_seconds());
  EXPECT_EQ(value(v1::METRIC_NEW), total.new_conversations());
  EXPECT_EQ(value(v1::METRIC_CLOSED_UNIQUE), total.closed_unique());
  EXPECT_EQ(value(v1::METRIC_BACKLOG), total.backlog_end());
  EXPECT_EQ(value(v1::METRIC_BACKLOG_SNOOZED), total.backlog_snoozed());
  EXPECT_EQ(value(v1::METRIC_CSAT), std::nullopt);
}

TEST_F(ReportServiceTest, RebuildFindsNothingToRepair) {
  Week();
  v1::RebuildMetricsResponse response;
  ASSERT_OK(server_.Call(*report_stub_, &v1::ReportService::Stub::RebuildMetrics, v1::RebuildMetricsRequest(),
                         &response, Lead()));
  EXPECT_EQ(response.conversations(), 4);
  EXPECT_EQ(response.differed(), 0);
  EXPECT_EQ(response.next_page_token(), "");
}

class CsatServiceTest : public ReportServiceTest {};

TEST_F(CsatServiceTest, SurveyIsSentOnceAndRatedThroughItsToken) {
  ASSERT_OK_AND_ASSIGN(const auto opened, Ingest("maria", "w-1"));
  const std::string id = opened.conversation().id();
  v1::SendSurveyRequest send;
  send.set_conversation_id(id);
  v1::Survey survey;
  const auto ask = [&] {
    return server_.Call(*csat_stub_, &v1::CsatService::Stub::SendSurvey, send, &survey, Agent());
  };
  EXPECT_THAT(ask(), StatusIs(absl::StatusCode::kFailedPrecondition, "NOT_CLOSED"));
  ASSERT_OK(Reply(id));
  ASSERT_OK(Close(id));
  ASSERT_OK(ask());
  EXPECT_EQ(survey.state(), v1::SURVEY_STATE_DELIVERED);
  EXPECT_THAT(ask(), StatusIs(absl::StatusCode::kFailedPrecondition, "SURVEY_ALREADY_SENT"));

  const auto events =
      database_->WriteAndWait(sql::TestScope(), [](sql::Transaction& tx) { return events::Read(tx, 0, 100); });
  v1::CsatSent sent;
  ASSERT_EQ(events->back().type, "csat.sent");
  ASSERT_TRUE(sent.ParseFromString(events->back().payload));
  v1::SubmitRatingRequest rate;
  rate.set_token(sent.link().substr(29));
  rate.set_rating(9);
  v1::Rating rating;
  const auto submit = [&](rpc::Caller caller) {
    return server_.Call(*csat_stub_, &v1::CsatService::Stub::SubmitRating, rate, &rating, caller);
  };
  EXPECT_THAT(submit(Service()), StatusIs(absl::StatusCode::kInvalidArgument, "RATING_OUT_OF_RANGE"));
  rate.set_rating(5);
  EXPECT_THAT(submit({"acme", {"service"}, "gateway"}), StatusIs(absl::StatusCode::kNotFound, "SURVEY_NOT_FOUND"));
  EXPECT_THAT(submit(Agent()), StatusIs(absl::StatusCode::kPermissionDenied));
  ASSERT_OK(submit(Service()));
  EXPECT_EQ(rating.rating(), 5);
  EXPECT_EQ(rating.agent(), "ana");
  EXPECT_EQ(EventTypes().back(), "csat.received");
  v1::ListRatingsResponse ratings;
  ASSERT_OK(
      server_.Call(*csat_stub_, &v1::CsatService::Stub::ListRatings, v1::ListRatingsRequest(), &ratings, Agent()));
  EXPECT_EQ(ratings.ratings_size(), 1);
}

class DirectoryServiceTest : public ApiTest {};

TEST_F(DirectoryServiceTest, PutsAndListsWithEtags) {
  v1::PutTeamRequest put;
  put.mutable_team()->set_id("Not a slug");
  v1::Team team;
  const auto save = [&](rpc::Caller caller = Lead()) {
    return server_.Call(*directory_stub_, &v1::DirectoryService::Stub::PutTeam, put, &team, caller);
  };
  EXPECT_THAT(save(), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  put.mutable_team()->set_id("ventas");
  put.mutable_team()->set_display_name("Ventas");
  EXPECT_THAT(save(Agent()), StatusIs(absl::StatusCode::kPermissionDenied));
  ASSERT_OK(save());
  put.mutable_team()->set_etag("\"7\"");
  EXPECT_THAT(save(), StatusIs(absl::StatusCode::kAborted, "ETAG_MISMATCH"));
  v1::ListTeamsResponse teams;
  ASSERT_OK(
      server_.Call(*directory_stub_, &v1::DirectoryService::Stub::ListTeams, v1::ListTeamsRequest(), &teams, Agent()));
  ASSERT_EQ(teams.teams_size(), 1);
  EXPECT_EQ(teams.teams(0).display_name(), "Ventas");
}

TEST_F(DirectoryServiceTest, TagNamesAreUniqueAndSendersHaveOneInbox) {
  v1::PutTagRequest tag;
  tag.mutable_tag()->set_id("api");
  tag.mutable_tag()->set_display_name("API");
  v1::Tag stored;
  ASSERT_OK(server_.Call(*directory_stub_, &v1::DirectoryService::Stub::PutTag, tag, &stored, Lead()));
  tag.mutable_tag()->set_id("interfaz");
  EXPECT_THAT(server_.Call(*directory_stub_, &v1::DirectoryService::Stub::PutTag, tag, &stored, Lead()),
              StatusIs(absl::StatusCode::kAlreadyExists, "TAG_EXISTS"));
  v1::PutInboxRequest inbox;
  inbox.mutable_inbox()->set_id("wa");
  inbox.mutable_inbox()->set_display_name("WhatsApp");
  inbox.mutable_inbox()->set_sender_id("s-1");
  v1::Inbox kept;
  ASSERT_OK(server_.Call(*directory_stub_, &v1::DirectoryService::Stub::PutInbox, inbox, &kept, Lead()));
  EXPECT_EQ(kept.reopen_window().seconds(), 14 * 24 * 3600);
  inbox.mutable_inbox()->set_id("wa2");
  EXPECT_THAT(server_.Call(*directory_stub_, &v1::DirectoryService::Stub::PutInbox, inbox, &kept, Lead()),
              StatusIs(absl::StatusCode::kFailedPrecondition, "SENDER_TAKEN"));
}

TEST_F(DirectoryServiceTest, DefaultInboxIsThereFromTheStart) {
  v1::ListInboxesResponse inboxes;
  const auto list = [&] {
    return server_.Call(*directory_stub_, &v1::DirectoryService::Stub::ListInboxes, v1::ListInboxesRequest(), &inboxes,
                        Agent());
  };
  ASSERT_OK(list());
  ASSERT_EQ(inboxes.inboxes_size(), 1);
  EXPECT_EQ(inboxes.inboxes(0).id(), "default");
  v1::PutInboxRequest put;
  *put.mutable_inbox() = inboxes.inboxes(0);
  put.mutable_inbox()->set_survey_text("¿Cómo te atendimos?");
  v1::Inbox kept;
  ASSERT_OK(server_.Call(*directory_stub_, &v1::DirectoryService::Stub::PutInbox, put, &kept, Lead()));
  ASSERT_OK(list());
  ASSERT_EQ(inboxes.inboxes_size(), 1);
  EXPECT_EQ(inboxes.inboxes(0).survey_text(), "¿Cómo te atendimos?");
}

TEST_F(DirectoryServiceTest, PresenceIsOnesOwn) {
  v1::PutAgentRequest put;
  put.mutable_agent()->set_id("ana");
  put.mutable_agent()->set_display_name("Ana");
  v1::Agent agent;
  ASSERT_OK(server_.Call(*directory_stub_, &v1::DirectoryService::Stub::PutAgent, put, &agent, Lead()));
  v1::SetPresenceRequest request;
  request.set_agent_id("ana");
  request.set_presence(v1::PRESENCE_ABSENT);
  const auto set = [&](rpc::Caller caller) {
    return server_.Call(*directory_stub_, &v1::DirectoryService::Stub::SetPresence, request, &agent, caller);
  };
  EXPECT_THAT(set(Agent("ben")), StatusIs(absl::StatusCode::kPermissionDenied, "NOT_YOURS"));
  ASSERT_OK(set(Agent("ana")));
  EXPECT_EQ(agent.presence(), v1::PRESENCE_ABSENT);
  EXPECT_OK(set(Lead()));
}

class ImportServiceTest : public ReportServiceTest {
 protected:
  v1::ImportConversationsRequest Item(const std::string& external_id) {
    v1::ImportConversationsRequest request;
    v1::ImportedConversation* c = request.mutable_conversation();
    c->set_external_id(external_id);
    c->set_channel(v1::CHANNEL_EMAIL);
    c->set_requester_id("maria");
    const auto step = [&](int minute) {
      v1::ImportedStep* added = c->add_steps();
      api::SetTimestamp(start_ - absl::Hours(168) + absl::Minutes(minute), added->mutable_at());
      return added;
    };
    v1::ImportedMessage* asks = step(0)->mutable_message();
    asks->set_author(v1::AUTHOR_KIND_CUSTOMER);
    asks->set_body("hola");
    v1::ImportedStep* answers = step(5);
    answers->set_by("ben");
    answers->mutable_message()->set_author(v1::AUTHOR_KIND_AGENT);
    answers->mutable_message()->set_body("buenas");
    v1::ImportedStep* closes = step(65);
    closes->set_by("ben");
    closes->mutable_close();
    step(70)->mutable_rating()->set_rating(4);
    return request;
  }
  absl::StatusOr<v1::ImportConversationsResponse> Import(const std::vector<v1::ImportConversationsRequest>& items) {
    const auto context = server_.Context(Lead());
    v1::ImportConversationsResponse response;
    auto writer = import_stub_->ImportConversations(context.get(), &response);
    for (const auto& item : items) writer->Write(item);
    writer->WritesDone();
    const absl::Status status = rpc::FromGrpcStatus(writer->Finish());
    if (!status.ok()) return status;
    return response;
  }
};

TEST_F(ImportServiceTest, ReportsEachItemAndLosesNothingBesideABadOne) {
  std::vector<v1::ImportConversationsRequest> items;
  for (int i = 0; i < 150; ++i) items.push_back(Item("old-" + std::to_string(i)));
  items[3].mutable_conversation()->clear_requester_id();
  items[3].mutable_conversation()->mutable_steps(1)->clear_at();
  items[40].mutable_conversation()->add_steps()->CopyFrom(items[40].conversation().steps(2));  // closed twice
  items[149] = Item("old-0");
  ASSERT_OK_AND_ASSIGN(const auto response, Import(items));
  EXPECT_EQ(response.received(), 150);
  EXPECT_EQ(response.created(), 147);
  EXPECT_EQ(response.duplicates(), 1);
  EXPECT_EQ(response.rejected(), 2);
  ASSERT_EQ(response.items_size(), 150);
  EXPECT_EQ(response.items(3).reason(), "INVALID_FIELDS");
  EXPECT_EQ(response.items(3).problems_size(), 2);
  EXPECT_EQ(response.items(40).reason(), "ALREADY_CLOSED");
  EXPECT_EQ(response.items(149).outcome(), v1::IMPORT_OUTCOME_DUPLICATE);
  EXPECT_EQ(response.items(149).conversation_id(), response.items(0).conversation_id());
  for (int i = 0; i < 150; ++i) EXPECT_EQ(response.items(i).index(), i);

  ASSERT_OK_AND_ASSIGN(const v1::WeeklyReport report, Weekly({}));
  const v1::WeekFigures& total = report.weeks(0).total();
  EXPECT_EQ(report.weeks(0).week(), "2024-W09");
  EXPECT_EQ(total.new_conversations(), 147);
  EXPECT_EQ(total.first_response().median_seconds(), 300);
  EXPECT_EQ(total.time_to_close().median_seconds(), 3900);
  EXPECT_EQ(total.csat().percent(), 100);
  EXPECT_EQ(total.backlog_end(), 0);
}

TEST_F(ImportServiceTest, RepeatedImportChangesNothing) {
  ASSERT_OK(Import({Item("a"), Item("b")}));
  const std::vector<std::string> events = EventTypes();
  ASSERT_OK_AND_ASSIGN(const auto again, Import({Item("a"), Item("b")}));
  EXPECT_EQ(again.duplicates(), 2);
  EXPECT_EQ(EventTypes(), events);
}

TEST_F(ImportServiceTest, TellsOnlyWhatIsHistory) {
  ASSERT_OK(Import({Item("a")}));
  EXPECT_EQ(EventTypes(), (std::vector<std::string>{"conversation.created", "conversation.closed", "csat.received"}));
}

}  // namespace
}  // namespace vinculo::support
