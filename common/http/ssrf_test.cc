// What a customer's URL must never reach: each case goes through the real client, and the loopback listens on the very
// port, so that any hole in the guard would show as a connection.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/http/client.h"
#include "common/http/test_peer.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::http {
namespace {

using ::testing::AnyOf;
using ::testing::Ge;
using ::testing::SizeIs;
using ::vinculo::test::StatusIs;

// PORT stands for the port that the loopback listens on and that the guard lets through.
const std::vector<std::string>& HostileUrls() {
  static const auto* const urls = new std::vector<std::string>{
      // loopback, as written and as libcurl or the resolver would understand it
      "https://127.0.0.1:PORT/", "https://127.1:PORT/", "https://127.0.1:PORT/", "https://127.255.255.254:PORT/",
      "https://0x7f.0.0.1:PORT/", "https://0x7f000001:PORT/", "https://0177.0.0.1:PORT/", "https://017700000001:PORT/",
      "https://2130706433:PORT/", "https://0:PORT/", "https://0.0.0.0:PORT/", "https://0x0:PORT/",
      "https://localhost:PORT/", "https://LOCALHOST:PORT/", "https://localhost.:PORT/", "https://127.0.0.1.:PORT/",
      "https://ip6-localhost:PORT/", "https://foo.localhost:PORT/",
      // IPv6 spellings of it, and tunnels to it
      "https://[::1]:PORT/", "https://[0:0:0:0:0:0:0:1]:PORT/", "https://[::]:PORT/", "https://[::127.0.0.1]:PORT/",
      "https://[::ffff:127.0.0.1]:PORT/", "https://[::ffff:7f00:1]:PORT/", "https://[::ffff:0:127.0.0.1]:PORT/",
      "https://[64:ff9b::127.0.0.1]:PORT/", "https://[64:ff9b::7f00:1]:PORT/", "https://[64:ff9b:1::7f00:1]:PORT/",
      "https://[2002:7f00:1::]:PORT/", "https://[2002:7f00:0001::1]:PORT/", "https://[2001:0:7f00:1::]:PORT/",
      "https://[2001:0:0:0:0:0:80ff:fffe]:PORT/", "https://[::1%25lo]:PORT/", "https://[fe80::1%25eth0]:PORT/",
      // private and special networks
      "https://10.0.0.1:PORT/", "https://10.255.255.255:PORT/", "https://172.16.0.1:PORT/",
      "https://172.31.255.255:PORT/", "https://192.168.0.1:PORT/", "https://100.64.0.1:PORT/",
      "https://169.254.169.254:PORT/latest/meta-data/", "https://0xa9fea9fe:PORT/", "https://2852039166:PORT/",
      "https://[::ffff:169.254.169.254]:PORT/", "https://[fd00:ec2::254]:PORT/", "https://[fc00::1]:PORT/",
      "https://[fe80::1]:PORT/", "https://[fec0::1]:PORT/", "https://[ff02::1]:PORT/", "https://224.0.0.1:PORT/",
      "https://255.255.255.255:PORT/", "https://240.0.0.1:PORT/", "https://192.0.2.1:PORT/", "https://198.18.0.1:PORT/",
      "https://198.51.100.1:PORT/", "https://203.0.113.1:PORT/", "https://[2001:db8::1]:PORT/",
      // names whose DNS answers with an inner address
      "https://rebind.example:PORT/", "https://metadata.example:PORT/", "https://inner6.example:PORT/",
      "https://mapped.example:PORT/", "https://nat64.example:PORT/",
      // other schemes, ports and disguises
      "http://127.0.0.1:PORT/", "http://localhost:PORT/", "http://rebind.example:PORT/", "ftp://127.0.0.1:PORT/",
      "gopher://127.0.0.1:PORT/_GET", "dict://127.0.0.1:PORT/d", "file:///etc/passwd", "ldap://127.0.0.1:PORT/",
      "telnet://127.0.0.1:PORT/", "smtp://127.0.0.1:PORT/", "scp://127.0.0.1:PORT/", "unix:///var/run/docker.sock",
      "https://127.0.0.1:22/", "https://127.0.0.1:6379/", "https://public.example@127.0.0.1:PORT/",
      "https://public.example:443@127.0.0.1:PORT/", "https://127.0.0.1:PORT#@public.example/",
      "https://127.0.0.1:PORT?@public.example/", "https://public.example\\@127.0.0.1:PORT/",
      "https://127.0.0.1:PORT\t/", "https://127.0.0.1%3aPORT/", "https://127.0.0.1%00.public.example:PORT/",
      "https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:PORT/",
      "https://127\xe3\x80\x82"
      "0.0.1:PORT/",
      "https:127.0.0.1:PORT/", "https:///127.0.0.1:PORT/", "//127.0.0.1:PORT/", "127.0.0.1:PORT"};
  return *urls;
}

class Ssrf : public ::testing::Test {
 protected:
  std::string At(const std::string& text) const {
    return absl::StrReplaceAll(text, {{"PORT", absl::StrCat(peer_.port())}});
  }

