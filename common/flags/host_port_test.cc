#include "common/flags/host_port.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo {
namespace {

using ::vinculo::test::IsOkAndHolds;
using ::vinculo::test::StatusIs;

TEST(ParseHostPort, ReadsNamesAndAddresses) {
  EXPECT_THAT(ParseHostPort("localhost:8080"), IsOkAndHolds(HostPort{"localhost", 8080}));
  EXPECT_THAT(ParseHostPort("127.0.0.1:0"), IsOkAndHolds(HostPort{"127.0.0.1", 0}));
  EXPECT_THAT(ParseHostPort("Sandbox.Example.COM:65535"), IsOkAndHolds(HostPort{"sandbox.example.com", 65535}));
  EXPECT_THAT(ParseHostPort("[::1]:443"), IsOkAndHolds(HostPort{"::1", 443}));
  EXPECT_THAT(ParseHostPort("[2001:DB8::A]:1"), IsOkAndHolds(HostPort{"2001:db8::a", 1}));
}

TEST(ParseHostPort, RefusesEverythingElse) {
  const std::string long_host = absl::StrCat(std::string(254, 'a'), ":80");
  for (const absl::string_view text : std::vector<absl::string_view>{"",
                                                                     ":",
                                                                     ":80",
                                                                     "host",
                                                                     "host:",
                                                                     "host:-1",
                                                                     "host:+1",
                                                                     "host:65536",
                                                                     "host:99999999999",
                                                                     "host:8o",
                                                                     "host: 80",
                                                                     "::1:80",
                                                                     "[::1]",
                                                                     "[]:80",
                                                                     "[host]:80",
                                                                     "a b:80",
                                                                     "a/b:80",
                                                                     "http://host:80",
                                                                     "user@host:80",
                                                                     long_host,
                                                                     absl::string_view("a\0b:80", 6)}) {
    EXPECT_THAT(ParseHostPort(text), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_ADDRESS")) << text;
  }
}

TEST(HostPort, RendersWhatWasRead) {
  for (const std::string text : {"localhost:8080", "[::1]:443", "10.0.0.1:0"}) {
    ASSERT_OK_AND_ASSIGN(const HostPort address, ParseHostPort(text));
    EXPECT_EQ(address.ToString(), text);
  }
}

TEST(HostPort, KnowsLoopback) {
  EXPECT_TRUE((HostPort{"localhost", 1}).IsLoopback());
  EXPECT_TRUE((HostPort{"127.0.0.1", 1}).IsLoopback());
  EXPECT_TRUE((HostPort{"127.255.0.9", 1}).IsLoopback());
  EXPECT_TRUE((HostPort{"::1", 1}).IsLoopback());
  EXPECT_FALSE((HostPort{"0.0.0.0", 1}).IsLoopback());
  EXPECT_FALSE((HostPort{"::", 1}).IsLoopback());
  EXPECT_FALSE((HostPort{"128.0.0.1", 1}).IsLoopback());
  EXPECT_FALSE((HostPort{"localhost.example.com", 1}).IsLoopback());
}

}  // namespace
}  // namespace vinculo
