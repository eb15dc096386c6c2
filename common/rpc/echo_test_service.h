#pragma once

#include <functional>
#include <memory>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "common/rpc/test_server.h"
#include "common/sql/database.h"
#include "common/sql/test_database.h"
#include "vinculo/echo/v1/echo.grpc.pb.h"

// A service of every kind of RPC, for the tests of this folder and of clients/cpp.
namespace vinculo::rpc {

namespace v1 = echo::v1;

using EchoCall = Call<v1::EchoRequest, v1::EchoResponse>;
using AddLineCall = Call<v1::AddLineRequest, v1::Line>;

inline const std::vector<sql::Migration> kEchoSteps = {{1, "line",
                                                        "CREATE TABLE line (tenant_id TEXT NOT NULL, number INTEGER "
                                                        "NOT NULL, text TEXT NOT NULL, PRIMARY KEY (tenant_id, number))"
                                                        " STRICT, WITHOUT ROWID"}};

class EchoService final : public v1::EchoService::CallbackService {
 public:
  EchoService(Runtime& runtime, sql::Database* database) : runtime_(runtime), database_(database) {}

  VINCULO_UNARY(Echo, v1::EchoRequest, v1::EchoResponse)
  VINCULO_UNARY(AddLine, v1::AddLineRequest, v1::Line)
  VINCULO_UNARY(Ping, v1::PingRequest, v1::PingResponse)
  VINCULO_UNARY(Reset, v1::ResetRequest, v1::ResetResponse)
  VINCULO_CLIENT_STREAM(Sum, v1::SumRequest, v1::SumResponse)
  VINCULO_SERVER_STREAM(Count, v1::CountRequest, v1::CountResponse)

  // Replaces what Echo does.
  std::function<void(EchoCall)> on_echo;
  // Called when a stream that hangs has nothing more to send, and when a stream is cancelled.
  std::function<void(std::shared_ptr<WriteStream<v1::CountResponse>>)> on_hang;
  std::function<void()> on_cancelled;

 private:
  Runtime& runtime_;
  sql::Database* database_;
};

inline void EchoService::Echo(EchoCall call) {
  if (on_echo) return on_echo(std::move(call));
  v1::EchoResponse* const response = call.response();
  response->set_text(call.request().text());
  response->set_subject(call.principal().subject);
  response->set_tenant(call.principal().tenant);
  call.Succeed();
}

inline void EchoService::AddLine(AddLineCall call) {
  static constexpr sql::Query kInsert{"line_insert", "INSERT INTO line(tenant_id, number, text) VALUES (?,?,?)"};
  static constexpr sql::Query kLast{"line_last",
                                    "SELECT number FROM line WHERE tenant_id = ? ORDER BY number DESC LIMIT 1"};
  struct Line {
    int64_t number;
    std::string text;
  };
  database_->Write(
      call.scope(),
      [text = call.request().text()](sql::Transaction& tx) -> absl::StatusOr<Line> {
        if (text.empty()) return absl::InvalidArgumentError("no text");
        ASSIGN_OR_RETURN(const auto last, tx.Find(
                                              kLast, [](const sql::Row& row) { return row.Int(0); }, tx.tenant()));
        const Line line{last.value_or(0) + 1, text};
        RETURN_IF_ERROR(tx.Exec(kInsert, tx.tenant(), line.number, line.text));
        return line;
      },
      call.Reply([](const Line& line, v1::Line* response) {
        response->set_number(line.number);
        response->set_text(line.text);
      }));
}

inline void EchoService::Ping(Call<v1::PingRequest, v1::PingResponse> call) { call.Succeed(); }
inline void EchoService::Reset(Call<v1::ResetRequest, v1::ResetResponse> call) { call.Succeed({}); }

class SumStream final : public ReadStream<v1::SumRequest, v1::SumResponse> {
 public:
  SumStream(StreamContext context, std::function<void()> on_cancelled)
      : ReadStream(std::move(context)), on_cancelled_(std::move(on_cancelled)) {}

 private:
  void OnMessage(const v1::SumRequest& message) override {
    if (message.value() < 0) return Finish(absl::InvalidArgumentError("negative"));
    response_.set_sum(response_.sum() + message.value());
    response_.set_count(response_.count() + 1);
    Next();
  }
  void OnEnd() override { Reply(response_); }
  void OnCancelled() override {
    if (on_cancelled_) on_cancelled_();
  }

  v1::SumResponse response_;
  const std::function<void()> on_cancelled_;
};

inline ReadStream<v1::SumRequest, v1::SumResponse>* EchoService::Sum(StreamContext context) {
  return new SumStream(std::move(context), on_cancelled);
}

class CountStream final : public WriteStream<v1::CountResponse> {
 public:
  CountStream(StreamContext context, const v1::CountRequest& request, EchoService& service)
      : WriteStream(std::move(context)),
        request_(request),
        on_hang_(service.on_hang),
        on_cancelled_(service.on_cancelled) {}

 private:
  void Produce() override {
    if (request_.to() == 0 || value_ < request_.to()) {
      v1::CountResponse response;
      response.set_value(++value_);
      return Send(std::move(response));
    }
    if (!request_.hang()) return Finish(absl::OkStatus());
    if (on_hang_) on_hang_(shared_from_this());
  }
  void OnCancelled() override {
    if (on_cancelled_) on_cancelled_();
  }

  const v1::CountRequest request_;
  const std::function<void(std::shared_ptr<WriteStream<v1::CountResponse>>)> on_hang_;
  const std::function<void()> on_cancelled_;
  int64_t value_ = 0;
};

inline WriteStream<v1::CountResponse>* EchoService::Count(StreamContext context, const v1::CountRequest& request) {
  if (request.to() < 0)
    return RefuseWrite<v1::CountResponse>(std::move(context), absl::InvalidArgumentError("negative"));
  return new CountStream(std::move(context), request, *this);
}

}  // namespace vinculo::rpc
