#include "common/rpc/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "common/rpc/echo_test_service.h"
#include "common/testing/status_matchers.h"

namespace vinculo::rpc {
namespace {

using test::StatusIs;
using CountHandle = std::shared_ptr<WriteStream<v1::CountResponse>>;

class StreamTest : public ::testing::Test {
 protected:
  explicit StreamTest(TestServer::Options options = {}) : server_(std::move(options)) {
    server_.Add<v1::EchoService>(service_);
    service_.on_cancelled = [this] { cancelled_.Notify(); };
    service_.on_hang = [this](CountHandle stream) {
      hanging_stream_ = std::move(stream);
      hanging_.Notify();
    };
    server_.Start();
    stub_ = v1::EchoService::NewStub(server_.channel());
  }
  ~StreamTest() override { server_.Stop(); }
  static v1::SumRequest Value(int64_t value) {
    v1::SumRequest request;
    request.set_value(value);
    return request;
  }
  static v1::CountRequest To(int64_t to, bool hang = false) {
    v1::CountRequest request;
    request.set_to(to);
    request.set_hang(hang);
    return request;
  }
  // Streams are closed after their last message; wait until the server has done that.
  void WaitUntilNoStreamIsOpen() {
    while (server_.runtime().open_streams() > 0) std::this_thread::yield();
  }

