#include "common/id/uuid.h"

#include <gtest/gtest.h>

namespace vinculo {
namespace {

TEST(Uuid, IsVersionSevenAndRises) {
  const absl::Time now = absl::FromUnixMillis(1700000000000);
  Uuid previous = Uuid::New(now);
  for (int i = 0; i < 10000; ++i) {
    const Uuid next = Uuid::New(now - absl::Seconds(i));  // a clock that goes back
    ASSERT_LT(previous, next);
    previous = next;
  }
  EXPECT_EQ(previous.ToString()[14], '7');
}

TEST(Uuid, TextAndBytesRoundTrip) {
  const Uuid id = Uuid::New(absl::FromUnixMillis(1700000000000));
  EXPECT_EQ(Uuid::Parse(id.ToString()), id);
  EXPECT_EQ(Uuid::FromBytes(id.bytes()), id);
  EXPECT_EQ(Uuid::Parse("018BCFE5-6800-7000-8000-000000000000")->ToString(), "018bcfe5-6800-7000-8000-000000000000");
}

TEST(Uuid, RefusesAnythingElse) {
  for (const char* bad : {"", "x", "018bcfe568007000800000000000000000", "018bcfe5-6800-7000-8000-00000000000g",
                          "018bcfe5_6800-7000-8000-000000000000", "018bcfe5-6800-7000-8000-0000000000000"}) {
    EXPECT_FALSE(Uuid::Parse(bad).has_value()) << bad;
  }
  EXPECT_FALSE(Uuid::FromBytes("short").has_value());
}

TEST(Slug, Alphabet) {
  EXPECT_TRUE(IsSlug("a"));
  EXPECT_TRUE(IsSlug("car-dealer_2"));
  EXPECT_FALSE(IsSlug(""));
  EXPECT_FALSE(IsSlug("2cars"));
  EXPECT_FALSE(IsSlug("Cars"));
  EXPECT_FALSE(IsSlug(std::string(65, 'a')));
  EXPECT_TRUE(IsSlug(std::string(64, 'a')));
}

TEST(Uuid, LeastAtBeginsTheRangeOfAnInstant) {
  const absl::Time now = absl::FromUnixMillis(1'900'000'000'123);
  const Uuid id = Uuid::New(now);
  EXPECT_LE(Uuid::LeastAt(now), id);
  EXPECT_GT(Uuid::LeastAt(now + absl::Minutes(1)), id);
}

}  // namespace
}  // namespace vinculo
