#include "common/http/listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/barrier.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/http/client.h"
#include "common/http/test_peer.h"
#include "common/log/log.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::http {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using ::vinculo::test::StatusIs;

// Answers with everything it understood of the request.
Answer Echo(const IncomingRequest& request) {
  std::string text = absl::StrCat(request.method, " ", request.path, "\n");
  for (const auto& [name, value] : request.query) absl::StrAppend(&text, "?", name, "=", value, "\n");
  for (const auto& [name, value] : request.path_fields) absl::StrAppend(&text, "{", name, "}=", value, "\n");
  absl::StrAppend(&text, "x-test=", request.Header("X-Test"), "\nbody=", request.body);
  return {.body = text, .headers = {{"X-Answer", "yes"}}};
}

class ListenerTest : public ::testing::Test {
 protected:
  void Start(ListenerOptions options = {}) {
    options.address = {"127.0.0.1", 0};
    listener_ = std::make_unique<Listener>(options);
    for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) listener_->Handle(method, "/echo", Echo);
    listener_->Handle("GET", "/v1/{id}/messages", Echo);
    listener_->Handle("GET", "/files/*", Echo);
    listener_->Handle("GET", "/empty", [](const IncomingRequest&) { return Answer{.status = 204}; });
    listener_->Handle("GET", "/throw", [](const IncomingRequest&) -> Answer { throw std::runtime_error("secret"); });
    listener_->Handle("GET", "/close", [](const IncomingRequest&) { return Answer{.ending = Answer::Ending::kClose}; });
    listener_->Handle("GET", "/hangup",
                      [](const IncomingRequest&) { return Answer{.ending = Answer::Ending::kHangUp}; });
    listener_->Handle("GET", "/reset", [](const IncomingRequest&) { return Answer{.ending = Answer::Ending::kReset}; });
    ASSERT_OK(listener_->Start());
    client_ = std::make_unique<Client>(ClientOptions{.guard = AddressGuard({listener_->address()})});
  }

  Response Ask(const std::string& method, const std::string& path, const std::string& body = "", Headers headers = {}) {
    return client_->SendAndWait({.method = method,
                                 .url = listener_->url() + path,
                                 .headers = std::move(headers),
                                 .body = body,
                                 .max_response_bytes = 1 << 22});
  }

  // Sends raw bytes on a connection of its own and returns all that comes back until the server closes it.
  std::string Raw(const std::string& bytes) {
    const int fd = ConnectTo(listener_->address().port);
    TestConnection connection(fd);
    connection.Write(bytes);
    std::string answer;
    char buffer[4096];
    for (ssize_t count; (count = recv(fd, buffer, sizeof(buffer), 0)) > 0;)
      answer.append(buffer, static_cast<size_t>(count));
    close(fd);
    return answer;
  }

  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Client> client_;
};

TEST_F(ListenerTest, HandsOverMethodPathQueryHeadersAndBody) {
  Start();
  const Response response = Ask("POST", "/echo?b=two%20words&a=1", "raw \xff body", {{"x-TEST", "50%25"}});
  ASSERT_OK(response.transport);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("x-answer"), "yes");
  EXPECT_EQ(response.body, "POST /echo\n?a=1\n?b=two words\nx-test=50%25\nbody=raw \xff body");
}

TEST_F(ListenerTest, ServesEveryMethod) {
  Start();
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    EXPECT_THAT(Ask(method, "/echo").body, StartsWith(method + " /echo")) << method;
  }
  const Response head = Ask("HEAD", "/echo");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
}

TEST_F(ListenerTest, FindsRoutesByPattern) {
  Start();
  EXPECT_THAT(Ask("GET", "/v1/55%2F5/messages").status, 404);
  EXPECT_THAT(Ask("GET", "/v1/555/messages").body, HasSubstr("{id}=555\n"));
  EXPECT_THAT(Ask("GET", "/files/a/b").body, StartsWith("GET /files/a/b\n"));
  EXPECT_EQ(Ask("GET", "/files").status, 404);
  EXPECT_EQ(Ask("GET", "/v1//messages").status, 404);
  EXPECT_EQ(Ask("GET", "/echo/").status, 404);
  EXPECT_EQ(Ask("GET", "/").status, 404);
  EXPECT_EQ(Ask("POST", "/empty").status, 405);
}

