#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/call_context.h"

namespace vinculo::rpc {

// An admitted, identified and permitted stream, handed to the handler that makes its reactor.
class StreamContext {
 public:
  explicit StreamContext(std::unique_ptr<CallContext> call) : call_(std::move(call)) {}
  // Who and until when; the deadline is infinite when the caller set none.
  const sql::Scope& scope() const { return call_->scope(); }
  const auth::Principal& principal() const { return *scope().principal; }
  absl::Time now() const { return call_->now(); }
  std::string trace_id() const { return call_->trace_id(); }

 private:
  template <class Req, class Resp>
  friend class ReadStream;
  template <class Resp>
  friend class WriteStream;
  std::unique_ptr<CallContext> call_;
};

// A client stream: many messages in, one response out. Derive from it, allocate with new, return it from the handler;
// it deletes itself when gRPC is done and nobody holds a reference.
//
// The reactions are called one at a time. After OnMessage the stream reads no further until Next(), which may come from
// any thread. It may end at any moment (the caller cancels, the server stops): everything that works on behalf of the
// stream on another thread therefore holds shared_from_this(). What is called after the end is ignored.
template <class Req, class Resp>
class ReadStream : public grpc::ServerReadReactor<Req>, public std::enable_shared_from_this<ReadStream<Req, Resp>> {
 public:
  explicit ReadStream(StreamContext context) : call_(std::move(context.call_)) {}

  const sql::Scope& scope() const { return call_->scope(); }
  const auth::Principal& principal() const { return *scope().principal; }
  // When the stream began.
  absl::Time now() const { return call_->now(); }

  // One message, valid until Next().
  virtual void OnMessage(const Req& message) = 0;
  // The caller has sent everything and waits for Reply or Finish. A caller that vanishes may look the same.
  virtual void OnEnd() = 0;
  // The stream is over before Reply or Finish was called; there is nobody to answer to. At most once.
  virtual void OnCancelled() {}

  void Next() {
    absl::MutexLock lock(&mutex_);
    if (!ended_) this->StartRead(&message_);
  }
  void Reply(Resp response) {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    *response_ = std::move(response);
    End(absl::OkStatus());
  }
  void Finish(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    if (!ended_) End(status);
  }

  // For the adapter only.
  void Start(Resp* response) {
    self_.reset(this);  // enables shared_from_this
    response_ = response;
    Next();
  }

 private:
  // gRPC is entered under the mutex, so that nothing is started on a call that is over. Its reactions never run inside
  // such a call.
  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ended_ = true;
    grpc::ServerReadReactor<Req>::Finish(call_->Close(status));
  }
  bool ended() {
    absl::MutexLock lock(&mutex_);
    return ended_;
  }
  void OnReadDone(bool ok) final {
    if (ok) {
      OnMessage(message_);
    } else if (!call_->cancelled() && !ended()) {
      OnEnd();
    }
  }
  void OnCancel() final {
    call_->Cancel();
    if (ended()) return;
    OnCancelled();
    Finish(absl::CancelledError("the caller gave up"));
  }
  void OnDone() final { const auto last = std::move(self_); }

