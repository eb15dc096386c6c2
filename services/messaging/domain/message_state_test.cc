#include "services/messaging/domain/message_state.h"

#include <random>

#include "services/messaging/domain/provider.h"

namespace vinculo::messaging {
namespace {

absl::Time At(int seconds) { return absl::FromUnixSeconds(1'760'000'000 + seconds); }

Progress Accepted() {
  Progress p;
  p.phase = Phase::kAccepted;
  p.attempt = 1;
  p.accepted_at = At(0);
  return p;
}

TEST(MessageState, AnyOrderAndRepetitionOfReportsEndsInOneState) {
  std::vector<StatusReport> reports = {{ReportedStatus::kSent, At(1), 1},
                                       {ReportedStatus::kDelivered, At(3), 1},
                                       {ReportedStatus::kRead, At(5), 1},
                                       {ReportedStatus::kFailed, At(2), 1, 131049},
                                       {ReportedStatus::kRead, At(6), 1}};
  Progress expected = Accepted();
  for (const StatusReport& r : reports) MergeStatus(r, expected);
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::vector<StatusReport> shuffled = reports;
    shuffled.insert(shuffled.end(), reports.begin(), reports.end());
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    Progress p = Accepted();
    for (const StatusReport& r : shuffled) MergeStatus(r, p);
    ASSERT_EQ(p, expected) << "round " << round;
  }
  EXPECT_EQ(StateOf(expected), MessageState::kRead);
}

TEST(MessageState, ReadImpliesDelivered) {
  Progress p = Accepted();
  EXPECT_TRUE(MergeStatus({ReportedStatus::kRead, At(9), 1}, p));
  EXPECT_EQ(p.delivered_at, At(9));
  EXPECT_FALSE(MergeStatus({ReportedStatus::kRead, At(9), 1}, p));
  EXPECT_TRUE(MergeStatus({ReportedStatus::kDelivered, At(4), 1}, p));
  EXPECT_EQ(p.delivered_at, At(4));
}

TEST(MessageState, DeliveredClearsFailed) {
  Progress p = Accepted();
  MergeStatus({ReportedStatus::kFailed, At(2), 1, 131026}, p);
  EXPECT_EQ(StateOf(p), MessageState::kFailed);
  MergeStatus({ReportedStatus::kDelivered, At(3), 1}, p);
  EXPECT_EQ(StateOf(p), MessageState::kDelivered);
}

TEST(MessageState, FailureOfAnOlderAttemptSaysNothing) {
  Progress p = Accepted();
  p.attempt = 2;
  p.phase = Phase::kSending;
  EXPECT_FALSE(MergeStatus({ReportedStatus::kFailed, At(2), 1, 131026}, p));
  EXPECT_EQ(StateOf(p), MessageState::kSending);
}

TEST(MessageState, AnyReportSettlesUnknown) {
  Progress p;
  p.phase = Phase::kUnknown;
  p.attempt = 1;
  MergeStatus({ReportedStatus::kSent, At(2), 1}, p);
  EXPECT_EQ(StateOf(p), MessageState::kSent);
}

TEST(MessageState, ALostAnswerIsAcceptedAtTheEarliestReportInAnyOrder) {
  std::vector<StatusReport> reports = {{ReportedStatus::kSent, At(4), 1},
                                       {ReportedStatus::kDelivered, At(3), 1},
                                       {ReportedStatus::kRead, At(5), 1},
                                       {ReportedStatus::kFailed, At(2), 1, 131049}};
  std::sort(reports.begin(), reports.end(), [](const auto& a, const auto& b) { return a.status < b.status; });
  do {
    Progress p;
    p.phase = Phase::kUnknown;
    p.attempt = 1;
    for (const StatusReport& r : reports) MergeStatus(r, p);
    EXPECT_EQ(p.accepted_at, At(2));
  } while (std::next_permutation(reports.begin(), reports.end(),
                                 [](const auto& a, const auto& b) { return a.status < b.status; }));
  Progress answered = Accepted();
  answered.accepted_at = At(9);
  MergeStatus(reports[0], answered);
  EXPECT_EQ(answered.accepted_at, At(9)) << "the answer says it itself";
}

TEST(MessageState, CallbackIdsComeBack) {
  const std::optional<CallbackRef> ref = ParseCallbackId(CallbackId("0192-abc", 3));
  ASSERT_TRUE(ref);
  EXPECT_EQ(ref->message_id, "0192-abc");
  EXPECT_EQ(ref->attempt, 3);
  for (const char* foreign : {"", "m1:", "m1:x:0", "m2:x:1", "m1:x:1:2", "order-77"})
    EXPECT_FALSE(ParseCallbackId(foreign)) << foreign;
}

TEST(SendOutcome, IsExactlyOneOfFour) {
  const auto judge = [](RawAnswer raw) { return JudgeAnswer(raw).result; };
  EXPECT_EQ(judge({.whole = false, .request_written = false}), SendResult::kNotSent);
  EXPECT_EQ(judge({.whole = false, .request_written = true}), SendResult::kAmbiguous);
  EXPECT_EQ(judge({.whole = true, .http = 200, .wamid = "wamid.A"}), SendResult::kAccepted);
  EXPECT_EQ(judge({.whole = true, .http = 200}), SendResult::kAmbiguous) << "2xx without an id";
  EXPECT_EQ(judge({.whole = true, .http = 408}), SendResult::kAmbiguous);
  EXPECT_EQ(judge({.whole = true, .http = 502}), SendResult::kAmbiguous) << "a proxy's HTML";
  EXPECT_EQ(judge({.whole = true, .http = 500, .graph_json = true, .code = 131000}), SendResult::kRefused);
  EXPECT_EQ(judge({.whole = true, .http = 400, .graph_json = true, .code = 130429}), SendResult::kRefused);
  EXPECT_EQ(judge({.whole = true, .http = 404}), SendResult::kRefused);
}

TEST(ErrorClass, FollowsTheCodeAndNeverTheText) {
  const auto classify = [](int code, int http = 400) {
    return ErrorClasses::Default().Classify(
        {.result = SendResult::kRefused, .graph_error = true, .code = code, .http = http});
  };
  EXPECT_EQ(classify(130429), ErrorClass::kRetry);
  EXPECT_EQ(classify(131056), ErrorClass::kPair);
  EXPECT_EQ(classify(131049), ErrorClass::kRest);
  EXPECT_EQ(classify(131026), ErrorClass::kRecipient);
  EXPECT_EQ(classify(132001), ErrorClass::kTemplate);
  EXPECT_EQ(classify(190), ErrorClass::kAccount);
  EXPECT_EQ(classify(0), ErrorClass::kAccount);
  EXPECT_EQ(classify(250), ErrorClass::kAccount);
  EXPECT_EQ(classify(131048), ErrorClass::kAccount);
  EXPECT_EQ(classify(133004), ErrorClass::kRetry);
  EXPECT_EQ(classify(133010), ErrorClass::kAccount);
  EXPECT_EQ(classify(132012), ErrorClass::kBug);
  EXPECT_EQ(classify(999999), ErrorClass::kUnknown);
  EXPECT_EQ(ErrorClasses::Default().Classify({.result = SendResult::kNotSent}), ErrorClass::kRetry);
  EXPECT_EQ(ErrorClasses::Default().Classify({.result = SendResult::kRefused, .http = 429}), ErrorClass::kRetry);
  EXPECT_EQ(ErrorClasses::Default().Classify({.result = SendResult::kRefused, .http = 404}), ErrorClass::kBug);
}

}  // namespace
}  // namespace vinculo::messaging
