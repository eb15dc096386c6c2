#include "common/http/client.h"

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/http/test_peer.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::http {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::vinculo::test::StatusIs;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-One: 1\r\nx-two:2  \r\n\r\nok";

// Answers every request on every connection.
void AnswerAll(TestConnection& connection, int) {
  while (!connection.ReadRequest().empty()) connection.Write(kOk);
}

ClientOptions Allowing(int port) { return {.guard = AddressGuard({{"127.0.0.1", port}, {"localhost", port}})}; }

TEST(Client, SendsARequestAndGivesTheAnswer) {
  std::string seen;
  const TestPeer peer([&](TestConnection& connection, int) {
    seen = connection.ReadRequest();
    connection.Write(kOk);
    connection.WaitForEnd();
  });
  Response response;
  {
    Client client(Allowing(peer.port()));
    response = client.SendAndWait({.method = "POST",
                                   .url = peer.url() + "/leads?a=b",
                                   .headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}},
                                   .body = "{\"a\":1}"});
  }
  ASSERT_OK(response.transport);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "ok");
  EXPECT_EQ(response.Header("X-ONE"), "1");
  EXPECT_EQ(response.Header("X-Two"), "2");
  EXPECT_EQ(response.Header("absent"), "");
  EXPECT_TRUE(response.request_bytes_written);
  EXPECT_FALSE(response.not_sent());
  EXPECT_FALSE(response.ambiguous());
  EXPECT_GT(response.elapsed, absl::ZeroDuration());
  EXPECT_THAT(seen, AllOf(StartsWith("POST /leads?a=b HTTP/1.1\r\n"), HasSubstr("Content-Type: application/json\r\n"),
                          HasSubstr("X-Empty:"), HasSubstr("User-Agent: Vinculo"), EndsWith("\r\n\r\n{\"a\":1}"),
                          Not(HasSubstr("Expect")), Not(HasSubstr("Accept-Encoding"))));
}

TEST(Client, SendsEveryMethodAsItIs) {
  std::vector<std::string> seen;
  const TestPeer peer([&](TestConnection& connection, int) {
    for (std::string request = connection.ReadRequest(); !request.empty(); request = connection.ReadRequest()) {
      seen.push_back(request);
      const bool head = absl::StartsWith(request, "HEAD");
      connection.Write(head ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : kOk);
    }
  });
  {
    // One handle serves them all, so that nothing of one request may stick to the next.
    Client client(Allowing(peer.port()));
    for (const std::string method : {"POST", "GET", "PUT", "HEAD", "DELETE", "PATCH", "GET"}) {
      const bool body = method == "POST" || method == "PUT" || method == "PATCH";
      EXPECT_OK(client.SendAndWait({.method = method, .url = peer.url(), .body = body ? "body" : ""}).transport)
          << method;
    }
    EXPECT_OK(client.SendAndWait({.method = "DELETE", .url = peer.url(), .body = "why"}).transport);
    EXPECT_OK(client.SendAndWait({.method = "POST", .url = peer.url()}).transport);
  }
  ASSERT_THAT(seen, SizeIs(9));
  EXPECT_THAT(seen[0], AllOf(StartsWith("POST "), EndsWith("body"), Not(HasSubstr("Content-Type"))));
  EXPECT_THAT(seen[1], AllOf(StartsWith("GET "), EndsWith("\r\n\r\n"), Not(HasSubstr("Content-Length"))));
  EXPECT_THAT(seen[2], AllOf(StartsWith("PUT "), EndsWith("body")));
  EXPECT_THAT(seen[3], StartsWith("HEAD "));
  EXPECT_THAT(seen[4], AllOf(StartsWith("DELETE "), EndsWith("\r\n\r\n")));
  EXPECT_THAT(seen[5], AllOf(StartsWith("PATCH "), EndsWith("body")));
  EXPECT_THAT(seen[6], AllOf(StartsWith("GET "), EndsWith("\r\n\r\n")));
  EXPECT_THAT(seen[7], AllOf(StartsWith("DELETE "), EndsWith("why")));
  EXPECT_THAT(seen[8], AllOf(StartsWith("POST "), HasSubstr("Content-Length: 0\r\n")));
}

