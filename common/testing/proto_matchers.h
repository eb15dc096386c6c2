#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"

namespace vinculo::test {

// Matches a protobuf message equal to the expected one, field by field; the failure names the fields that differ. The
// expectation is a message or its text format.
//
//   EXPECT_THAT(ticket, EqualsProto(expected));
//   EXPECT_THAT(ticket, EqualsProto(R"pb(subject: "help" priority: PRIORITY_HIGH)pb"));
class EqualsProtoMatcher {
 public:
  explicit EqualsProtoMatcher(const google::protobuf::Message& expected) : message_(expected.New()) {
    message_->CopyFrom(expected);
  }
  explicit EqualsProtoMatcher(std::string text) : text_(std::move(text)) {}

  bool MatchAndExplain(const google::protobuf::Message& actual, testing::MatchResultListener* listener) const {
    std::unique_ptr<google::protobuf::Message> expected(actual.New());
    if (message_ != nullptr) {
      if (message_->GetDescriptor() != actual.GetDescriptor()) {
        *listener << "which is a " << actual.GetTypeName();
        return false;
      }
      expected->CopyFrom(*message_);
    } else if (!google::protobuf::TextFormat::ParseFromString(text_, expected.get())) {
      *listener << "and the expectation is no valid text of a " << actual.GetTypeName();
      return false;
    }
    std::string differences;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&differences);
    const bool equal = differencer.Compare(*expected, actual);
    if (!equal) *listener << "which differs (expected -> actual):\n" << differences;
    return equal;
  }
  void DescribeTo(std::ostream* os) const {
    *os << "equals " << (message_ != nullptr ? message_->ShortDebugString() : text_);
  }
  void DescribeNegationTo(std::ostream* os) const {
    *os << "does not equal " << (message_ != nullptr ? message_->ShortDebugString() : text_);
  }

 private:
  std::shared_ptr<google::protobuf::Message> message_;
  std::string text_;
};

inline testing::PolymorphicMatcher<EqualsProtoMatcher> EqualsProto(const google::protobuf::Message& expected) {
  return testing::MakePolymorphicMatcher(EqualsProtoMatcher(expected));
}
inline testing::PolymorphicMatcher<EqualsProtoMatcher> EqualsProto(std::string text) {
  return testing::MakePolymorphicMatcher(EqualsProtoMatcher(std::move(text)));
}

}  // namespace vinculo::test