TEST_F(ListenerTest, AnswersWithoutBody) {
  Start();
  const Response response = Ask("GET", "/empty");
  ASSERT_OK(response.transport);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, "");
}

TEST_F(ListenerTest, HidesWhatAHandlerThrew) {
  Start();
  const log::Capture capture;
  const Response response = Ask("GET", "/throw");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body, "internal error\n");
}

TEST_F(ListenerTest, KeepsConnectionsOpen) {
  Start();
  const std::string answers =
      Raw("GET /echo HTTP/1.1\r\n\r\nGET /empty HTTP/1.1\r\n\r\nGET /echo HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answers, HasSubstr("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(answers, HasSubstr("Connection: close\r\n"));
}

TEST_F(ListenerTest, TakesChunkedBodiesAndSaysContinue) {
  Start();
  const std::string chunked =
      Raw("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_THAT(chunked, EndsWith("body=abc"));

  const int fd = ConnectTo(listener_->address().port);
  TestConnection connection(fd);
  connection.Write("POST /echo HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(connection.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  connection.Write("abc");
  EXPECT_THAT(connection.ReadRequest(), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("body=abc")));
  close(fd);
}

TEST_F(ListenerTest, TakesABodyOfTheLimitAndNotOneByteMore) {
  Start({.max_body_bytes = 100'000});
  const Response fits = Ask("POST", "/echo", std::string(100'000, 'x'));
  EXPECT_EQ(fits.status, 200);
  EXPECT_THAT(fits.body, EndsWith("body=" + std::string(100'000, 'x')));
  EXPECT_THAT(Raw(absl::StrCat("POST /echo HTTP/1.1\r\nContent-Length: 100001\r\n\r\n", std::string(100'001, 'x'))),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(ListenerTest, RefusesMalformedRequestsAndGoesOn) {
  Start();
  EXPECT_THAT(Raw("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Raw("GET /echo HTTP/9.9\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Raw("BREW /echo HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Raw("GET /echo HTTP/1.1\r\nBad Header: x\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Raw("POST /echo HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
              StartsWith("HTTP/1.1 415 "));
  EXPECT_THAT(Raw("GET /" + std::string(20'000, 'a')), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Raw("GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 414 "));
  EXPECT_EQ(Ask("GET", "/echo").status, 200);
}

TEST_F(ListenerTest, PlaysABrokenPeer) {
  Start();
  EXPECT_EQ(Raw("GET /hangup HTTP/1.1\r\n\r\n"), "");
  EXPECT_THAT(Raw("GET /close HTTP/1.1\r\n\r\n"), HasSubstr("Connection: close\r\n"));
  const Response reset = Ask("GET", "/reset");
  EXPECT_THAT(reset.transport, StatusIs(absl::StatusCode::kUnavailable, "HTTP_CONNECTION_LOST"));
}

TEST_F(ListenerTest, AnswersOthersWhileManyConnectionsAreIdleOrSlow) {
  Start({.threads = 2});
  std::vector<int> connections;
  for (int i = 0; i < 100; ++i) {
    connections.push_back(ConnectTo(listener_->address().port));
    TestConnection(connections.back())
        .Write(i % 2 == 0 ? "GET /ec" : "POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nha");
  }
  EXPECT_EQ(Ask("GET", "/echo").status, 200);
  for (const int fd : connections) close(fd);
}

TEST_F(ListenerTest, CutsOffRequestsThatNeverEnd) {
  Start({.request_timeout = absl::Milliseconds(1)});
  EXPECT_EQ(Raw("GET /echo HTT"), "");
}

TEST_F(ListenerTest, CutsOffIdleConnections) {
  Start({.idle_timeout = absl::Milliseconds(1)});
  EXPECT_THAT(Raw("GET /echo HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ListenerTest, ClosesConnectionsAboveItsLimit) {
  Start({.max_connections = 1});
  const int kept = ConnectTo(listener_->address().port);
  TestConnection connection(kept);
  connection.Write("GET /empty HTTP/1.1\r\n\r\n");
  EXPECT_THAT(connection.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 204"));
  EXPECT_EQ(Raw("GET /empty HTTP/1.1\r\n\r\n"), "");
  close(kept);
}

TEST_F(ListenerTest, HandlesAsManyAtOnceAsItHasThreads) {
  constexpr int kThreads = 4;
  Listener listener({.address = {"127.0.0.1", 0}, .threads = kThreads});
  absl::Barrier* all_in = new absl::Barrier(kThreads);
  listener.Handle("GET", "/meet", [all_in](const IncomingRequest&) {
    if (all_in->Block()) delete all_in;
    return Answer{.body = "met"};
  });
  ASSERT_OK(listener.Start());
  Client client(ClientOptions{.guard = AddressGuard({listener.address()})});
  std::atomic<int> met{0};
  absl::BlockingCounter done(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    client.Send({.url = listener.url() + "/meet"}, [&](Response response) {
      if (response.body == "met") ++met;
      done.DecrementCount();
    });
  }
  done.Wait();
  EXPECT_EQ(met, kThreads);
}

TEST_F(ListenerTest, LetsRunningHandlersEndWhenItStops) {
  Listener listener({.address = {"127.0.0.1", 0}});
  absl::Notification entered;
  absl::Notification go_on;
  listener.Handle("GET", "/slow", [&](const IncomingRequest&) {
    entered.Notify();
    go_on.WaitForNotification();
    return Answer{.body = "done"};
  });
  ASSERT_OK(listener.Start());
  Client client(ClientOptions{.guard = AddressGuard({listener.address()})});
  absl::Notification answered;
  Response answer;
  client.Send({.url = listener.url() + "/slow"}, [&](Response response) {
    answer = std::move(response);
    answered.Notify();
  });
  entered.WaitForNotification();
  std::thread stopper([&] { listener.Stop(); });
  go_on.Notify();
  stopper.join();
  answered.WaitForNotification();
  EXPECT_EQ(answer.body, "done");
  EXPECT_THAT(client.SendAndWait({.url = listener.url() + "/slow"}).transport,
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ListenerTest, SaysWhyItCannotListen) {
  Start();
  Listener second({.address = listener_->address()});
  EXPECT_THAT(second.Start(), StatusIs(absl::StatusCode::kUnavailable, "LISTEN_FAILED"));
  Listener nowhere({.address = {"no.such.host.invalid", 0}});
  EXPECT_THAT(nowhere.Start(), StatusIs(absl::StatusCode::kUnavailable, "LISTEN_FAILED"));
}

TEST_F(ListenerTest, ListensOnIpv6) {
  Listener listener({.address = {"::1", 0}});
  listener.Handle("GET", "/echo", Echo);
  if (!listener.Start().ok()) GTEST_SKIP() << "no IPv6 here";
  Client client(ClientOptions{.guard = AddressGuard({listener.address()})});
  EXPECT_EQ(client.SendAndWait({.url = listener.url() + "/echo"}).status, 200);
}

TEST_F(ListenerTest, SurvivesManyConnectionsAtOnce) {
  Start({.threads = 2});
  constexpr int kRequests = 500;
  std::atomic<int> answered{0};
  absl::BlockingCounter done(kRequests);
  for (int i = 0; i < kRequests; ++i) {
    client_->Send({.method = "POST", .url = listener_->url() + "/echo", .body = absl::StrCat(i)},
                  [&, i](Response response) {
                    if (response.status == 200 && absl::EndsWith(response.body, absl::StrCat("body=", i))) ++answered;
                    done.DecrementCount();
                  });
  }
  done.Wait();
  EXPECT_EQ(answered, kRequests);
}

}  // namespace
}  // namespace vinculo::http
