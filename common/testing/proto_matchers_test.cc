#include "common/testing/proto_matchers.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "gtest/gtest.h"

namespace vinculo::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

google::protobuf::Timestamp At(int64_t seconds) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  return timestamp;
}

TEST(EqualsProto, ComparesWithAMessage) {
  EXPECT_THAT(At(5), EqualsProto(At(5)));
  EXPECT_THAT(At(5), Not(EqualsProto(At(6))));
}

TEST(EqualsProto, ComparesWithText) {
  EXPECT_THAT(At(5), EqualsProto("seconds: 5"));
  EXPECT_THAT(At(5), Not(EqualsProto("seconds: 5 nanos: 1")));
}

TEST(EqualsProto, RefusesAnotherTypeAndTextThatIsNone) {
  google::protobuf::Duration duration;
  duration.set_seconds(5);
  EXPECT_THAT(At(5), Not(EqualsProto(duration)));
  EXPECT_THAT(At(5), Not(EqualsProto("no_such_field: 5")));
}

TEST(EqualsProto, NamesTheFieldThatDiffers) {
  testing::StringMatchResultListener listener;
  const testing::Matcher<const google::protobuf::Timestamp&> matcher = EqualsProto(At(6));
  EXPECT_FALSE(matcher.MatchAndExplain(At(5), &listener));
  EXPECT_THAT(listener.str(), HasSubstr("seconds"));
}

}  // namespace
}  // namespace vinculo::test
