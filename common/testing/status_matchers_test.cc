#include "common/testing/status_matchers.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/status/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

absl::Status Failure() { return Error(absl::StatusCode::kAborted, "ETAG_MISMATCH", "read it again"); }
absl::StatusOr<int> Failed() { return Failure(); }
absl::StatusOr<int> Seven() { return 7; }

TEST(StatusIs, ComparesTheCodeOfStatusAndStatusOr) {
  EXPECT_THAT(Failure(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Failed(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Failed(), Not(StatusIs(absl::StatusCode::kNotFound)));
  EXPECT_THAT(Seven(), StatusIs(absl::StatusCode::kOk));
}

TEST(StatusIs, ComparesTheReasonToo) {
  EXPECT_THAT(Failure(), StatusIs(absl::StatusCode::kAborted, "ETAG_MISMATCH"));
  EXPECT_THAT(Failed(), StatusIs(absl::StatusCode::kAborted, StartsWith("ETAG_")));
  EXPECT_THAT(Failure(), Not(StatusIs(absl::StatusCode::kAborted, "OTHER")));
  EXPECT_THAT(absl::AbortedError("no reason"), Not(StatusIs(absl::StatusCode::kAborted, "ETAG_MISMATCH")));
}

TEST(StatusIs, ExplainsWhatItSaw) {
  testing::StringMatchResultListener listener;
  const testing::Matcher<absl::Status> matcher = StatusIs(absl::StatusCode::kNotFound);
  EXPECT_FALSE(matcher.MatchAndExplain(Failure(), &listener));
  EXPECT_THAT(listener.str(), HasSubstr("read it again"));
  EXPECT_THAT(listener.str(), HasSubstr("ETAG_MISMATCH"));
}

TEST(IsOk, TellsSuccessFromFailure) {
  EXPECT_THAT(absl::OkStatus(), IsOk());
  EXPECT_THAT(Seven(), IsOk());
  EXPECT_THAT(Failed(), Not(IsOk()));
}

TEST(IsOkAndHolds, MatchesTheValue) {
  EXPECT_THAT(Seven(), IsOkAndHolds(7));
  EXPECT_THAT(Seven(), IsOkAndHolds(Gt(6)));
  EXPECT_THAT(Seven(), Not(IsOkAndHolds(8)));
  EXPECT_THAT(Failed(), Not(IsOkAndHolds(7)));
  const absl::StatusOr<std::vector<std::string>> words = std::vector<std::string>{"a", "b"};
  EXPECT_THAT(words, IsOkAndHolds(ElementsAre("a", "b")));
}

TEST(AssertOkAndAssign, UnwrapsTheValue) {
  ASSERT_OK_AND_ASSIGN(const int seven, Seven());
  EXPECT_EQ(seven, 7);
  ASSERT_OK(Seven());
  EXPECT_OK(absl::OkStatus());
}

}  // namespace
}  // namespace vinculo::test
