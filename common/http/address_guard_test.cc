#include "common/http/address_guard.h"

#include <sys/un.h>

#include <string>
#include <vector>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::http {
namespace {

using ::vinculo::test::StatusIs;

TEST(AddressGuard, AcceptsPublicAddresses) {
  for (const std::string address : {"1.1.1.1",         "8.8.8.8",           "9.255.255.255",
                                    "11.0.0.0",        "100.63.255.255",    "100.128.0.0",
                                    "126.255.255.255", "128.0.0.1",         "169.253.255.255",
                                    "169.255.0.0",     "172.15.255.255",    "172.32.0.0",
                                    "192.0.1.0",       "192.167.255.255",   "192.169.0.0",
                                    "198.17.255.255",  "198.20.0.0",        "223.255.255.255",
                                    "2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888",
                                    "2003::1",         "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(AddressGuard::IsGlobalText(address)) << address;
  }
}

TEST(AddressGuard, RefusesEverySpecialIpv4Range) {
  for (const std::string address :
       {"0.0.0.0",        "0.255.255.255",   "10.0.0.0",        "10.255.255.255", "100.64.0.0",      "100.127.255.255",
        "127.0.0.0",      "127.0.0.1",       "127.255.255.255", "169.254.0.0",    "169.254.169.254", "172.16.0.0",
        "172.31.255.255", "192.0.0.1",       "192.0.2.1",       "192.31.196.1",   "192.52.193.1",    "192.88.99.1",
        "192.168.0.0",    "192.168.255.255", "192.175.48.1",    "198.18.0.0",     "198.19.255.255",  "198.51.100.1",
        "203.0.113.1",    "224.0.0.1",       "239.255.255.255", "240.0.0.1",      "255.255.255.255"}) {
    EXPECT_FALSE(AddressGuard::IsGlobalText(address)) << address;
  }
}

TEST(AddressGuard, RefusesEverySpecialIpv6Range) {
  for (const std::string address : {"::",
                                    "::1",
                                    "::2",
                                    "::127.0.0.1",
                                    "::8.8.8.8",
                                    "::ffff:127.0.0.1",
                                    "::ffff:10.0.0.1",
                                    "::ffff:169.254.169.254",
                                    "::ffff:0:127.0.0.1",
                                    "64:ff9b::7f00:1",
                                    "64:ff9b::8.8.8.8",
                                    "64:ff9b:1::1",
                                    "100::1",
                                    "2001::1",
                                    "2001:0:7f00:1::",
                                    "2001:2::1",
                                    "2001:10::1",
                                    "2001:20::1",
                                    "2001:db8::1",
                                    "2002::1",
                                    "2002:7f00:1::",
                                    "2002:a00:1::1",
                                    "2620:4f:8000::1",
                                    "3ffe::1",
                                    "3fff::1",
                                    "4000::1",
                                    "5f00::1",
                                    "fc00::1",
                                    "fd00::1",
                                    "fdff:ffff::1",
                                    "fe80::1",
                                    "febf::1",
                                    "fec0::1",
                                    "ff02::1",
                                    "ff0e::1"}) {
    EXPECT_FALSE(AddressGuard::IsGlobalText(address)) << address;
  }
}

TEST(AddressGuard, RefusesWhatIsNoInternetAddress) {
  EXPECT_FALSE(AddressGuard::IsGlobalText("localhost"));
  EXPECT_FALSE(AddressGuard::IsGlobalText(""));
  sockaddr_un local = {};
  local.sun_family = AF_UNIX;
  EXPECT_FALSE(AddressGuard::IsGlobal(reinterpret_cast<const sockaddr&>(local)));
}

TEST(AddressGuard, ReadsUrlsAsTheyWillBeConnectedTo) {
  const AddressGuard guard;
  ASSERT_OK_AND_ASSIGN(const TargetUrl plain, guard.CheckUrl("https://CRM.Example.com/leads?x=1"));
  EXPECT_EQ(plain.scheme, "https");
  EXPECT_EQ(plain.host, "crm.example.com");
  EXPECT_EQ(plain.port, 443);
  EXPECT_FALSE(plain.allow_listed);
  ASSERT_OK_AND_ASSIGN(const TargetUrl with_port, guard.CheckUrl("https://crm.example.com:8443"));
  EXPECT_EQ(with_port.port, 8443);
  ASSERT_OK_AND_ASSIGN(const TargetUrl number, guard.CheckUrl("https://2130706433/"));
  EXPECT_EQ(number.host, "127.0.0.1");
  ASSERT_OK_AND_ASSIGN(const TargetUrl v6, guard.CheckUrl("https://[2606:4700::1111]/"));
  EXPECT_EQ(v6.host, "2606:4700::1111");
}

TEST(AddressGuard, RefusesOtherSchemesPortsAndUsers) {
  const AddressGuard guard;
  for (const std::string url :
       {"http://example.com/", "ftp://example.com/", "gopher://example.com/", "https://example.com:80/",
        "https://example.com:22/", "https://user@example.com/", "https://user:password@example.com/",
        "https://:password@example.com/", "https://@example.com/"}) {
    EXPECT_THAT(guard.CheckUrl(url), StatusIs(absl::StatusCode::kPermissionDenied, "URL_NOT_ALLOWED")) << url;
  }
}

TEST(AddressGuard, RefusesUrlsThatAreNone) {
  const AddressGuard guard;
  for (const std::string& url : std::vector<std::string>{
           "", "https://", "file:///etc/passwd", "//example.com", "https://example.com:port/",
           "https://example.com:99999/", "https://exa mple.com/", "https://example.com/\r\nX: y",
           "https://example.com\\@evil.com/", "https://example.com./", "https://\xc3\xa9xample.com/", "https://[::1",
           "https://example.com/" + std::string(2048, 'a')}) {
    EXPECT_THAT(guard.CheckUrl(url), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_URL")) << url;
  }
}

TEST(AddressGuard, TakesTheOperatorsWordForExactAddresses) {
  const AddressGuard guard({{"127.0.0.1", 9000}, {"Sandbox", 9001}, {"::1", 9002}});
  for (const std::string url : {"http://127.0.0.1:9000/", "https://127.0.0.1:9000/", "http://127.1:9000/",
                                "http://sandbox:9001/x", "http://SANDBOX:9001/", "http://[::1]:9002/"}) {
    ASSERT_OK_AND_ASSIGN(const TargetUrl target, guard.CheckUrl(url));
    EXPECT_TRUE(target.allow_listed) << url;
  }
  for (const std::string url :
       {"http://127.0.0.1:9001/", "http://127.0.0.2:9000/", "http://sandbox:9000/", "http://sandbox/",
        "http://user@sandbox:9001/", "ftp://sandbox:9001/", "http://sandbox.evil.com:9001/"}) {
    EXPECT_THAT(guard.CheckUrl(url), StatusIs(absl::StatusCode::kPermissionDenied)) << url;
  }
}

}  // namespace
}  // namespace vinculo::http
