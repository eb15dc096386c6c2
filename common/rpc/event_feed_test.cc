#include "common/rpc/event_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/events/event_log.h"
#include "common/rpc/test_server.h"
#include "common/sql/test_database.h"
#include "common/testing/status_matchers.h"
#include "vinculo/echo/v1/echo.pb.h"

namespace vinculo::rpc {
namespace {

namespace v1 = events::v1;
using test::StatusIs;

const Caller kService = {.roles = {"service"}};

class EventFeedTest : public ::testing::Test {
 protected:
  EventFeedTest() {
    server_.Add<v1::EventFeed>(feed_);
    server_.Start();
    stub_ = v1::EventFeed::NewStub(server_.channel());
  }
  ~EventFeedTest() override { server_.Stop(); }

  void Append(const std::string& type, const std::string& text, const std::string& tenant = "demo") {
    ASSERT_OK(database_->WriteAndWait(sql::TestScope(tenant), [&](sql::Transaction& tx) {
      echo::v1::Line line;
      line.set_text(text);
      return events::Append(
          tx, {.type = type, .subject = "s", .occurred_at = absl::FromUnixMicros(-1500000), .payload = line},
          absl::FromUnixSeconds(1700000000));
    }));
  }
  absl::StatusOr<v1::ReadResponse> Read(const v1::ReadRequest& request, const Caller& caller = kService) {
    v1::ReadResponse response;
    const absl::Status status = server_.Call(*stub_, &v1::EventFeed::Stub::Read, request, &response, caller);
    if (!status.ok()) return status;
    return response;
  }
  static v1::ReadRequest After(int64_t seq, int page_size = 0, std::vector<std::string> types = {}) {
    v1::ReadRequest request;
    request.set_after_seq(seq);
    request.set_page_size(page_size);
    for (std::string& type : types) request.add_types(std::move(type));
    return request;
  }
  static v1::WatchRequest WatchAfter(int64_t seq, const std::vector<std::string>& types = {}) {
    v1::WatchRequest request;
    request.set_after_seq(seq);
    for (const std::string& type : types) request.add_types(type);
    return request;
  }

  sql::TestDatabase database_{std::vector<sql::MigrationSet>{{"events", &events::Migrations()}}};
  TestServer server_;
  EventFeedService feed_{server_.runtime(), *database_, absl::Milliseconds(50)};
  std::unique_ptr<v1::EventFeed::Stub> stub_;
};

TEST_F(EventFeedTest, ReadsInOrderPageByPage) {
  for (int i = 1; i <= 5; ++i) Append("line.added", absl::StrCat("line ", i));
  ASSERT_OK_AND_ASSIGN(const v1::ReadResponse first, Read(After(0, 3)));
  ASSERT_EQ(first.events_size(), 3);
  EXPECT_EQ(first.next_after_seq(), 3);
  EXPECT_EQ(first.events(0).seq(), 1);
  EXPECT_EQ(first.events(0).type(), "line.added");
  EXPECT_EQ(first.events(0).occurred_at().seconds(), -2);
  EXPECT_EQ(first.events(0).occurred_at().nanos(), 500000000);
  echo::v1::Line line;
  ASSERT_TRUE(first.events(2).payload().UnpackTo(&line));
  EXPECT_EQ(line.text(), "line 3");
  ASSERT_OK_AND_ASSIGN(const v1::ReadResponse rest, Read(After(first.next_after_seq())));
  EXPECT_EQ(rest.events_size(), 2);
  ASSERT_OK_AND_ASSIGN(const v1::ReadResponse end, Read(After(rest.next_after_seq())));
  EXPECT_EQ(end.events_size(), 0);
  EXPECT_EQ(end.next_after_seq(), 5);
}

TEST_F(EventFeedTest, SkippedTypesMoveThePosition) {
  Append("a", "1");
  Append("b", "2");
  Append("a", "3");
  ASSERT_OK_AND_ASSIGN(const v1::ReadResponse response, Read(After(0, 2, {"b"})));
  EXPECT_EQ(response.events_size(), 1);
  EXPECT_EQ(response.next_after_seq(), 2);
}

TEST_F(EventFeedTest, ShowsOnlyTheCallersTenant) {
  Append("a", "1", "acme");
  EXPECT_EQ(Read(After(0))->events_size(), 0);
  EXPECT_EQ(Read(After(0), {.tenant = "acme", .roles = {"service"}})->events_size(), 1);
}

TEST_F(EventFeedTest, RefusesPeopleAndNonsense) {
  EXPECT_THAT(Read(After(0), {.roles = {"agent"}}), StatusIs(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED"));
  EXPECT_THAT(Read(After(-1)), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(Read(After(0, -1)), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  const auto context = server_.Context(kService);
  EXPECT_THAT(FromGrpcStatus(stub_->Watch(context.get(), WatchAfter(-1))->Finish()),
              StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_F(EventFeedTest, TellsReaderThatSleptTooLong) {
  for (int i = 0; i < 3; ++i) Append("a", "x");
  ASSERT_OK(database_->WriteAndWait(
      sql::TestScope(), [](sql::Transaction& tx) { return events::Sweep(tx, absl::FromUnixSeconds(1700000001), 2); }));
  EXPECT_THAT(Read(After(1)), StatusIs(absl::StatusCode::kFailedPrecondition, "EVENTS_EXPIRED"));
  const auto context = server_.Context(kService);
  EXPECT_THAT(FromGrpcStatus(stub_->Watch(context.get(), WatchAfter(1))->Finish()),
              StatusIs(absl::StatusCode::kFailedPrecondition, "EVENTS_EXPIRED"));
}

// The next response that carries events; heartbeats are skipped.
v1::WatchResponse NextEvents(grpc::ClientReader<v1::WatchResponse>& reader) {
  v1::WatchResponse response;
  do {
    if (!reader.Read(&response)) return {};
  } while (response.events().empty());
  return response;
}

TEST_F(EventFeedTest, WatchSendsWhatIsThereThenWhatComes) {
  Append("a", "1");
  Append("a", "2");
  const auto context = server_.Context(kService);
  const auto reader = stub_->Watch(context.get(), WatchAfter(0));
  EXPECT_EQ(NextEvents(*reader).next_after_seq(), 2);
  for (int i = 3; i <= 20; ++i) {
    Append("a", "new");
    const v1::WatchResponse response = NextEvents(*reader);
    ASSERT_EQ(response.events_size(), 1);
    EXPECT_EQ(response.events(0).seq(), i);
  }
  context->TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(EventFeedTest, WatchSkipsOtherTypesAndBeats) {
  const auto context = server_.Context(kService);
  const auto reader = stub_->Watch(context.get(), WatchAfter(0, {"b"}));
  v1::WatchResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_TRUE(response.events().empty()) << "a heartbeat";
  EXPECT_EQ(response.next_after_seq(), 0);
  Append("a", "1");
  Append("b", "2");
  response = NextEvents(*reader);
  EXPECT_EQ(response.events(0).type(), "b");
  EXPECT_EQ(response.next_after_seq(), 2);
  context->TryCancel();
}

TEST_F(EventFeedTest, WatchEndsWhenServerDrains) {
  const auto context = server_.Context(kService);
  const auto reader = stub_->Watch(context.get(), WatchAfter(0));
  v1::WatchResponse response;
  ASSERT_TRUE(reader->Read(&response));
  server_.runtime().DrainStreams();
  while (reader->Read(&response)) {
  }
  EXPECT_THAT(FromGrpcStatus(reader->Finish()), StatusIs(absl::StatusCode::kUnavailable, "DRAINING"));
}

}  // namespace
}  // namespace vinculo::rpc
