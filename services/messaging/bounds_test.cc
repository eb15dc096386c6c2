// What a tenant may not exceed, asked over the wire.
#include <functional>
#include <string>
#include <vector>

#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;

class QueueBound : public Rig {
 protected:
  QueueBound() : Rig(2) {}

  absl::Status Send(v1::Message* out) {
    v1::SendMessageRequest request;
    request.set_request_id(NewId());
    request.mutable_recipient()->set_phone("+5491120000000");
    v1::TemplateContent& content = *request.mutable_content()->mutable_template_();
    content.set_name("promo");
    content.set_language("es_AR");
    (*content.mutable_values())["body.1"] = "Ana";
    return Call(*message_stub_, &v1::MessageService::Stub::SendMessage, request, out);
  }
};

TEST_F(QueueBound, AFullQueueRefusesUntilSomethingLeavesIt) {
  Connect();
  ApproveTemplate();
  ImportPeople(1);
  std::vector<v1::Message> queued(1);
  ASSERT_THAT(Send(&queued[0]), IsOk());
  v1::Message m;
  absl::Status status = Send(&m);
  for (; status.ok(); status = Send(&m)) {
    queued.push_back(m);
    ASSERT_LE(queued.size(), 10u) << "each one takes a place, counted or not";
  }
  EXPECT_THAT(status, StatusIs(Code::kResourceExhausted, "QUEUE_FULL"));
  for (const v1::Message& one : queued) {
    v1::CancelMessageRequest cancel;
    cancel.set_request_id(NewId());
    cancel.set_message_id(one.id());
    ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::CancelMessage, cancel, &m), IsOk());
  }
  EXPECT_TRUE(Eventually([&] { return Send(&m).ok(); })) << "what was cancelled waits no longer";
  EXPECT_TRUE(Eventually([&] { return ErrorReason(Send(&m)) == "QUEUE_FULL"; }));
  StartSending();
  EXPECT_TRUE(Eventually([&] { return Send(&m).ok(); })) << "nor does what was sent";
}

class ImportBounds : public Rig {
 protected:
  v1::ImportContactsResponse ImportRow(const std::string& titles, const std::string& cells, absl::Status* status,
                                       const v1::ImportHeader& header = {}) {
    return Import(absl::StrCat("phone", titles, "\n+5491120000001", cells, "\n"), 1000, status, header);
  }
  static std::string Times(int n, const std::function<std::string(int)>& text) {
    std::string out;
    for (int i = 0; i < n; ++i) absl::StrAppend(&out, text(i));
    return out;
  }
};

TEST_F(ImportBounds, ARowThatBringsAContactBeyondItsBoundsIsRejected) {
  const auto tag_title = [](int) { return std::string(",tag"); };
  absl::Status status;
  v1::ImportContactsResponse r =
      ImportRow(Times(kMaxTags, tag_title), Times(kMaxTags, [](int i) { return absl::StrCat(",t", i); }), &status);
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(r.import().created(), 1) << r.ShortDebugString();
  r = ImportRow(",tag", ",t0", &status);
  EXPECT_EQ(r.import().unchanged(), 1) << "a tag it has already";
  r = ImportRow(",tag", ",one more", &status);
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(r.import().rejected(), 1);
  ASSERT_EQ(r.problems_size(), 1);
  EXPECT_EQ(r.problems(0).code(), "VALUE_TOO_LONG");
  EXPECT_NE(r.problems(0).fix(), "");

  const auto keys = [](int first) { return [=](int i) { return absl::StrCat(",attr:a", first + i); }; };
  const auto value = [](int) { return std::string(",1"); };
  r = ImportRow(Times(60, keys(0)), Times(60, value), &status);
  EXPECT_EQ(r.import().updated(), 1);
  r = ImportRow(Times(41, keys(60)), Times(41, value), &status);
  EXPECT_EQ(r.import().rejected(), 1) << "a hundred and one attributes";
  v1::ImportHeader dry;
  dry.set_dry_run(true);
  r = ImportRow(Times(41, keys(60)), Times(41, value), &status, dry);
  EXPECT_EQ(r.import().rejected(), 1) << "a rehearsal says so too";
  EXPECT_EQ(Lookup("+5491120000001").attributes_size(), 60) << "a rejected row leaves nothing";

  for (int i = 0; i < 10; ++i) {
    status = absl::OkStatus();
    r = Import(absl::StrCat("phone,bsuid\n+54911200010", 10 + i, ",AR.77\n"), 1000, &status);
    ASSERT_THAT(status, IsOk());
    EXPECT_EQ(r.import().rejected(), i < 9 ? 0 : 1) << "an eleventh identity, with the BSUID";
  }
}

TEST_F(ImportBounds, ARowBeyondTheBoundsDoesNotClaimItsPhone) {
  absl::Status status;
  ImportRow(Times(kMaxTags, [](int) { return ",tag"; }), Times(kMaxTags, [](int i) { return absl::StrCat(",t", i); }),
            &status);
  ASSERT_THAT(status, IsOk());
  v1::ImportHeader header;
  for (const bool dry : {true, false}) {
    header.set_dry_run(dry);
    const v1::ImportContactsResponse r =
        Import("phone,tag,name\n+5491120000001,one more,Eva\n+5491120000001,,Ana\n+5491120000001,,Bea\n", 1000, &status,
               header);
    ASSERT_THAT(status, IsOk());
    EXPECT_EQ(r.import().rejected(), 1) << r.ShortDebugString();
    EXPECT_EQ(r.import().updated(), 1);
    EXPECT_EQ(r.import().duplicates(), 1);
    ASSERT_EQ(r.problems_size(), 2);
    EXPECT_EQ(r.problems(1).duplicate_of_line(), 3) << "the row that was taken, not the one that was refused";
  }
  EXPECT_EQ(Lookup("+5491120000001").name(), "Ana");
}