TEST(Client, KeepsConnections) {
  const TestPeer peer(AnswerAll);
  Client client(Allowing(peer.port()));
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(client.SendAndWait({.method = "POST", .url = peer.url(), .body = "x"}).transport);
  }
  EXPECT_EQ(peer.connections(), 1);
}

TEST(Client, PassesErrorsOfThePeerOn) {
  const TestPeer peer([](TestConnection& connection, int) {
    connection.ReadRequest();
    connection.Write(
        "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: "
        "4\r\n\r\nslow");
    connection.WaitForEnd();
  });
  Client client(Allowing(peer.port()));
  const Response response = client.SendAndWait({.url = peer.url()});
  EXPECT_OK(response.transport);
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.body, "slow");
  EXPECT_EQ(response.Header("x-early"), "");
  EXPECT_EQ(RetryAfter(response, absl::UnixEpoch()), absl::Seconds(7));
}

// NOT_SENT or AMBIGUOUS: what a durable sender has to know.

TEST(ClientOutcome, NothingWasSentWhenTheConnectionIsRefused) {
  const int port = ClosedPort();
  Client client(Allowing(port));
  const Response response =
      client.SendAndWait({.method = "POST", .url = absl::StrCat("http://127.0.0.1:", port), .body = "x"});
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kUnavailable, "HTTP_CONNECT_FAILED"));
  EXPECT_TRUE(response.not_sent());
  EXPECT_EQ(response.status, 0);
}

TEST(ClientOutcome, NothingWasSentWhenTheNameIsUnknown) {
  Client client;
  const Response response = client.SendAndWait({.method = "POST", .url = "https://no-such-host.invalid/", .body = "x"});
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kUnavailable, "HTTP_CONNECT_FAILED"));
  EXPECT_TRUE(response.not_sent());
}

TEST(ClientOutcome, IsAmbiguousWhenThePeerResetsAfterReading) {
  const TestPeer peer([](TestConnection& connection, int) {
    connection.ReadRequest();
    connection.Reset();
  });
  Client client(Allowing(peer.port()));
  const Response response = client.SendAndWait({.method = "POST", .url = peer.url(), .body = "x"});
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kUnavailable, "HTTP_CONNECTION_LOST"));
  EXPECT_TRUE(response.ambiguous());
}

TEST(ClientOutcome, IsAmbiguousWhenThePeerHangsUpWithoutAnAnswer) {
  const TestPeer peer([](TestConnection& connection, int) { connection.ReadRequest(); });
  Client client(Allowing(peer.port()));
  const Response response = client.SendAndWait({.method = "POST", .url = peer.url(), .body = "x"});
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kUnavailable, "HTTP_CONNECTION_LOST"));
  EXPECT_TRUE(response.ambiguous());
}

TEST(ClientOutcome, IsAmbiguousWhenTheAnswerBreaksOff) {
  const TestPeer peer([](TestConnection& connection, int) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
  });
  Client client(Allowing(peer.port()));
  const Response response = client.SendAndWait({.method = "POST", .url = peer.url(), .body = "x"});
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kUnavailable, "HTTP_CONNECTION_LOST"));
  EXPECT_TRUE(response.ambiguous());
  EXPECT_EQ(response.status, 200);
}

TEST(ClientOutcome, IsAmbiguousWhenTheAnswerTakesTooLong) {
  const TestPeer peer([](TestConnection& connection, int) {
    connection.ReadRequest();
    connection.WaitForEnd();
  });
  Client client(Allowing(peer.port()));
  const Response response =
      client.SendAndWait({.method = "POST", .url = peer.url(), .body = "x", .total_timeout = absl::Milliseconds(50)});
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kDeadlineExceeded, "HTTP_TIMEOUT"));
  EXPECT_TRUE(response.ambiguous());
}

