#include "services/messaging/domain/audience.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Kind = AudienceFilter::Kind;

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

AudienceFilter Attribute(AttributeOperator op, std::string value) {
  return {.kind = Kind::kAttribute, .text = "due", .op = op, .values = {std::move(value)}};
}

TEST(AudienceFilterTest, ComparesNumbersAsNumbersAndDatesAsDates) {
  AudienceFacts facts{.attributes = {{"due", "9"}}};
  EXPECT_TRUE(Matches(Attribute(AttributeOperator::kLess, "10"), facts));
  EXPECT_FALSE(Matches(Attribute(AttributeOperator::kGreater, "10"), facts));
  EXPECT_FALSE(Matches(Attribute(AttributeOperator::kLess, "2026-05-31"), facts)) << "a number is no date";
  facts.attributes["due"] = "2026-05-09";
  EXPECT_TRUE(Matches(Attribute(AttributeOperator::kLess, "2026-05-31"), facts));
  EXPECT_TRUE(Matches(Attribute(AttributeOperator::kGreater, "2026-05-08T23:59:59Z"), facts));
  EXPECT_THAT(ValidateFilter(Attribute(AttributeOperator::kLess, "mayo"), "filter"),
              StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
}

TEST(AudienceFilterTest, KnowsConsentAndWhoWroteLately) {
  AudienceFacts facts{.marketing = Decision::kGranted, .now = kNow};
  AudienceFilter granted{.kind = Kind::kConsent, .purpose = Purpose::kMarketing, .decision = Decision::kGranted};
  EXPECT_TRUE(Matches(granted, facts));
  granted.purpose = Purpose::kTransactional;
  EXPECT_FALSE(Matches(granted, facts));
  granted.decision = Decision::kNone;
  EXPECT_TRUE(Matches(granted, facts));
  const AudienceFilter lately{.kind = Kind::kLastInbound, .within = absl::Hours(24)};
  EXPECT_FALSE(Matches(lately, facts)) << "never wrote";
  facts.last_inbound_at = kNow - absl::Hours(24);
  EXPECT_TRUE(Matches(lately, facts));
  facts.last_inbound_at = kNow - absl::Hours(25);
  EXPECT_FALSE(Matches(lately, facts));
}

TEST(AudienceFilterTest, KnowsWhatCameOfACampaign) {
  const Uuid campaign = Uuid::New(kNow);
  AudienceFacts facts;
  AudienceFilter f{.kind = Kind::kOutcome, .campaign_id = campaign, .outcome = CampaignOutcome::kNotReplied};
  EXPECT_FALSE(Matches(f, facts)) << "was not in it";
  facts.outcomes[campaign] = {.sent = true, .delivered = true};
  EXPECT_TRUE(Matches(f, facts));
  f.outcome = CampaignOutcome::kRead;
  EXPECT_FALSE(Matches(f, facts));
  facts.outcomes[campaign].replied = true;
  f.outcome = CampaignOutcome::kReplied;
  EXPECT_TRUE(Matches(f, facts));
  f.outcome = CampaignOutcome::kNotReplied;
  EXPECT_FALSE(Matches(f, facts));
}

TEST(AudienceFilterTest, ASegmentStandsForItsFilterAndAMissingOneForNobody) {
  const AudienceFilter vip{.kind = Kind::kTag, .text = "vip"};
  const AudienceFilter named{.kind = Kind::kSegment, .text = "vips"}, other{.kind = Kind::kSegment, .text = "gone"};
  const AudienceFilter any{.kind = Kind::kAny, .children = {named, other}};
  ASSERT_THAT(ValidateFilter(any, "filter"), IsOk());
  const AudienceFilter expanded = ExpandSegments(any, {{"vips", vip}});
  EXPECT_TRUE(Matches(expanded, {.tags = {"vip"}}));
  EXPECT_FALSE(Matches(expanded, {.tags = {"x"}}));
  EXPECT_THAT(SegmentsOf(any), testing::ElementsAre("vips", "gone"));
}

}  // namespace
}  // namespace vinculo::messaging
