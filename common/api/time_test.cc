#include "common/api/time.h"

#include <gtest/gtest.h>

#include <limits>

namespace vinculo::api {
namespace {

google::protobuf::Timestamp Stamp(int64_t seconds, int32_t nanos) {
  google::protobuf::Timestamp t;
  t.set_seconds(seconds);
  t.set_nanos(nanos);
  return t;
}

google::protobuf::Duration Span(int64_t seconds, int32_t nanos) {
  google::protobuf::Duration d;
  d.set_seconds(seconds);
  d.set_nanos(nanos);
  return d;
}

TEST(Timestamp, RoundTripsMicroseconds) {
  FieldViolations bad;
  for (int64_t micros : {int64_t{0}, int64_t{1711800000123456}, int64_t{-1}, int64_t{-1000001}}) {
    EXPECT_EQ(ParseTimestamp("at", ToTimestamp(absl::FromUnixMicros(micros)), bad), absl::FromUnixMicros(micros));
  }
  EXPECT_EQ(ParseTimestamp("at", Stamp(5, 1999), bad), absl::FromUnixMicros(5000001));
  EXPECT_EQ(ParseTimestamp("at", ToTimestamp(absl::InfiniteFuture()), bad), absl::FromUnixMicros(253402300799999999));
  EXPECT_EQ(ParseTimestamp("at", ToTimestamp(absl::InfinitePast()), bad), absl::FromUnixSeconds(-62135596800));
  EXPECT_EQ(ParseOptionalTimestamp("at", nullptr, bad), std::nullopt);
  EXPECT_TRUE(bad.empty());
}

TEST(Timestamp, RefusesWhatIsNotATime) {
  FieldViolations bad;
  const auto huge = Stamp(std::numeric_limits<int64_t>::max(), 0);
  for (const auto& wrong : {huge, Stamp(-62135596801, 0), Stamp(253402300800, 0), Stamp(0, -1), Stamp(0, 1000000000)}) {
    EXPECT_EQ(ParseTimestamp("at", wrong, bad), absl::UnixEpoch());
  }
  ParseOptionalTimestamp("maybe_at", &huge, bad);
  EXPECT_EQ(bad.violations().size(), 6u);
}

TEST(Duration, RoundTripsAndIsBounded) {
  FieldViolations bad;
  const absl::Duration day = absl::Hours(24);
  EXPECT_EQ(ParseDuration("d", ToDuration(absl::Milliseconds(1500)), absl::ZeroDuration(), day, bad),
            absl::Milliseconds(1500));
  EXPECT_EQ(ParseDuration("d", ToDuration(-absl::Milliseconds(1500)), -day, day, bad), -absl::Milliseconds(1500));
  EXPECT_TRUE(bad.empty());
  EXPECT_EQ(ToDuration(absl::InfiniteDuration()).seconds(), 315576000000);
  for (const auto& wrong :
       {Span(86401, 0), Span(-1, 0), Span(1, -1), Span(0, 1000000000), Span(std::numeric_limits<int64_t>::min(), 0)}) {
    EXPECT_EQ(ParseDuration("d", wrong, absl::ZeroDuration(), day, bad), absl::ZeroDuration());
  }
  EXPECT_EQ(bad.violations().size(), 5u);
  EXPECT_EQ(bad.violations()[0].description, "must lie between 0 and 24h");
}

}  // namespace
}  // namespace vinculo::api