  std::unique_ptr<CallContext> call_;
  std::shared_ptr<ReadStream> self_;
  Resp* response_ = nullptr;
  Req message_;
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

// A server stream: one request in, many responses out, one write in flight. Derive from it, allocate with new, return
// it from the handler; it deletes itself when gRPC is done and nobody holds a reference.
//
// Produce() asks for one message: answer with one Send or with Finish, at once or later, from any thread. The stream
// may end at any moment (the caller cancels, the server drains: UNAVAILABLE `DRAINING`): everything that works on its
// behalf on another thread therefore holds shared_from_this(). What is called after the end is ignored.
template <class Resp>
class WriteStream : public grpc::ServerWriteReactor<Resp>,
                    public std::enable_shared_from_this<WriteStream<Resp>>,
                    private Drainable {
 public:
  explicit WriteStream(StreamContext context) : call_(std::move(context.call_)) {}

  const sql::Scope& scope() const { return call_->scope(); }
  const auth::Principal& principal() const { return *scope().principal; }
  // When the stream began.
  absl::Time now() const { return call_->now(); }

  virtual void Produce() = 0;
  // The stream is over before Finish was called: stop listening to whatever Produce waits for. Called at most once.
  virtual void OnCancelled() {}

  void Send(Resp message) {
    absl::MutexLock lock(&mutex_);
    if (ended_ || ending_) return;
    message_ = std::move(message);
    writing_ = true;
    this->StartWrite(&message_);
  }
  // Sends what was given to Send before, then the status.
  void Finish(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    if (ended_ || ending_) return;
    if (writing_) {
      ending_ = status;
    } else {
      End(status);
    }
  }

  // For the adapter only.
  void Start();

 private:
  // gRPC is entered under the mutex, so that nothing is started on a call that is over. Its reactions never run inside
  // such a call.
  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ended_ = true;
    grpc::ServerWriteReactor<Resp>::Finish(call_->Close(status));
  }
  void Drain() final;
  void OnWriteDone(bool ok) final;
  void OnCancel() final {
    call_->Cancel();
    Abort(absl::CancelledError("the caller gave up"));
  }
  void Abort(const absl::Status& status);
  void OnDone() final { const auto last = std::move(self_); }

  std::unique_ptr<CallContext> call_;
  std::shared_ptr<WriteStream> self_;
  Resp message_;
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool aborted_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> ending_ ABSL_GUARDED_BY(mutex_);
};

// The stream of a handler that has read its request and refuses it.
template <class Req, class Resp>
ReadStream<Req, Resp>* RefuseRead(StreamContext context, const absl::Status& status);
template <class Resp>
WriteStream<Resp>* RefuseWrite(StreamContext context, const absl::Status& status);

}  // namespace vinculo::rpc

#include "common/rpc/stream_inl.h"

// In the class of a service: overrides the generated method of a client stream and declares the handler
//   rpc::ReadStream<Request, Response>* RpcName(rpc::StreamContext context);
#define VINCULO_CLIENT_STREAM(RpcName, Request, Response)                                                            \
  ::grpc::ServerReadReactor<Request>* RpcName(::grpc::CallbackServerContext* context, Response* response) override { \
    static const ::vinculo::rpc::Method& method =                                                                    \
        ::vinculo::rpc::FindMethod(#RpcName, Request::descriptor(), Response::descriptor());                         \
    return ::vinculo::rpc::internal::OpenRead<Request, Response>(                                                    \
        runtime_, method, context, response,                                                                         \
        [this](::vinculo::rpc::StreamContext stream) { return RpcName(std::move(stream)); });                        \
  }                                                                                                                  \
  ::vinculo::rpc::ReadStream<Request, Response>* RpcName(::vinculo::rpc::StreamContext context);

// The same for a server stream; the request lives as long as the stream is open:
//   rpc::WriteStream<Response>* RpcName(rpc::StreamContext context, const Request& request);
#define VINCULO_SERVER_STREAM(RpcName, Request, Response)                                                       \
  ::grpc::ServerWriteReactor<Response>* RpcName(::grpc::CallbackServerContext* context, const Request* request) \
      override {                                                                                                \
    static const ::vinculo::rpc::Method& method =                                                               \
        ::vinculo::rpc::FindMethod(#RpcName, Request::descriptor(), Response::descriptor());                    \
    return ::vinculo::rpc::internal::OpenWrite<Response>(                                                       \
        runtime_, method, context,                                                                              \
        [&](::vinculo::rpc::StreamContext stream) { return RpcName(std::move(stream), *request); });            \
  }                                                                                                             \
  ::vinculo::rpc::WriteStream<Response>* RpcName(::vinculo::rpc::StreamContext context, const Request& request);