  TestServer server_;
  EchoService service_{server_.runtime(), nullptr};
  std::unique_ptr<v1::EchoService::Stub> stub_;
  absl::Notification cancelled_;
  absl::Notification hanging_;
  CountHandle hanging_stream_;
  v1::SumResponse sum_;
};

TEST_F(StreamTest, ReadsEverythingThenAnswersOnce) {
  const auto context = server_.Context();
  const auto writer = stub_->Sum(context.get(), &sum_);
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(writer->Write(Value(i)));
  writer->WritesDone();
  EXPECT_OK(FromGrpcStatus(writer->Finish()));
  EXPECT_EQ(sum_.sum(), 5050);
  EXPECT_EQ(sum_.count(), 100);
  WaitUntilNoStreamIsOpen();
}

TEST_F(StreamTest, ReadStreamMayBeEmpty) {
  const auto context = server_.Context();
  const auto writer = stub_->Sum(context.get(), &sum_);
  writer->WritesDone();
  EXPECT_OK(FromGrpcStatus(writer->Finish()));
  EXPECT_EQ(sum_.count(), 0);
}

TEST_F(StreamTest, ReadStreamRefusesBeforeReading) {
  grpc::ClientContext no_token;
  EXPECT_THAT(FromGrpcStatus(stub_->Sum(&no_token, &sum_)->Finish()),
              StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING"));
  const auto context = server_.Context({.roles = {"viewer"}});
  EXPECT_THAT(FromGrpcStatus(stub_->Sum(context.get(), &sum_)->Finish()),
              StatusIs(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED"));
  WaitUntilNoStreamIsOpen();
}

TEST_F(StreamTest, ReadStreamMayEndWithErrorMidway) {
  const auto context = server_.Context();
  const auto writer = stub_->Sum(context.get(), &sum_);
  writer->Write(Value(1));
  writer->Write(Value(-1));
  EXPECT_THAT(FromGrpcStatus(writer->Finish()), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_ARGUMENT"));
  WaitUntilNoStreamIsOpen();
}

TEST_F(StreamTest, ReadStreamEndsWhenCallerCancels) {
  const auto context = server_.Context();
  const auto writer = stub_->Sum(context.get(), &sum_);
  ASSERT_TRUE(writer->Write(Value(1)));
  context->TryCancel();
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  WaitUntilNoStreamIsOpen();
}

TEST_F(StreamTest, WritesInOrderThenEnds) {
  const auto context = server_.Context();
  const auto reader = stub_->Count(context.get(), To(1000));
  v1::CountResponse response;
  for (int i = 1; i <= 1000; ++i) {
    ASSERT_TRUE(reader->Read(&response));
    ASSERT_EQ(response.value(), i);
  }
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_OK(FromGrpcStatus(reader->Finish()));
  WaitUntilNoStreamIsOpen();
}

TEST_F(StreamTest, WriteStreamRefuses) {
  grpc::ClientContext no_token;
  EXPECT_THAT(FromGrpcStatus(stub_->Count(&no_token, To(1))->Finish()),
              StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING"));
  const auto context = server_.Context();
  EXPECT_THAT(FromGrpcStatus(stub_->Count(context.get(), To(-1))->Finish()),
              StatusIs(absl::StatusCode::kInvalidArgument))
      << "refused by the handler";
}

TEST_F(StreamTest, WriteStreamWithoutReaderWaits) {
  const auto context = server_.Context();
  const auto reader = stub_->Count(context.get(), To(0));
  v1::CountResponse response;
  ASSERT_TRUE(reader->Read(&response));
  context->TryCancel();
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_LT(response.value(), 1000000) << "one write in flight: the server does not run ahead of its reader";
  WaitUntilNoStreamIsOpen();
}

TEST_F(StreamTest, LateAnswersAfterCancellationAreIgnored) {
  const auto context = server_.Context();
  const auto reader = stub_->Count(context.get(), To(1, /*hang=*/true));
  hanging_.WaitForNotification();
  context->TryCancel();
  cancelled_.WaitForNotification();
  WaitUntilNoStreamIsOpen();
  hanging_stream_->Send(v1::CountResponse());
  hanging_stream_->Finish(absl::OkStatus());
  hanging_stream_ = nullptr;
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(StreamTest, AnswersFromAnotherThreadWhileCancelling) {
  for (int round = 0; round < 50; ++round) {
    absl::Notification hanging;
    CountHandle stream;
    service_.on_cancelled = nullptr;
    service_.on_hang = [&](CountHandle handle) {
      if (hanging.HasBeenNotified()) return;
      stream = std::move(handle);
      hanging.Notify();
    };
    const auto context = server_.Context();
    const auto reader = stub_->Count(context.get(), To(1, /*hang=*/true));
    hanging.WaitForNotification();
    std::thread sender([&] {
      stream->Send(v1::CountResponse());
      stream->Finish(absl::OkStatus());
    });
    context->TryCancel();
    sender.join();
    reader->Finish();
    WaitUntilNoStreamIsOpen();
  }
}

TEST_F(StreamTest, DrainEndsStreamsAndRefusesNewOnes) {
  const auto context = server_.Context();
  const auto reader = stub_->Count(context.get(), To(1, /*hang=*/true));
  hanging_.WaitForNotification();
  server_.runtime().DrainStreams();
  v1::CountResponse response;
  EXPECT_TRUE(reader->Read(&response)) << "what was sent before arrives";
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_THAT(FromGrpcStatus(reader->Finish()), StatusIs(absl::StatusCode::kUnavailable, "DRAINING"));
  const auto later = server_.Context();
  EXPECT_THAT(FromGrpcStatus(stub_->Count(later.get(), To(1))->Finish()),
              StatusIs(absl::StatusCode::kUnavailable, "DRAINING"));
  hanging_stream_ = nullptr;
}

class FewStreamsTest : public StreamTest {
 protected:
  FewStreamsTest() : StreamTest({.limits = {.streams = 1}}) {}
};

TEST_F(FewStreamsTest, RefusesMoreThanItCanServe) {
  const auto first = server_.Context();
  const auto reader = stub_->Count(first.get(), To(1, /*hang=*/true));
  hanging_.WaitForNotification();
  const auto second = server_.Context();
  EXPECT_THAT(FromGrpcStatus(stub_->Count(second.get(), To(1))->Finish()),
              StatusIs(absl::StatusCode::kResourceExhausted, "OVERLOADED"));
  hanging_stream_->Finish(absl::OkStatus());
  hanging_stream_ = nullptr;
  v1::CountResponse response;
  while (reader->Read(&response)) {
  }
  EXPECT_OK(FromGrpcStatus(reader->Finish()));
  WaitUntilNoStreamIsOpen();
  const auto third = server_.Context();
  const auto again = stub_->Count(third.get(), To(1));
  while (again->Read(&response)) {
  }
  EXPECT_OK(FromGrpcStatus(again->Finish()));
}

}  // namespace
}  // namespace vinculo::rpc