  TestPeer peer_{[](TestConnection& connection, int) { connection.WaitForEnd(); }};
  Client client_{
      ClientOptions{.guard = AddressGuard({}, {443, 8443, peer_.port()}),
                    .resolve = {At("rebind.example:PORT:127.0.0.1"), At("metadata.example:PORT:169.254.169.254"),
                                At("inner6.example:PORT:[::1]"), At("mapped.example:PORT:[::ffff:127.0.0.1]"),
                                At("nat64.example:PORT:[64:ff9b::7f00:1]"), At("foo.localhost:PORT:127.0.0.1"),
                                At("ip6-localhost:PORT:[::1]"), At("several.example:PORT:127.0.0.1,[::1],10.0.0.1")}}};
};

TEST_F(Ssrf, MakesNoConnectionForAnyHostileUrl) {
  ASSERT_THAT(HostileUrls(), SizeIs(Ge(60u)));
  for (const std::string& url : HostileUrls()) {
    for (const std::string method : {"GET", "POST"}) {
      const Response response = client_.SendAndWait({.method = method, .url = At(url)});
      EXPECT_THAT(response.transport,
                  AnyOf(StatusIs(absl::StatusCode::kPermissionDenied, AnyOf("URL_NOT_ALLOWED", "ADDRESS_BLOCKED")),
                        StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_URL")))
          << method << " " << url;
      EXPECT_FALSE(response.request_bytes_written) << url;
    }
  }
  EXPECT_EQ(peer_.connections(), 0);
}

TEST_F(Ssrf, RefusesANameWhoseAnswersAreAllInner) {
  const Response response = client_.SendAndWait({.url = At("https://several.example:PORT/")});
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kPermissionDenied, "ADDRESS_BLOCKED"));
  EXPECT_EQ(peer_.connections(), 0);
}

TEST_F(Ssrf, WouldHaveSeenAConnection) {
  Client open(ClientOptions{.guard = AddressGuard({{"127.0.0.1", peer_.port()}})});
  open.SendAndWait({.url = peer_.url(), .total_timeout = absl::Milliseconds(200)});
  EXPECT_EQ(peer_.connections(), 1);
}

TEST_F(Ssrf, FollowsNoRedirectInward) {
  const TestPeer outer([&](TestConnection& connection, int) {
    connection.ReadRequest();
    connection.Write(At("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:PORT/inner\r\nContent-Length: 0\r\n\r\n"));
    connection.WaitForEnd();
  });
  Client client(ClientOptions{.guard = AddressGuard({{"127.0.0.1", outer.port()}})});
  const Response response = client.SendAndWait({.url = outer.url()});
  EXPECT_OK(response.transport);
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(peer_.connections(), 0);
}

}  // namespace
}  // namespace vinculo::http
