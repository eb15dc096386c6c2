#pragma once

#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/status/error.h"
#include "gmock/gmock.h"

// Matchers for absl::Status and absl::StatusOr. The namespace is `test` and not `testing`, so that `testing::` keeps
// meaning GoogleTest inside `namespace vinculo`.
//
//   EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound, "TICKET_NOT_FOUND"));   // code and reason
//   EXPECT_THAT(status_or, IsOkAndHolds(Field(&Ticket::subject, "help")));
//   ASSERT_OK(store.Open());
//   ASSERT_OK_AND_ASSIGN(const Ticket ticket, store.Get(id));
namespace vinculo::test {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

// Matches a Status or StatusOr by code and, where given, by the stable reason of common/status.
class StatusIsMatcher {
 public:
  StatusIsMatcher(absl::StatusCode code, testing::Matcher<std::string> reason)
      : code_(code), reason_(std::move(reason)) {}

  template <typename StatusLike>
  bool MatchAndExplain(const StatusLike& actual, testing::MatchResultListener* listener) const {
    const absl::Status& status = StatusOf(actual);
    const std::string reason = ErrorReason(status);
    *listener << "which is " << status.ToString() << (reason.empty() ? "" : " with reason " + reason);
    return status.code() == code_ && reason_.Matches(reason);
  }
  void DescribeTo(std::ostream* os) const {
    *os << "is " << absl::StatusCodeToString(code_) << " with a reason that ";
    reason_.DescribeTo(os);
  }
  void DescribeNegationTo(std::ostream* os) const {
    *os << "is not ";
    DescribeTo(os);
  }

 private:
  absl::StatusCode code_;
  testing::Matcher<std::string> reason_;
};

inline testing::PolymorphicMatcher<StatusIsMatcher> StatusIs(absl::StatusCode code) {
  return testing::MakePolymorphicMatcher(StatusIsMatcher(code, testing::A<std::string>()));
}
inline testing::PolymorphicMatcher<StatusIsMatcher> StatusIs(absl::StatusCode code,
                                                             testing::Matcher<std::string> reason) {
  return testing::MakePolymorphicMatcher(StatusIsMatcher(code, std::move(reason)));
}

// Matches an OK Status or StatusOr.
inline testing::PolymorphicMatcher<StatusIsMatcher> IsOk() { return StatusIs(absl::StatusCode::kOk); }

// Matches an OK StatusOr whose value matches `inner`.
template <typename Inner>
class IsOkAndHoldsMatcher {
 public:
  explicit IsOkAndHoldsMatcher(Inner inner) : inner_(std::move(inner)) {}

  template <typename T>
  operator testing::Matcher<absl::StatusOr<T>>() const {  // NOLINT(google-explicit-constructor): what gmock expects
    return testing::Matcher<absl::StatusOr<T>>(new Implementation<absl::StatusOr<T>, T>(inner_));
  }
  template <typename T>
  operator testing::Matcher<const absl::StatusOr<T>&>() const {  // NOLINT(google-explicit-constructor)
    return testing::Matcher<const absl::StatusOr<T>&>(new Implementation<const absl::StatusOr<T>&, T>(inner_));
  }

 private:
  template <typename StatusOrType, typename T>
  class Implementation final : public testing::MatcherInterface<StatusOrType> {
   public:
    explicit Implementation(const Inner& inner) : inner_(testing::SafeMatcherCast<const T&>(inner)) {}

    bool MatchAndExplain(StatusOrType actual, testing::MatchResultListener* listener) const override {
      if (!actual.ok()) {
        *listener << "which is " << actual.status().ToString();
        return false;
      }
      return inner_.MatchAndExplain(*actual, listener);
    }
    void DescribeTo(std::ostream* os) const override {
      *os << "is OK and holds a value that ";
      inner_.DescribeTo(os);
    }
    void DescribeNegationTo(std::ostream* os) const override {
      *os << "is not OK or holds a value that ";
      inner_.DescribeNegationTo(os);
    }

   private:
    testing::Matcher<const T&> inner_;
  };

  Inner inner_;
};

template <typename Inner>
IsOkAndHoldsMatcher<std::decay_t<Inner>> IsOkAndHolds(Inner&& inner) {
  return IsOkAndHoldsMatcher<std::decay_t<Inner>>(std::forward<Inner>(inner));
}

}  // namespace vinculo::test

#define EXPECT_OK(expression) EXPECT_THAT((expression), ::vinculo::test::IsOk())
#define ASSERT_OK(expression) ASSERT_THAT((expression), ::vinculo::test::IsOk())

// Unwraps a StatusOr into `lhs`, or fails the test and returns from the function.
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  VINCULO_ASSERT_OK_AND_ASSIGN_(VINCULO_TEST_CONCAT_(vinculo_status_or_, __LINE__), lhs, expression)
#define VINCULO_TEST_CONCAT_INNER_(a, b) a##b
#define VINCULO_TEST_CONCAT_(a, b) VINCULO_TEST_CONCAT_INNER_(a, b)
#define VINCULO_ASSERT_OK_AND_ASSIGN_(tmp, lhs, expression) \
  auto tmp = (expression);                                  \
  ASSERT_THAT(tmp.status(), ::vinculo::test::IsOk());       \
  lhs = *std::move(tmp)
