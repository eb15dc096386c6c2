#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/call_context.h"
#include "common/sql/replay_log.h"
#include "common/sql/transaction.h"
#include "common/status/status_macros.h"

namespace vinculo::rpc {

// True for requests that carry a `string request_id`, which is what makes an RPC a mutating one.
template <class Req>
concept HasRequestId = requires(const Req& request) {
  { request.request_id() } -> std::convertible_to<const std::string&>;
};

namespace internal {

// The reactor of one unary call, alive until gRPC is done with it and nobody holds a handle. Once finished, later
// answers are ignored; a handler that drops its last handle without answering makes the call fail as INTERNAL.
class UnaryReactor : public grpc::ServerUnaryReactor {
 public:
  UnaryReactor(Runtime& runtime, const Method& method, grpc::CallbackServerContext* context)
      : context_(runtime, method, context) {}

  CallContext& context() { return context_; }
  void Complete(const absl::Status& status);
  bool answered() const { return answered_.load(std::memory_order_acquire); }

  void TakeHandle() { handles_.fetch_add(1, std::memory_order_relaxed); }
  void DropHandle();

 protected:
  ~UnaryReactor() override = default;

 private:
  void OnCancel() override { context_.Cancel(); }
  void OnDone() override { Unref(); }
  // OnDone only gives memory back, so gRPC need not hop to another thread for it.
  bool InternalInlineable() override { return true; }
  void Unref();

  CallContext context_;
  std::atomic<int> handles_{0};
  std::atomic<int> owners_{2};  // gRPC until OnDone, the handles until the last is dropped
  std::atomic<bool> answered_{false};
};

template <class Req, class Resp>
class UnaryState final : public UnaryReactor {
 public:
  UnaryState(Runtime& runtime, const Method& method, grpc::CallbackServerContext* context, const Req* request,
             Resp* response)
      : UnaryReactor(runtime, method, context), request_(request), response_(response) {}

  const Req& request() const { return *request_; }
  Resp* response() { return response_; }

 private:
  const Req* request_;
  Resp* response_;
};

template <class State>
class Handle {
 public:
  explicit Handle(State* state) : state_(state) { state_->TakeHandle(); }
  Handle(const Handle& other) : state_(other.state_) {
    if (state_ != nullptr) state_->TakeHandle();
  }
  Handle(Handle&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Handle& operator=(Handle other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Handle() {
    if (state_ != nullptr) state_->DropHandle();
  }
  State* operator->() const { return state_; }

 private:
  State* state_;
};

}  // namespace internal

// The completion that Call::Reply makes: `render(const T&, Resp*)` runs inside the transaction, the answer is sent when
// the database says that it is over. Movable and copyable; exactly one Done is expected.
template <class Req, class Resp, class Render>
class Replier {
 public:
  Replier(internal::Handle<internal::UnaryState<Req, Resp>> state, Render render)
      : state_(std::move(state)), render_(std::move(render)) {}

  // True when this request was answered before: the response is then the stored one and the body must not run.
  // INVALID_ARGUMENT REQUEST_ID_REUSED when its id was used with another body.
  absl::StatusOr<bool> Replayed(sql::Transaction& tx) {
    ASSIGN_OR_RETURN(const std::optional<std::string> reply, sql::FindReply(tx));
    if (!reply) return false;
    if (!state_->response()->ParseFromString(*reply)) return absl::DataLossError("a stored reply cannot be read");
    return true;
  }

  // Renders the result and stores it for a repetition, as the last step of the transaction. May run again.
  template <class T>
  absl::Status Prepare(sql::Transaction& tx, const T& value) {
    state_->response()->Clear();
    render_(value, state_->response());
    if (tx.read_only() || !tx.scope().request) return absl::OkStatus();
    return sql::StoreReply(tx, state_->response()->SerializeAsString(), state_->context().now());
  }

  // Sends the prepared response, or the error.
  void Done(const absl::Status& status) { state_->Complete(status); }

 private:
  internal::Handle<internal::UnaryState<Req, Resp>> state_;
  Render render_;
};

// One unary call, handed to its handler: admitted, identified and permitted. A cheap handle: copy it into closures at
// will; it keeps request and response alive until the call is answered, which is done once, from any thread. After that
// nothing of it may be read.
template <class Req, class Resp>
class Call {
 public:
  explicit Call(internal::UnaryState<Req, Resp>* state) : state_(state) {}

  const Req& request() const { return state_->request(); }
  // Tenant, principal, deadline, cancellation and request key: what Database takes.
  const sql::Scope& scope() const { return state_->context().scope(); }
  const auth::Principal& principal() const { return *scope().principal; }
  // When the call began, from the injected clock.
  absl::Time now() const { return state_->context().now(); }
  std::string trace_id() const { return state_->context().trace_id(); }
  bool cancelled() const { return state_->context().cancelled(); }
  // To be filled in place before Succeed().
  Resp* response() const { return state_->response(); }

  void Fail(const absl::Status& status) const { state_->Complete(status); }
  void Succeed() const { state_->Complete(absl::OkStatus()); }
  void Succeed(Resp response) const {
    *state_->response() = std::move(response);
    Succeed();
  }
  // Answers with what a computation or an inline read gave; `render(const T&, Resp*)` fills the response.
  template <class T, class Render>
  void Answer(const absl::StatusOr<T>& result, Render&& render) const {
    if (!result.ok()) return Fail(result.status());
    render(*result, state_->response());
    Succeed();
  }
  // The completion for Database::Write and Database::ReadOnPool.
  template <class Render>
  Replier<Req, Resp, std::decay_t<Render>> Reply(Render&& render) const {
    return {state_, std::forward<Render>(render)};
  }

 private:
  internal::Handle<internal::UnaryState<Req, Resp>> state_;
};

// Runs the whole way of a unary call up to its handler; `handler` gets the Call when everything before it agreed.
template <class Req, class Resp, class Handler>
grpc::ServerUnaryReactor* Unary(Runtime& runtime, const Method& method, grpc::CallbackServerContext* context,
                                const Req* request, Resp* response, Handler&& handler) {
  auto* const state = new internal::UnaryState<Req, Resp>(runtime, method, context, request, response);
  Call<Req, Resp> call(state);
  absl::Status status = state->context().Open();
  if (status.ok()) status = state->context().CheckSize(*request);
  if constexpr (HasRequestId<Req>) {
    if (status.ok()) status = state->context().SetRequestKey(request->request_id(), *request);
  }
  if (status.ok()) {
    handler(std::move(call));
  } else {
    call.Fail(status);
  }
  return state;
}

}  // namespace vinculo::rpc

// In the class of a service: overrides the generated method and declares the handler
//   void RpcName(rpc::Call<Request, Response> call);
// which the class defines. The class has a member `rpc::Runtime& runtime_`; it defines its constructor and destructor
// in its source, so that gRPC's method classes are compiled there and not wherever the header is read.
#define VINCULO_UNARY(RpcName, Request, Response)                                                     \
  ::grpc::ServerUnaryReactor* RpcName(::grpc::CallbackServerContext* context, const Request* request, \
                                      Response* response) override {                                  \
    static const ::vinculo::rpc::Method& method =                                                     \
        ::vinculo::rpc::FindMethod(#RpcName, Request::descriptor(), Response::descriptor());          \
    return ::vinculo::rpc::Unary<Request, Response>(                                                  \
        runtime_, method, context, request, response,                                                 \
        [this](::vinculo::rpc::Call<Request, Response> call) { RpcName(std::move(call)); });          \
  }                                                                                                   \
  void RpcName(::vinculo::rpc::Call<Request, Response> call);
