#pragma once

// The bodies of stream.h that a reader of its contract need not see. Included by it only.

#include "common/rpc/stream.h"

namespace vinculo::rpc {

template <class Resp>
void WriteStream<Resp>::Start() {
  self_.reset(this);  // enables shared_from_this
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
  }
  const absl::Status status = call_->runtime().Register(std::shared_ptr<Drainable>(self_, this));
  if (status.ok()) {
    Produce();
  } else {
    Finish(status);
  }
}

template <class Resp>
void WriteStream<Resp>::Drain() {
  Abort(DrainingError());
}

template <class Resp>
void WriteStream<Resp>::Abort(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_ || ending_ || std::exchange(aborted_, true)) return;
  }
  OnCancelled();
  Finish(status);
}

template <class Resp>
void WriteStream<Resp>::OnWriteDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (ended_) return;
    if (ending_) return End(*ending_);
  }
  if (!ok) return Abort(absl::CancelledError("the caller gave up"));
  Produce();
}

namespace internal {

template <class Req, class Resp>
class RefusedRead final : public ReadStream<Req, Resp> {
 public:
  RefusedRead(StreamContext context, const absl::Status& status) : ReadStream<Req, Resp>(std::move(context)) {
    this->Finish(status);
  }

 private:
  void OnMessage(const Req&) override {}
  void OnEnd() override {}
};

template <class Resp>
class RefusedWrite final : public WriteStream<Resp> {
 public:
  RefusedWrite(StreamContext context, const absl::Status& status) : WriteStream<Resp>(std::move(context)) {
    this->Finish(status);
  }

 private:
  void Produce() override {}
};

template <class Req, class Resp, class Handler>
grpc::ServerReadReactor<Req>* OpenRead(Runtime& runtime, const Method& method, grpc::CallbackServerContext* context,
                                       Resp* response, Handler&& handler) {
  auto call = std::make_unique<CallContext>(runtime, method, context);
  const absl::Status status = call->Open();
  StreamContext stream_context(std::move(call));
  ReadStream<Req, Resp>* const stream =
      status.ok() ? handler(std::move(stream_context)) : RefuseRead<Req, Resp>(std::move(stream_context), status);
  stream->Start(response);
  return stream;
}

template <class Resp, class Handler>
grpc::ServerWriteReactor<Resp>* OpenWrite(Runtime& runtime, const Method& method, grpc::CallbackServerContext* context,
                                          Handler&& handler) {
  auto call = std::make_unique<CallContext>(runtime, method, context);
  const absl::Status status = call->Open();
  StreamContext stream_context(std::move(call));
  WriteStream<Resp>* const stream =
      status.ok() ? handler(std::move(stream_context)) : RefuseWrite<Resp>(std::move(stream_context), status);
  stream->Start();
  return stream;
}

}  // namespace internal

template <class Req, class Resp>
ReadStream<Req, Resp>* RefuseRead(StreamContext context, const absl::Status& status) {
  return new internal::RefusedRead<Req, Resp>(std::move(context), status);
}

template <class Resp>
WriteStream<Resp>* RefuseWrite(StreamContext context, const absl::Status& status) {
  return new internal::RefusedWrite<Resp>(std::move(context), status);
}

}  // namespace vinculo::rpc
