#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include <thread>

#include "common/log/log.h"
#include "common/rpc/echo_test_service.h"
#include "common/status/error.h"
#include "common/testing/status_matchers.h"

namespace vinculo::rpc {
namespace {

using test::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;
using Stub = v1::EchoService::Stub;

class AdapterTest : public ::testing::Test {
 protected:
  explicit AdapterTest(TestServer::Options options = {}) : server_(std::move(options)) {
    server_.Add<v1::EchoService>(service_);
    server_.Start();
    stub_ = v1::EchoService::NewStub(server_.channel());
  }
  ~AdapterTest() override { server_.Stop(); }
  absl::Status Echo(const std::string& text, const Caller& caller = {}) {
    v1::EchoRequest request;
    request.set_text(text);
    return server_.Call(*stub_, &Stub::Echo, request, &response_, caller);
  }
  // Echo with nothing but these metadata.
  absl::Status EchoWith(const std::vector<std::pair<std::string, std::string>>& metadata) {
    grpc::ClientContext context;
    for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
    return FromGrpcStatus(stub_->Echo(&context, v1::EchoRequest(), &response_));
  }
  void FailEchoWith(const absl::Status& status) {
    service_.on_echo = [status](EchoCall call) { call.Fail(status); };
  }

  sql::TestDatabase database_{"echo", kEchoSteps};
  TestServer server_;
  EchoService service_{server_.runtime(), &*database_};
  std::unique_ptr<Stub> stub_;
  v1::EchoResponse response_;
};

TEST_F(AdapterTest, TellsHandlerWhoCalls) {
  ASSERT_OK(Echo("hola", {.tenant = "acme", .roles = {"agent"}, .subject = "ana"}));
  EXPECT_EQ(response_.text(), "hola");
  EXPECT_EQ(response_.subject(), "ana");
  EXPECT_EQ(response_.tenant(), "acme");
}

TEST_F(AdapterTest, RefusesCallersWithoutValidToken) {
  const std::string token = server_.Token();
  const auto unauthenticated = [](const char* reason) { return StatusIs(absl::StatusCode::kUnauthenticated, reason); };
  EXPECT_THAT(EchoWith({}), unauthenticated("TOKEN_MISSING"));
  EXPECT_THAT(EchoWith({{"authorization", ""}}), unauthenticated("TOKEN_INVALID"));
  EXPECT_THAT(EchoWith({{"authorization", "Bearer "}}), unauthenticated("TOKEN_MISSING"));
  EXPECT_THAT(EchoWith({{"authorization", "Basic abc"}}), unauthenticated("TOKEN_INVALID"));
  EXPECT_THAT(EchoWith({{"authorization", token}}), unauthenticated("TOKEN_INVALID"));
  EXPECT_THAT(EchoWith({{"authorization", "Bearer nonsense"}}), unauthenticated("TOKEN_INVALID"));
  EXPECT_THAT(EchoWith({{"authorization", "Bearer " + std::string(8193, 'x')}}), unauthenticated("TOKEN_TOO_LARGE"));
  EXPECT_THAT(EchoWith({{"authorization", "Bearer " + token}, {"authorization", "Bearer " + token}}),
              unauthenticated("TOKEN_MISSING"))
      << "two tokens are none";
  EXPECT_OK(EchoWith({{"authorization", "bearer " + token}}));
}

TEST_F(AdapterTest, RefusesRolesThatMayNot) {
  EXPECT_THAT(Echo("", {.roles = {"viewer"}}), StatusIs(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED"));
  EXPECT_THAT(Echo("", {.roles = {}}), StatusIs(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED"));
  EXPECT_OK(Echo("", {.roles = {"viewer", "agent"}}));
  EXPECT_OK(Echo("", {.roles = {"admin"}}));
  v1::ResetResponse response;
  EXPECT_THAT(server_.Call(*stub_, &Stub::Reset, v1::ResetRequest(), &response, {.roles = {"agent"}}),
              StatusIs(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED"));
  EXPECT_OK(server_.Call(*stub_, &Stub::Reset, v1::ResetRequest(), &response));
}

TEST_F(AdapterTest, PublicMethodNeedsNoToken) {
  grpc::ClientContext context;
  v1::PingResponse response;
  EXPECT_OK(FromGrpcStatus(stub_->Ping(&context, v1::PingRequest(), &response)));
}

TEST_F(AdapterTest, SendsEveryDetail) {
  FailEchoWith(ErrorWithDetails(absl::StatusCode::kFailedPrecondition, "the window is closed",
                                {.reason = "WINDOW_CLOSED",
                                 .metadata = {{"until", "12:30"}},
                                 .violations = {{"lines[2].amount", "is negative"}},
                                 .retry_after = absl::Milliseconds(1500)}));
  const auto context = server_.Context();
  const grpc::Status raw = stub_->Echo(context.get(), v1::EchoRequest(), &response_);
  EXPECT_EQ(raw.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(raw.error_message(), "the window is closed");
  const auto details = GetErrorDetails(FromGrpcStatus(raw));
  ASSERT_TRUE(details.has_value());
  EXPECT_EQ(details->reason, "WINDOW_CLOSED");
  EXPECT_THAT(details->metadata, ::testing::ElementsAre(::testing::Pair("until", "12:30")));
  EXPECT_THAT(details->violations, ::testing::ElementsAre(FieldViolation{"lines[2].amount", "is negative"}));
  EXPECT_EQ(details->retry_after, absl::Milliseconds(1500));
  const auto& trailers = context->GetServerTrailingMetadata();
  const auto pushback = trailers.find("grpc-retry-pushback-ms");
  ASSERT_NE(pushback, trailers.end());
  EXPECT_EQ(pushback->second, "1500");
}

TEST_F(AdapterTest, NamesErrorsThatHaveNoName) {
  FailEchoWith(absl::NotFoundError("no such thing"));
  EXPECT_THAT(Echo(""), StatusIs(absl::StatusCode::kNotFound, "NOT_FOUND"));
}

TEST_F(AdapterTest, ShowsOnlyReferenceOfInternalErrors) {
  FailEchoWith(absl::UnknownError("SELECT secret FROM /var/lib/db"));
  log::Capture capture;
  const absl::Status status = Echo("");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, "INTERNAL"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  const auto details = GetErrorDetails(status);
  ASSERT_EQ(details->metadata.size(), 1u);
  const std::string& reference = details->metadata[0].second;
  EXPECT_EQ(reference.size(), 16u);
  EXPECT_THAT(std::string(status.message()), HasSubstr(reference));
  EXPECT_THAT(capture.text(), HasSubstr(reference));
  EXPECT_THAT(capture.text(), HasSubstr("SELECT secret"));
}

TEST_F(AdapterTest, CutsLongMessages) {
  FailEchoWith(Error(absl::StatusCode::kAborted, "LONG", "a" + std::string(3000, '\xC3') + ""));
  std::string accents = "x";
  while (accents.size() < 3000) accents += "é";
  FailEchoWith(Error(absl::StatusCode::kAborted, "LONG", accents));
  const absl::Status status = Echo("");
  EXPECT_EQ(status.message(), accents.substr(0, 1023)) << "1024 would cut a character in two";
}

TEST_F(AdapterTest, HandlerThatForgetsToAnswerFailsTheCall) {
  service_.on_echo = [](EchoCall) {};
  EXPECT_THAT(Echo(""), StatusIs(absl::StatusCode::kInternal, "INTERNAL"));
}

TEST_F(AdapterTest, FirstAnswerWins) {
  service_.on_echo = [](EchoCall call) {
    call.Fail(Error(absl::StatusCode::kAborted, "FIRST", "first"));
    call.Succeed();
  };
  EXPECT_THAT(Echo(""), StatusIs(absl::StatusCode::kAborted, "FIRST"));
}

TEST_F(AdapterTest, AnswersFromAnotherThread) {
  std::thread thread;
  service_.on_echo = [&](EchoCall call) {
    thread = std::thread([call] {
      call.Answer(absl::StatusOr<std::string>("later"),
                  [](const std::string& text, v1::EchoResponse* r) { r->set_text(text); });
    });
  };
  EXPECT_OK(Echo(""));
  thread.join();
  EXPECT_EQ(response_.text(), "later");
}

TEST_F(AdapterTest, GivesMissingDeadlineTenSeconds) {
  absl::Duration left;
  service_.on_echo = [&](EchoCall call) {
    left = call.scope().deadline - call.now();
    call.Succeed();
  };
  EXPECT_OK(EchoWith({{"authorization", "Bearer " + server_.Token()}}));
  EXPECT_EQ(left, absl::Seconds(10));
  EXPECT_OK(Echo("", {.timeout = absl::Seconds(3)}));
  EXPECT_GT(left, absl::Seconds(1));
  EXPECT_LT(left, absl::Seconds(4)) << "the clock of deadlines is another one";
}

TEST_F(AdapterTest, TakesTraceIdOfCaller) {
  std::string trace;
  service_.on_echo = [&](EchoCall call) {
    trace = call.trace_id();
    call.Succeed();
  };
  const std::string token = "Bearer " + server_.Token();
  EXPECT_OK(
      EchoWith({{"authorization", token}, {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}));
  EXPECT_EQ(trace, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_OK(EchoWith({{"authorization", token}, {"traceparent", "garbage"}}));
  EXPECT_EQ(trace.size(), 32u);
  EXPECT_NE(trace, "0af7651916cd43dd8448eb211c80319c");
}

TEST_F(AdapterTest, RefusesBodyOneByteTooLarge) {
  v1::EchoRequest request;
  request.set_text(std::string((1 << 20) - 4, 'x'));
  ASSERT_EQ(request.ByteSizeLong(), size_t{1 << 20});
  EXPECT_OK(server_.Call(*stub_, &Stub::Echo, request, &response_));
  request.mutable_text()->push_back('x');
  EXPECT_THAT(server_.Call(*stub_, &Stub::Echo, request, &response_),
              StatusIs(absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE"));
  request.mutable_text()->assign(5 << 20, 'x');
  EXPECT_THAT(server_.Call(*stub_, &Stub::Echo, request, &response_), StatusIs(absl::StatusCode::kResourceExhausted))
      << "refused by gRPC itself";
}

TEST_F(AdapterTest, RefusesCompressedMessages) {
  const auto context = server_.Context();
  context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
  v1::EchoRequest request;
  request.set_text(std::string(10000, 'x'));
  EXPECT_EQ(stub_->Echo(context.get(), request, &response_).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(AdapterTest, TellsHandlerOfCancellation) {
  absl::Notification arrived;
  std::optional<EchoCall> held;
  service_.on_echo = [&](EchoCall call) {
    held = std::move(call);
    arrived.Notify();
  };
  const auto context = server_.Context();
  std::thread caller([&] {
    EXPECT_EQ(stub_->Echo(context.get(), v1::EchoRequest(), &response_).error_code(), grpc::StatusCode::CANCELLED);
  });
  arrived.WaitForNotification();
  EXPECT_FALSE(held->cancelled());
  EXPECT_EQ(server_.runtime().in_flight(), 1);
  context->TryCancel();
  caller.join();
  while (!held->cancelled()) std::this_thread::yield();
  EXPECT_TRUE(held->scope().Abandoned(held->now()));
  held->Succeed();
  held.reset();
  EXPECT_EQ(server_.runtime().in_flight(), 0);
}

TEST_F(AdapterTest, CountsByCode) {
  EXPECT_OK(Echo(""));
  EXPECT_OK(Echo(""));
  EXPECT_FALSE(Echo("", {.roles = {}}).ok());
  const std::string text = server_.registry().Render();
  const std::string method = "grpc_method=\"Echo\",grpc_service=\"vinculo.echo.v1.EchoService\"";
  EXPECT_THAT(text, HasSubstr("grpc_server_started_total{" + method + "} 3"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handled_total{grpc_code=\"OK\"," + method + "} 2"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handled_total{grpc_code=\"PermissionDenied\"," + method + "} 1"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handled_total{grpc_code=\"Canceled\"," + method + "} 0"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handling_seconds_count{" + method + "} 3"));
  EXPECT_THAT(text, HasSubstr("grpc_server_in_flight 0"));
}

class ReplayTest : public AdapterTest {
 protected:
  absl::StatusOr<v1::Line> AddLine(const std::string& request_id, const std::string& text, const Caller& caller = {}) {
    v1::AddLineRequest request;
    request.set_request_id(request_id);
    request.set_text(text);
    v1::Line line;
    const absl::Status status = server_.Call(*stub_, &Stub::AddLine, request, &line, caller);
    if (!status.ok()) return status;
    return line;
  }
  const std::string id_ = "0190a5b2-7c1e-7000-8000-000000000001";
};

TEST_F(ReplayTest, RepeatedRequestHasOneEffectAndOneAnswer) {
  ASSERT_OK_AND_ASSIGN(const v1::Line first, AddLine(id_, "hola"));
  ASSERT_OK_AND_ASSIGN(const v1::Line again, AddLine(id_, "hola"));
  EXPECT_EQ(first.number(), 1);
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  ASSERT_OK_AND_ASSIGN(const v1::Line next, AddLine("", "hola"));
  EXPECT_EQ(next.number(), 2) << "the repetition added nothing";
}

TEST_F(ReplayTest, WithoutRequestIdEachCallHasItsEffect) {
  EXPECT_EQ(AddLine("", "a")->number(), 1);
  EXPECT_EQ(AddLine("", "a")->number(), 2);
}

TEST_F(ReplayTest, RefusesSameIdWithAnotherBody) {
  ASSERT_OK(AddLine(id_, "hola"));
  EXPECT_THAT(AddLine(id_, "adios"), StatusIs(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED"));
}

TEST_F(ReplayTest, SameIdOfAnotherTenantIsAnotherRequest) {
  EXPECT_EQ(AddLine(id_, "hola", {.tenant = "acme"})->number(), 1);
  EXPECT_EQ(AddLine(id_, "adios", {.tenant = "demo"})->number(), 1);
}

TEST_F(ReplayTest, RefusesRequestIdThatIsNoUuid) {
  const auto line = AddLine("not-a-uuid", "hola");
  EXPECT_THAT(line, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_EQ(GetErrorDetails(line.status())->violations[0].field, "request_id");
}

TEST_F(ReplayTest, FailureIsNotRemembered) {
  EXPECT_THAT(AddLine(id_, ""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(AddLine(id_, "now")->number(), 1);
}

class TightLimitsTest : public AdapterTest {
 protected:
  TightLimitsTest() : AdapterTest({.limits = {.in_flight = 2, .tenant_in_flight = 1}}) {
    service_.on_echo = [this](EchoCall call) {
      absl::MutexLock lock(&mutex_);
      held_.push_back(std::move(call));
    };
  }
  ~TightLimitsTest() override {
    Release();
    for (std::thread& thread : threads_) thread.join();
  }
  // A call that stays in flight.
  void Hold(const std::string& tenant) {
    absl::MutexLock lock(&mutex_);
    const size_t before = held_.size();
    threads_.emplace_back([this, tenant] {
      v1::EchoResponse response;
      EXPECT_OK(server_.Call(*stub_, &Stub::Echo, v1::EchoRequest(), &response, {.tenant = tenant}));
    });
    const auto more = [&]() { return held_.size() > before; };
    mutex_.Await(absl::Condition(&more));
  }
  void Release() {
    absl::MutexLock lock(&mutex_);
    for (const EchoCall& call : held_) call.Succeed();
    held_.clear();
  }

  absl::Mutex mutex_;
  std::vector<EchoCall> held_;
  std::vector<std::thread> threads_;
};

TEST_F(TightLimitsTest, RefusesMoreThanItCanServe) {
  Hold("acme");
  Hold("demo");
  const absl::Status status = Echo("", {.tenant = "third"});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, "OVERLOADED"));
  EXPECT_EQ(GetErrorDetails(status)->retry_after, absl::Milliseconds(200));
  Release();
  service_.on_echo = nullptr;
  EXPECT_OK(Echo("", {.tenant = "third"}));
  EXPECT_EQ(server_.runtime().in_flight(), 0);
}

TEST_F(TightLimitsTest, LeavesRoomForOtherTenants) {
  Hold("loud");
  EXPECT_THAT(Echo("", {.tenant = "loud"}), StatusIs(absl::StatusCode::kResourceExhausted, "TENANT_OVERLOADED"));
  Hold("quiet");
}

class NoTimeTest : public AdapterTest {
 protected:
  NoTimeTest() : AdapterTest({.limits = {.least_deadline = absl::Minutes(1)}}) {}
};

TEST_F(NoTimeTest, RefusesCallThatCannotBeServedInTime) {
  bool served = false;
  service_.on_echo = [&](EchoCall call) {
    served = true;
    call.Succeed();
  };
  EXPECT_THAT(Echo("", {.timeout = absl::Seconds(20)}), StatusIs(absl::StatusCode::kDeadlineExceeded, "TOO_LATE"));
  EXPECT_FALSE(served);
  EXPECT_OK(Echo("", {.timeout = absl::Minutes(2)}));
}

class ManualTimeTest : public AdapterTest {
 protected:
  ManualTimeTest() : AdapterTest({.clock = &clock()}) {}
  static ManualClock& clock() {
    static ManualClock clock(absl::FromUnixSeconds(1700000000));
    return clock;
  }
};

TEST_F(ManualTimeTest, RefusesTokenThatExpired) {
  const std::string token = server_.Token();
  EXPECT_OK(EchoWith({{"authorization", "Bearer " + token}}));
  clock().Advance(absl::Minutes(16));
  EXPECT_THAT(EchoWith({{"authorization", "Bearer " + token}}),
              StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED"));
}

}  // namespace
}  // namespace vinculo::rpc
