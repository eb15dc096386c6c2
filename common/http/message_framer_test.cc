#include "common/http/message_framer.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::http {
namespace {

using Progress = MessageFramer::Progress;

constexpr char kPost[] = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
constexpr char kChunked[] =
    "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;ext=1\r\nllo\r\n0\r\nTrailer: "
    "t\r\n\r\n";

class MessageFramerTest : public ::testing::Test {
 protected:
  // The refusal of a message given at once; 0 when it is complete, -1 when more is needed.
  static int Result(const std::string& message) {
    MessageFramer framer(1024, 100);
    switch (framer.Append(message)) {
      case Progress::kComplete:
        return 0;
      case Progress::kNeedMore:
        return -1;
      case Progress::kRefused:
        return framer.refusal();
    }
    return -2;
  }
  static std::string WithHeader(const std::string& header) { return "POST / HTTP/1.1\r\n" + header + "\r\n\r\n"; }
};

TEST_F(MessageFramerTest, FindsTheEndHoweverTheBytesArrive) {
  for (const std::string& message : {std::string(kPost), std::string(kChunked)}) {
    for (size_t step = 1; step <= message.size(); ++step) {
      MessageFramer framer(1024, 100);
      Progress progress = Progress::kNeedMore;
      for (size_t at = 0; at < message.size(); at += step) {
        ASSERT_EQ(progress, Progress::kNeedMore);
        progress = framer.Append(message.substr(at, step));
      }
      ASSERT_EQ(progress, Progress::kComplete) << step;
      EXPECT_EQ(framer.body(), "hello");
      EXPECT_EQ(FindHeader(framer.headers(), "HOST"), "x");
    }
  }
}

TEST_F(MessageFramerTest, TakesRequestsOneBehindTheOther) {
  MessageFramer framer(1024, 100);
  ASSERT_EQ(framer.Append(absl::StrCat(kPost, kChunked, "\r\nGET / HTTP/1.1\r\n\r\nGET /half")), Progress::kComplete);
  EXPECT_EQ(framer.body(), "hello");
  ASSERT_EQ(framer.Next(), Progress::kComplete);
  EXPECT_EQ(framer.body(), "hello");
  ASSERT_EQ(framer.Next(), Progress::kComplete);
  EXPECT_EQ(framer.head(), "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(framer.body(), "");
  ASSERT_EQ(framer.Next(), Progress::kNeedMore);
  EXPECT_FALSE(framer.idle());
}

TEST_F(MessageFramerTest, IsIdleBetweenRequests) {
  MessageFramer framer(1024, 100);
  EXPECT_TRUE(framer.idle());
  ASSERT_EQ(framer.Append(kPost), Progress::kComplete);
  ASSERT_EQ(framer.Next(), Progress::kNeedMore);
  EXPECT_TRUE(framer.idle());
}

TEST_F(MessageFramerTest, KeepsHeaderValuesAsTheyCame) {
  MessageFramer framer(1024, 100);
  ASSERT_EQ(framer.Append("GET / HTTP/1.1\r\nX-Sig: a%20b+c \r\nx-sig: second\r\n\r\n"), Progress::kComplete);
  EXPECT_EQ(framer.headers(), (Headers{{"X-Sig", "a%20b+c"}, {"x-sig", "second"}}));
}

TEST_F(MessageFramerTest, RefusesWhatIsTooLarge) {
  EXPECT_EQ(Result(WithHeader("Content-Length: 101")), 413);
  EXPECT_EQ(Result(WithHeader("Content-Length: 99999999999999999999999")), 413);
  EXPECT_EQ(Result(WithHeader("Content-Length: 100") + std::string(100, 'x')), 0);
  EXPECT_EQ(Result(WithHeader("Transfer-Encoding: chunked") + "65\r\n"), 413);
  EXPECT_EQ(Result(WithHeader("Transfer-Encoding: chunked") + "40\r\n" + std::string(64, 'x') + "\r\n40\r\n"), 413);
  EXPECT_EQ(Result(WithHeader("X: " + std::string(1100, 'x'))), 431);
  EXPECT_EQ(Result("GET /" + std::string(1100, 'x')), 431);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "a:b\r\n";
  EXPECT_EQ(Result("GET / HTTP/1.1\r\n" + many + "\r\n"), 431);
}

TEST_F(MessageFramerTest, RefusesWhatCanBeReadInTwoWays) {
  EXPECT_EQ(Result(WithHeader("Content-Length: 1\r\nTransfer-Encoding: chunked")), 400);
  EXPECT_EQ(Result(WithHeader("Content-Length: 1\r\nContent-Length: 2")), 400);
  EXPECT_EQ(Result(WithHeader("Content-Length: 1\r\nContent-Length: 1") + "x"), 0);
  for (const std::string length : {"+1", "-1", "1 2", "0x1", "", "1,1"}) {
    EXPECT_EQ(Result(WithHeader("Content-Length: " + length)), 400) << length;
  }
  EXPECT_EQ(Result(WithHeader("Transfer-Encoding: gzip, chunked")), 501);
  EXPECT_EQ(Result(WithHeader("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")), 501);
  EXPECT_EQ(Result(WithHeader("Content-Length : 1")), 400);
  EXPECT_EQ(Result(WithHeader("A: b\r\n folded")), 400);
  EXPECT_EQ(Result(WithHeader("no colon")), 400);
  EXPECT_EQ(Result(WithHeader(": empty name")), 400);
  EXPECT_EQ(Result(WithHeader("A: b\nContent-Length: 3")), 400);
  EXPECT_EQ(Result(WithHeader("A: b\rc")), 400);
  EXPECT_EQ(Result(WithHeader(std::string("A: b\0c", 6))), 400);
}

TEST_F(MessageFramerTest, RefusesBrokenChunks) {
  const std::string head = WithHeader("Transfer-Encoding: chunked");
  for (const std::string body : {"x\r\n", "\r\n", "-1\r\n", "0x1\r\n", "123456789\r\n", "1\r\nab\r\n", ";\r\n"}) {
    EXPECT_EQ(Result(head + body), 400) << body;
  }
  EXPECT_EQ(Result(head + std::string(300, '1')), 400);
  EXPECT_EQ(Result(head + "0\r\nT: " + std::string(1100, 'x') + "\r\n\r\n"), 431);
}

TEST_F(MessageFramerTest, RefusesCompressedBodies) {
  EXPECT_EQ(Result(WithHeader("Content-Encoding: gzip")), 415);
  EXPECT_EQ(Result(WithHeader("Content-Encoding: identity")), 0);
}

TEST_F(MessageFramerTest, TellsOnceThatTheSenderWaits) {
  MessageFramer framer(1024, 100);
  ASSERT_EQ(framer.Append(WithHeader("Expect: 100-continue\r\nContent-Length: 2")), Progress::kNeedMore);
  EXPECT_TRUE(framer.TakeContinueWish());
  EXPECT_FALSE(framer.TakeContinueWish());
  ASSERT_EQ(framer.Append("ok"), Progress::kComplete);
}

}  // namespace
}  // namespace vinculo::http