TEST_F(ImportBounds, AFullListTakesNoMore) {
  const v1::ContactList list = NewList("todos");
  ASSERT_THAT(db_->WriteAndWait(sql::TestScope(),
                                [&](sql::Transaction& tx) {
                                  return ListRepository::Grow(tx, *Uuid::Parse(list.id()), kMaxMembers - 1);
                                }),
              IsOk());
  v1::ImportHeader header;
  header.set_list_id(list.id());
  absl::Status status;
  ImportRow("", "", &status, header);
  EXPECT_THAT(status, IsOk());
  Import("phone\n+5491120000002\n", 1000, &status, header);
  EXPECT_THAT(status, StatusIs(Code::kResourceExhausted, "QUOTA_EXCEEDED"));
}

TEST_F(ImportBounds, AFileWithTooManyColumnsIsNamed) {
  absl::Status status;
  ImportRow(Times(64, [](int i) { return absl::StrCat(",x", i); }), "", &status);
  EXPECT_THAT(status, StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_NE(status.ToString().find("chunk"), std::string::npos) << status;
}

// The refusal names each of these fields.
void ExpectNamed(const absl::Status& status, const std::vector<std::string>& fields) {
  EXPECT_THAT(status, StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  for (const std::string& field : fields)
    EXPECT_NE(status.ToString().find(field), std::string::npos) << field << " in " << status;
}

using RequestBounds = Rig;

TEST_F(RequestBounds, OfAMessageAreNamed) {
  v1::SendMessageRequest request;
  request.mutable_recipient()->set_phone("+5491120000001");
  request.mutable_content()->mutable_text()->set_body("Hola");
  request.mutable_expire_after()->set_seconds(absl::ToInt64Seconds(absl::Hours(24 * 30)) + 1);
  request.mutable_hold()->set_route(v1::ROUTE_SUPPORT);
  request.mutable_hold()->set_ref("c-1");
  const absl::Time month = SystemClock::Get()->Now() + absl::Hours(24 * 30);
  request.mutable_hold()->mutable_until()->set_seconds(absl::ToUnixSeconds(month + absl::Hours(1)));
  for (int i = 0; i < 8; ++i) (*request.mutable_labels())[absl::StrCat("k", i)] = std::string(129, 'v');
  (*request.mutable_labels())[std::string(65, 'k')] = "v";
  v1::Message m;
  ExpectNamed(Call(*message_stub_, &v1::MessageService::Stub::SendMessage, request, &m),
              {"expire_after", "hold.until", "labels", "labels[k0]"});
}

TEST_F(RequestBounds, OfRulesFiltersPolicyAndComparisonsAreNamed) {
  v1::PutRuleRequest put;
  put.mutable_rule()->set_id("r");
  put.mutable_rule()->mutable_reply_route()->set_route(v1::ROUTE_SUPPORT);
  for (int i = 0; i < 51; ++i) put.mutable_rule()->add_keywords(absl::StrCat("w", i));
  v1::RoutingRule rule;
  ExpectNamed(Call(*routing_stub_, &v1::RoutingService::Stub::PutRule, put, &rule), {"rule.keywords"});

  v1::CountAudienceRequest count;
  v1::AttributeFilter& in = *count.mutable_filter()->mutable_attribute();
  in.set_key("plan");
  in.set_operator_(v1::AttributeFilter::OPERATOR_IN);
  for (int i = 0; i < 1001; ++i) in.add_values(absl::StrCat(i));
  v1::CountAudienceResponse counted;
  ExpectNamed(Call(*contact_stub_, &v1::ContactService::Stub::CountAudience, count, &counted), {"filter"});
  count.mutable_filter()->Clear();
  for (int i = 0; i < 128; ++i) count.mutable_filter()->mutable_any()->add_filters()->set_tag("x");
  ExpectNamed(Call(*contact_stub_, &v1::ContactService::Stub::CountAudience, count, &counted), {"filter"});
  count.mutable_filter()->Clear();
  v1::AudienceFilter* deep = count.mutable_filter();
  for (int i = 0; i < 8; ++i) deep = deep->mutable_not_();
  deep->set_tag("x");
  ExpectNamed(Call(*contact_stub_, &v1::ContactService::Stub::CountAudience, count, &counted), {"filter"});

  v1::UpdatePolicyRequest policy;
  policy.mutable_policy()->mutable_attribution_window()->set_seconds(absl::ToInt64Seconds(absl::Hours(24 * 7)) + 1);
  v1::Policy kept;
  ExpectNamed(Call(*channel_stub_, &v1::ChannelService::Stub::UpdatePolicy, policy, &kept), {"attribution_window"});

  v1::CompareCampaignsRequest compare;
  for (int i = 0; i < 11; ++i) compare.add_campaign_ids(NewId());
  v1::CompareCampaignsResponse compared;
  ExpectNamed(Call(*report_stub_, &v1::ReportService::Stub::CompareCampaigns, compare, &compared), {"campaign_ids"});
}

TEST_F(RequestBounds, OfACampaignsTimesAreNamed) {
  Connect();
  ApproveTemplate();
  ImportPeople(1);
  v1::ScheduleCampaignRequest request;
  request.set_request_id(NewId());
  request.set_campaign_id(NewCampaign().id());
  const absl::Time year = SystemClock::Get()->Now() + absl::Hours(24 * 366);
  request.mutable_start()->mutable_instant()->set_seconds(absl::ToUnixSeconds(year + absl::Hours(1)));
  v1::Campaign c;
  ExpectNamed(Call(*campaign_stub_, &v1::CampaignService::Stub::ScheduleCampaign, request, &c), {"start"});
}

}  // namespace
}  // namespace vinculo::messaging
