#include "services/support/domain/survey.h"

#include <gtest/gtest.h>

#include "common/status/error.h"
#include "services/support/domain/metrics.h"
#include "services/support/domain/test_story.h"

namespace vinculo::support {
namespace {

const absl::Time kStart = absl::FromCivil(absl::CivilSecond(2024, 3, 4, 13, 0, 0), absl::UTCTimeZone());

Story Closed() {
  Story story(kStart);
  story.Customer(0).AssignsTo(1, "ana").Agent(2).Closes(10);
  return story;
}
Step At(Story& story, double minute) { return story.At(minute, Author::kSystem, ""); }

absl::StatusOr<Survey> Send(Story& story, double minute) {
  return MakeSurvey(story.draft(), At(story, minute), Uuid::New(kStart), "hash",
                    SurveyAgent(story.now(), story.history()));
}

TEST(Survey, NeedsACloseAndAHumanReplyAndIsMadeOncePerClose) {
  Story open(kStart);
  open.Customer(0);
  EXPECT_EQ(ErrorReason(Send(open, 1).status()), "NOT_CLOSED");
  open.Closes(2);
  EXPECT_EQ(ErrorReason(Send(open, 3).status()), "NO_HUMAN_REPLY");

  Story story = Closed();
  EXPECT_TRUE(Send(story, 11).ok());
  EXPECT_EQ(ErrorReason(Send(story, 12).status()), "SURVEY_ALREADY_SENT");
  story.Reopens(20).Closes(30);
  EXPECT_TRUE(Send(story, 31).ok());
}

TEST(Survey, CountsForTheAssigneeWhenItWasSentS132) {
  Story story = Closed();
  Survey survey = *Send(story, 11);
  story.AssignsTo(12, "ben");
  ASSERT_TRUE(Rate(story.draft(), survey, At(story, 20), 5, "").ok());
  bool seen = false;
  for (const MetricFact& fact : ComputeFacts(story.history(), false)) {
    if (fact.metric != Metric::kCsat) continue;
    seen = true;
    EXPECT_EQ(fact.agent, "ana");
    EXPECT_EQ(fact.value, 5);
  }
  EXPECT_TRUE(seen);
}

TEST(Survey, CountsForTheLastReplierWhenNobodyIsAssigned) {
  Story story(kStart);
  story.Customer(0).Agent(1, "eva").Agent(2, "ben").Note(3, "ana").Closes(4);
  EXPECT_EQ(SurveyAgent(story.now(), story.history()), "ben");
}

TEST(Survey, RatingMayChangeUntilARemarkIsGiven) {
  Story story = Closed();
  Survey survey = *Send(story, 11);
  EXPECT_EQ(*Rate(story.draft(), survey, At(story, 20), 3, ""), 0);
  EXPECT_EQ(*Rate(story.draft(), survey, At(story, 21), 5, "gracias"), 3);
  EXPECT_EQ(ErrorReason(Rate(story.draft(), survey, At(story, 22), 1, "").status()), "RATING_LOCKED");
  EXPECT_EQ(story.now().rating, 5);
  int ratings = 0;
  for (const MetricFact& fact : ComputeFacts(story.history(), false)) {
    if (fact.metric != Metric::kCsat) continue;
    ++ratings;
    EXPECT_EQ(fact.value, 5);
  }
  EXPECT_EQ(ratings, 1);
}

TEST(Survey, RatingIsFinalAfter72Hours) {
  Story story = Closed();
  Survey survey = *Send(story, 11);
  ASSERT_TRUE(Rate(story.draft(), survey, At(story, 20), 3, "").ok());
  EXPECT_TRUE(Rate(story.draft(), survey, At(story, 20 + 72 * 60 - 1), 4, "").ok());
  EXPECT_EQ(ErrorReason(Rate(story.draft(), survey, At(story, 20 + 72 * 60), 5, "").status()), "RATING_LOCKED");
}

TEST(Survey, ExpiresAndRefusesWhatIsNoRating) {
  Story story = Closed();
  Survey survey = *Send(story, 11);
  EXPECT_EQ(ErrorReason(Rate(story.draft(), survey, At(story, 20), 0, "").status()), "RATING_OUT_OF_RANGE");
  EXPECT_EQ(ErrorReason(Rate(story.draft(), survey, At(story, 20), 6, "").status()), "RATING_OUT_OF_RANGE");
  EXPECT_EQ(ErrorReason(Rate(story.draft(), survey, At(story, 11 + 14 * 24 * 60), 4, "").status()), "SURVEY_EXPIRED");
}

TEST(Survey, DeliveredOnceAndRatedImpliesDelivered) {
  Story story = Closed();
  Survey survey = *Send(story, 11);
  MarkDelivered(story.draft(), survey, At(story, 12));
  MarkDelivered(story.draft(), survey, At(story, 13));
  ASSERT_TRUE(Rate(story.draft(), survey, At(story, 20), 4, "").ok());
  int delivered = 0;
  for (const MetricFact& fact : ComputeFacts(story.history(), false))
    delivered += fact.metric == Metric::kSurveyDelivered;
  EXPECT_EQ(delivered, 1);
}

}  // namespace
}  // namespace vinculo::support
