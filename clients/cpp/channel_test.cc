#include "clients/cpp/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/synchronization/blocking_counter.h"
#include "clients/cpp/service_config.h"
#include "common/rpc/echo_test_service.h"
#include "common/status/error.h"
#include "common/testing/status_matchers.h"
#include "vinculo/echo/v1/echo.client.h"

namespace vinculo::clients {
namespace {

namespace v1 = echo::v1;
using test::StatusIs;

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    server_.Add<v1::EchoService>(service_);
    server_.Start();
    client_.emplace(Open());
  }
  ~ChannelTest() override {
    client_.reset();
    server_.Stop();
  }
  std::shared_ptr<Channel> Open() const {
    return *Channel::Open({.target = server_.address(), .insecure_loopback = true},
                          std::make_shared<FixedToken>(server_.Token()));
  }
  static v1::EchoRequest Text(const std::string& text) {
    v1::EchoRequest request;
    request.set_text(text);
    return request;
  }

  sql::TestDatabase database_{"echo", rpc::kEchoSteps};
  rpc::TestServer server_;
  rpc::EchoService service_{server_.runtime(), &*database_};
  std::optional<v1::EchoServiceClient> client_;
};

TEST_F(ChannelTest, CallsAndWaits) {
  ASSERT_OK_AND_ASSIGN(const v1::EchoResponse response, client_->EchoAndWait("demo", Text("hola")));
  EXPECT_EQ(response.text(), "hola");
  EXPECT_EQ(response.tenant(), "demo");
}

TEST_F(ChannelTest, CallsManyAtOnce) {
  absl::BlockingCounter left(200);
  std::atomic<int> good = 0;
  for (int i = 0; i < 200; ++i) {
    client_->Echo("demo", Text(absl::StrCat(i)), [&, i](absl::StatusOr<v1::EchoResponse> response) {
      if (response.ok() && response->text() == absl::StrCat(i)) ++good;
      left.DecrementCount();
    });
  }
  left.Wait();
  EXPECT_GE(good, 100) << "the rest may be refused as overload, which is not repeated";
}

TEST_F(ChannelTest, ErrorsKeepTheirReason) {
  service_.on_echo = [](rpc::EchoCall call) {
    call.Fail(Error(absl::StatusCode::kFailedPrecondition, "WINDOW_CLOSED", "closed", {{"until", "noon"}}));
  };
  const auto response = client_->EchoAndWait("demo", Text(""));
  EXPECT_THAT(response, StatusIs(absl::StatusCode::kFailedPrecondition, "WINDOW_CLOSED"));
  EXPECT_EQ(GetErrorDetails(response.status())->metadata[0].second, "noon");
}

TEST_F(ChannelTest, RepeatsWhenUnavailable) {
  std::atomic<int> tries = 0;
  service_.on_echo = [&](rpc::EchoCall call) {
    if (++tries < 3) return call.Fail(absl::UnavailableError("not yet"));
    call.Succeed();
  };
  EXPECT_OK(client_->EchoAndWait("demo", Text("")));
  EXPECT_EQ(tries, 3);
}

TEST_F(ChannelTest, DoesNotRepeatOtherErrors) {
  std::atomic<int> tries = 0;
  service_.on_echo = [&](rpc::EchoCall call) {
    ++tries;
    call.Fail(absl::AbortedError("changed"));
  };
  EXPECT_THAT(client_->EchoAndWait("demo", Text("")), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(tries, 1);
}

TEST_F(ChannelTest, GivesMutationsARequestId) {
  v1::AddLineRequest request;
  request.set_text("hola");
  EXPECT_EQ(client_->AddLineAndWait("demo", request)->number(), 1);
  EXPECT_EQ(client_->AddLineAndWait("demo", request)->number(), 2) << "each call has an id of its own";
  request.set_request_id("0190a5b2-7c1e-7000-8000-000000000001");
  EXPECT_EQ(client_->AddLineAndWait("demo", request)->number(), 3);
  EXPECT_EQ(client_->AddLineAndWait("demo", request)->number(), 3) << "the caller's id is kept";
}

TEST_F(ChannelTest, EndsWhenTheTimeIsUp) {
  std::optional<rpc::EchoCall> held;
  absl::Notification arrived;
  service_.on_echo = [&](rpc::EchoCall call) {
    held = std::move(call);
    arrived.Notify();
  };
  EXPECT_THAT(client_->EchoAndWait("demo", Text(""), absl::Now() + absl::Milliseconds(200)),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  arrived.WaitForNotification();
  held->Succeed();
  held.reset();
}

TEST_F(ChannelTest, UnreachableServiceIsUnavailable) {
  const std::string address = server_.address();
  server_.Stop();
  EXPECT_THAT(client_->EchoAndWait("demo", Text("")).status().code(),
              ::testing::AnyOf(absl::StatusCode::kUnavailable, absl::StatusCode::kDeadlineExceeded));
}

TEST_F(ChannelTest, DestructionCancelsWhatIsInFlight) {
  std::optional<rpc::EchoCall> held;
  absl::Notification arrived;
  service_.on_echo = [&](rpc::EchoCall call) {
    held = std::move(call);
    arrived.Notify();
  };
  absl::Status status;
  client_->Echo("demo", Text(""), [&](absl::StatusOr<v1::EchoResponse> response) { status = response.status(); });
  arrived.WaitForNotification();
  client_.reset();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled)) << "the callback has run";
  held->Succeed();
  held.reset();
}