// libcurl would send such a request again by itself.
TEST(ClientOutcome, NeverRepeatsAPostWhoseKeptConnectionDied) {
  std::atomic<int> posts{0};
  const TestPeer peer([&](TestConnection& connection, int) {
    if (!connection.ReadRequest().empty()) ++posts;
    connection.Write(kOk);
    if (!connection.ReadRequest().empty()) ++posts;
  });
  Client client(Allowing(peer.port()));
  ASSERT_OK(client.SendAndWait({.method = "POST", .url = peer.url(), .body = "first"}).transport);
  const Response second = client.SendAndWait({.method = "POST", .url = peer.url(), .body = "second"});
  EXPECT_THAT(second.transport, StatusIs(absl::StatusCode::kUnavailable, "HTTP_CONNECTION_LOST"));
  EXPECT_TRUE(second.ambiguous());
  EXPECT_EQ(posts, 2);
}

TEST(ClientOutcome, RepeatsAGetWhoseKeptConnectionDied) {
  const TestPeer peer([&](TestConnection& connection, int number) {
    connection.ReadRequest();
    connection.Write(kOk);
    if (number == 1) {
      connection.ReadRequest();
    } else {
      connection.WaitForEnd();
    }
  });
  Client client(Allowing(peer.port()));
  ASSERT_OK(client.SendAndWait({.url = peer.url()}).transport);
  EXPECT_OK(client.SendAndWait({.url = peer.url()}).transport);
  EXPECT_EQ(peer.connections(), 2);
}

TEST(Client, CapsWhatItReads) {
  const TestPeer peer([](TestConnection& connection, int) {
    connection.ReadRequest();
    connection.Write(absl::StrCat("HTTP/1.1 200 OK\r\nX-Kept: 1\r\n\r\n", std::string(5000, 'x')));
  });
  Client client(Allowing(peer.port()));
  EXPECT_OK(client.SendAndWait({.url = peer.url(), .max_response_bytes = 5000}).transport);
  const Response response = client.SendAndWait({.url = peer.url(), .max_response_bytes = 4999});
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kResourceExhausted, "RESPONSE_TOO_LARGE"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("x-kept"), "1");
  EXPECT_LE(response.body.size(), 4999u);
}

TEST(Client, CapsHeaders) {
  const TestPeer peer([](TestConnection& connection, int) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 100; ++i) connection.Write(absl::StrCat("X-", i, ": ", std::string(1000, 'x'), "\r\n"));
    connection.WaitForEnd();
  });
  Client client(Allowing(peer.port()));
  EXPECT_THAT(client.SendAndWait({.url = peer.url()}).transport,
              StatusIs(absl::StatusCode::kResourceExhausted, "RESPONSE_TOO_LARGE"));
}

TEST(Client, RefusesRequestsThatCannotBeSentAsTheyAreMeant) {
  const TestPeer peer(AnswerAll);
  Client client(Allowing(peer.port()));
  std::vector<Request> requests = {{.method = "BREW"},
                                   {.method = "get"},
                                   {.method = "GET", .body = "x"},
                                   {.headers = {{"A\r\nB", "x"}}},
                                   {.headers = {{"A", "x\r\nInjected: y"}}},
                                   {.headers = {{"A", std::string("x\0y", 3)}}},
                                   {.headers = {{"", "x"}}},
                                   {.headers = {{"Host", "evil"}}},
                                   {.headers = {{"content-length", "5"}}},
                                   {.headers = {{"Transfer-Encoding", "chunked"}}},
                                   {.connect_timeout = absl::ZeroDuration()},
                                   {.total_timeout = -absl::Seconds(1)}};
  for (Request& request : requests) {
    request.url = peer.url();
    const Response response = client.SendAndWait(std::move(request));
    EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST"));
    EXPECT_TRUE(response.not_sent());
  }
  EXPECT_EQ(peer.connections(), 0);
}

