#include "services/profiling/domain/delivery.h"

#include <gtest/gtest.h>

namespace vinculo::profiling {
namespace {

Verdict::Kind KindOf(int status, bool conflict = false) {
  CallResult result;
  result.answered = true;
  result.http_status = status;
  return Judge(result, conflict).kind;
}

TEST(Delivery, ClassesOfReplies) {
  for (int status : {200, 201, 202, 204}) EXPECT_EQ(KindOf(status), Verdict::Kind::kDelivered) << status;
  for (int status : {408, 425, 429, 500, 502, 503, 599}) EXPECT_EQ(KindOf(status), Verdict::Kind::kRetry) << status;
  for (int status : {301, 302, 307, 400, 404, 409, 422}) EXPECT_EQ(KindOf(status), Verdict::Kind::kDead) << status;
  for (int status : {401, 403}) EXPECT_EQ(KindOf(status), Verdict::Kind::kPause) << status;
  EXPECT_EQ(KindOf(410), Verdict::Kind::kDisable);
  EXPECT_EQ(KindOf(409, true), Verdict::Kind::kDelivered);
  EXPECT_EQ(Judge(CallResult{}, false).kind, Verdict::Kind::kRetry);
}

TEST(Delivery, BodyMayRefuse) {
  CallResult result;
  result.answered = true;
  result.http_status = 200;
  result.body_says_success = false;
  EXPECT_NE(Judge(result, false).kind, Verdict::Kind::kDelivered);
}

TEST(Delivery, HonoursRetryAfterWithinBounds) {
  CallResult result;
  result.answered = true;
  result.http_status = 429;
  result.retry_after = absl::Hours(1);
  EXPECT_EQ(Judge(result, false).not_before, absl::Hours(1));
  result.retry_after = absl::Hours(100);
  EXPECT_EQ(Judge(result, false).not_before, absl::Hours(24));
  result.http_status = 500;
  EXPECT_EQ(Judge(result, false).not_before, absl::ZeroDuration());
}

TEST(Delivery, WaitsGrowAndEnd) {
  EXPECT_EQ(WaitBefore(1, 0.5), absl::ZeroDuration());
  EXPECT_EQ(WaitBefore(2, 0.5), absl::Seconds(5));
  EXPECT_EQ(WaitBefore(3, 0), absl::Minutes(4));
  EXPECT_GT(*WaitBefore(10, 0.99), absl::Hours(28));
  EXPECT_FALSE(WaitBefore(11, 0.5));
}

}  // namespace
}  // namespace vinculo::profiling