TEST_F(ChannelTest, LastReferenceMayGoInACallback) {
  absl::Notification finished;
  auto channel = Open();
  Channel* const raw = channel.get();
  raw->Call<v1::EchoResponse>("vinculo.echo.v1.EchoService/Echo", "demo", Text(""), absl::InfiniteFuture(),
                              [&, channel = std::move(channel)](absl::StatusOr<v1::EchoResponse> response) mutable {
                                EXPECT_OK(response);
                                channel = nullptr;
                                finished.Notify();
                              });
  finished.WaitForNotification();
}

TEST_F(ChannelTest, StreamsFromAThreadThatWaits) {
  const auto channel = Open();
  v1::SumRequest message;
  v1::SumResponse sum;
  int sent = 0;
  EXPECT_OK(channel->Upload(
      "vinculo.echo.v1.EchoService/Sum", "demo", &message,
      [&](google::protobuf::Message* next) {
        static_cast<v1::SumRequest*>(next)->set_value(++sent);
        return sent <= 4;
      },
      &sum));
  EXPECT_EQ(sum.sum(), 10);
  v1::CountRequest request;
  request.set_to(0);
  v1::CountResponse response;
  int64_t last = 0;
  EXPECT_OK(channel->Follow("vinculo.echo.v1.EchoService/Count", "demo", request, absl::InfiniteFuture(), &response,
                            [&](const google::protobuf::Message& seen) {
                              last = static_cast<const v1::CountResponse&>(seen).value();
                              return last < 3;
                            }));
  EXPECT_EQ(last, 3) << "stopped by the caller";
}

TEST_F(ChannelTest, RefusesPlainTextToOtherMachines) {
  EXPECT_THAT(Channel::Open({.target = "10.0.0.1:80", .insecure_loopback = true}, nullptr).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, "PLAIN_TEXT_REFUSED"));
  EXPECT_THAT(Channel::Open({.target = "127.0.0.1:80", .ca_file = "/nowhere"}, nullptr).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, "FILE_UNREADABLE"));
}

TEST(ServiceTokens, RenewsBeforeExpiry) {
  ManualClock clock(absl::FromUnixSeconds(1700000000));
  ServiceTokens tokens(auth::TokenMinter::Generate(), "i", "a", "support", &clock);
  const std::string first = tokens.TokenFor("demo");
  EXPECT_EQ(tokens.TokenFor("demo"), first);
  EXPECT_NE(tokens.TokenFor("acme"), first);
  clock.Advance(absl::Minutes(9));
  EXPECT_EQ(tokens.TokenFor("demo"), first);
  clock.Advance(absl::Minutes(1));
  EXPECT_NE(tokens.TokenFor("demo"), first);
}

TEST(ServiceConfig, RetriesReadsAndMutations) {
  const auto config = nlohmann::json::parse(ServiceConfigJson());
  const auto find = [&](const std::string& service, const std::string& method) -> nlohmann::json {
    for (const auto& entry : config["methodConfig"]) {
      if (entry["name"][0]["service"] == service && entry["name"][0]["method"] == method) return entry;
    }
    return {};
  };
  const auto add = find("vinculo.echo.v1.EchoService", "AddLine");
  EXPECT_EQ(add["timeout"], "5s");
  EXPECT_EQ(add["retryPolicy"]["maxAttempts"], 3);
  const auto read = find("vinculo.events.v1.EventFeed", "Read");
  EXPECT_EQ(read["timeout"], "2s");
  EXPECT_EQ(read["retryPolicy"]["maxAttempts"], 4);
  const auto watch = find("vinculo.events.v1.EventFeed", "Watch");
  EXPECT_FALSE(watch.contains("timeout"));
  EXPECT_EQ(config["loadBalancingConfig"][0].begin().key(), "round_robin");
}

}  // namespace
}  // namespace vinculo::clients