// A peer that answers nobody until it is told to.
class GatedPeer {
 public:
  int port() const { return peer_.port(); }
  std::string url() const { return peer_.url(); }
  void Open() { gate_.Notify(); }

 private:
  absl::Notification gate_;
  TestPeer peer_{[this](TestConnection& connection, int) {
    while (!connection.ReadRequest().empty()) {
      gate_.WaitForNotification();
      connection.Write(kOk);
    }
  }};
};

TEST(ClientQueue, RefusesWhatItHasNoRoomFor) {
  GatedPeer peer;
  ClientOptions options = Allowing(peer.port());
  options.max_in_flight = 2;
  options.max_queued = 3;
  Client client(std::move(options));
  absl::BlockingCounter refused(5);
  absl::BlockingCounter answered(5);
  for (int i = 0; i < 10; ++i) {
    client.Send({.method = "POST", .url = peer.url(), .body = "x"}, [&](Response response) {
      if (response.transport.ok()) {
        answered.DecrementCount();
      } else {
        EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kResourceExhausted, "HTTP_QUEUE_FULL"));
        EXPECT_TRUE(response.not_sent());
        refused.DecrementCount();
      }
    });
    // One at a time, so that two are under way before the third waits.
    if (i < 2) client.SendAndWait({.url = "invalid"});
  }
  refused.Wait();
  peer.Open();
  answered.Wait();
}

TEST(ClientQueue, KeepsRoomForOtherHostsWhenOneIsSlow) {
  GatedPeer slow;
  const TestPeer fast(AnswerAll);
  ClientOptions options;
  options.guard = AddressGuard({{"127.0.0.1", slow.port()}, {"127.0.0.1", fast.port()}});
  options.max_in_flight = 3;
  options.max_in_flight_per_host = 2;
  Client client(std::move(options));
  absl::BlockingCounter answered(10);
  for (int i = 0; i < 10; ++i) {
    client.Send({.url = slow.url()}, [&](Response) { answered.DecrementCount(); });
  }
  for (int i = 0; i < 5; ++i) EXPECT_OK(client.SendAndWait({.url = fast.url()}).transport);
  slow.Open();
  answered.Wait();
}

TEST(ClientQueue, TimesOutWhatWaitsTooLong) {
  GatedPeer peer;
  ClientOptions options = Allowing(peer.port());
  options.max_in_flight = 1;
  Client client(std::move(options));
  absl::Notification first;
  client.Send({.url = peer.url()}, [&](Response) { first.Notify(); });
  client.SendAndWait({.url = "invalid"});  // the first is under way now
  const Response second =
      client.SendAndWait({.method = "POST", .url = peer.url(), .body = "x", .total_timeout = absl::Milliseconds(20)});
  EXPECT_THAT(second.transport, StatusIs(absl::StatusCode::kDeadlineExceeded, "HTTP_TIMEOUT"));
  EXPECT_TRUE(second.not_sent());
  peer.Open();
  first.WaitForNotification();
}

TEST(Client, CallsBackFromOneThreadAndMaySendFromThere) {
  const TestPeer peer(AnswerAll);
  Client client(Allowing(peer.port()));
  absl::Notification done;
  int left = 50;
  std::function<void(Response)> again = [&](Response response) {
    EXPECT_OK(response.transport);
    if (--left == 0) return done.Notify();
    client.Send({.url = peer.url()}, again);
  };
  client.Send({.url = peer.url()}, again);
  done.WaitForNotification();
  EXPECT_EQ(left, 0);
}

