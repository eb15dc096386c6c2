#include "common/status/error.h"

#include <gtest/gtest.h>

#include "common/status/status_macros.h"

namespace vinculo {
namespace {

TEST(Error, CarriesReasonAndMetadata) {
  const absl::Status status = Error(absl::StatusCode::kFailedPrecondition, "WINDOW_CLOSED", "the window is closed",
                                    {{"until", "12:30"}, {"", ":"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  const auto details = GetErrorDetails(status);
  ASSERT_TRUE(details.has_value());
  EXPECT_EQ(details->reason, "WINDOW_CLOSED");
  ASSERT_EQ(details->metadata.size(), 2u);
  EXPECT_EQ(details->metadata[1].second, ":");
}

TEST(Error, ForeignStatusHasNoDetails) {
  EXPECT_FALSE(GetErrorDetails(absl::InternalError("x")).has_value());
  EXPECT_EQ(ErrorReason(absl::OkStatus()), "");
}

TEST(FieldViolations, ReportsAllAtOnce) {
  FieldViolations bad;
  EXPECT_TRUE(bad.ToStatus().ok());
  bad.Add("name", "is empty");
  FieldViolations inner;
  inner.Add("amount", "is negative: -1");
  bad.AddAll("lines[2]", inner);
  const absl::Status status = bad.ToStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const auto details = GetErrorDetails(status);
  ASSERT_TRUE(details.has_value());
  EXPECT_EQ(details->reason, "INVALID_FIELDS");
  ASSERT_EQ(details->violations.size(), 2u);
  EXPECT_EQ(details->violations[1], (FieldViolation{"lines[2].amount", "is negative: -1"}));
}

TEST(Error, RetryAfterSurvives) {
  const absl::Status status = ErrorWithDetails(absl::StatusCode::kResourceExhausted, "wait",
                                               {.reason = "OVERLOADED", .retry_after = absl::Milliseconds(250)});
  EXPECT_EQ(GetErrorDetails(status)->retry_after, absl::Milliseconds(250));
}

TEST(NotFound, NamesTheThing) { EXPECT_EQ(ErrorReason(NotFound("usage fact", "x")), "USAGE_FACT_NOT_FOUND"); }

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}

absl::StatusOr<int> Quarter(int n) {
  ASSIGN_OR_RETURN(const int half, Half(n));
  RETURN_IF_ERROR(Half(half).status());
  return Half(half);
}

TEST(StatusMacros, PassErrorsOn) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_FALSE(Quarter(6).ok());
  EXPECT_FALSE(Quarter(7).ok());
}

}  // namespace
}  // namespace vinculo