TEST(Client, CarriesManyAtOnce) {
  const TestPeer peer(AnswerAll);
  Client client(Allowing(peer.port()));
  constexpr int kRequests = 2000;
  std::atomic<int> ok{0};
  absl::BlockingCounter done(kRequests);
  for (int i = 0; i < kRequests; ++i) {
    client.Send({.method = "POST", .url = peer.url(), .body = absl::StrCat(i)}, [&](Response response) {
      if (response.transport.ok()) ++ok;
      done.DecrementCount();
    });
  }
  done.Wait();
  EXPECT_EQ(ok, kRequests);
}

TEST(ClientEnd, FailsWhatIsUnderWayWhenDestroyed) {
  const TestPeer peer([](TestConnection& connection, int) {
    connection.ReadRequest();
    connection.WaitForEnd();
  });
  ClientOptions options = Allowing(peer.port());
  options.max_in_flight = 1;
  std::vector<Response> responses;
  {
    Client client(std::move(options));
    for (int i = 0; i < 3; ++i) {
      client.Send({.method = "POST", .url = peer.url(), .body = "x"},
                  [&](Response r) { responses.push_back(std::move(r)); });
    }
    client.SendAndWait({.url = "invalid"});
  }
  ASSERT_THAT(responses, SizeIs(3));
  for (const Response& response : responses) {
    EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kCancelled, "HTTP_CLIENT_STOPPED"));
  }
  EXPECT_TRUE(responses[1].not_sent());
  EXPECT_TRUE(responses[2].not_sent());
}

TEST(ClientEnd, DrainsWhatIsUnderWayAndRefusesMore) {
  GatedPeer peer;
  Client client(Allowing(peer.port()));
  std::atomic<bool> answered{false};
  client.Send({.url = peer.url()}, [&](Response response) { answered = response.transport.ok(); });
  client.SendAndWait({.url = "invalid"});
  EXPECT_FALSE(client.Drain(absl::Milliseconds(10)));
  EXPECT_THAT(client.SendAndWait({.url = peer.url()}).transport,
              StatusIs(absl::StatusCode::kCancelled, "HTTP_CLIENT_STOPPED"));
  peer.Open();
  EXPECT_TRUE(client.Drain(absl::Seconds(30)));
  EXPECT_TRUE(answered);
}

TEST(RetryAfter, ReadsSecondsAndDates) {
  const absl::Time now = absl::FromUnixSeconds(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  const auto with = [&](const std::string& value) {
    return RetryAfter(Response{.headers = {{"retry-after", value}}}, now);
  };
  EXPECT_EQ(with("120"), absl::Seconds(120));
  EXPECT_EQ(with("0"), absl::ZeroDuration());
  EXPECT_EQ(with("Sun, 06 Nov 1994 08:50:37 GMT"), absl::Seconds(60));
  EXPECT_EQ(with("Sun, 06 Nov 1994 08:00:00 GMT"), absl::ZeroDuration());
  EXPECT_EQ(with("999999999"), absl::Hours(24));
  EXPECT_EQ(with("soon"), std::nullopt);
  EXPECT_EQ(with("-5"), std::nullopt);
  EXPECT_EQ(with(""), std::nullopt);
}

TEST(ClientMetrics, CountsOutcomes) {
  const TestPeer peer(AnswerAll);
  metrics::Registry registry;
  {
    ClientOptions options = Allowing(peer.port());
    options.metrics = &registry;
    Client client(std::move(options));
    client.SendAndWait({.url = peer.url()});
    client.SendAndWait({.url = "http://127.0.0.1:1/"});
  }
  EXPECT_THAT(registry.Render(), HasSubstr("http_client_requests_total{outcome=\"2xx\"} 1\n"));
  EXPECT_THAT(registry.Render(), HasSubstr("http_client_requests_total{outcome=\"not_sent\"} 1\n"));
  EXPECT_THAT(registry.Render(), HasSubstr("http_client_request_seconds_count 2\n"));
}

}  // namespace
}  // namespace vinculo::http
