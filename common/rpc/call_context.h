#pragma once

#include <grpcpp/server_context.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/rpc/runtime.h"
#include "common/sql/scope.h"

namespace vinculo::rpc {

// What every call in flight has, whatever its messages: admitted once, closed once. The one place where trace id,
// deadline, admission, identity, permission, quota, status conversion, metrics and access log happen, in that order.
// Not thread-safe but for Cancel and cancelled; Open and Close are called once each.
class CallContext {
 public:
  CallContext(Runtime& runtime, const Method& method, grpc::CallbackServerContext* context);
  ~CallContext();
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  // Admits the call or says why not:
  //   DEADLINE_EXCEEDED TOO_LATE; RESOURCE_EXHAUSTED OVERLOADED, TENANT_OVERLOADED (with RetryInfo and retry pushback);
  //   UNAUTHENTICATED TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, ...; PERMISSION_DENIED ROLE_REQUIRED.
  absl::Status Open();
  // Gives the slots back, counts, logs, and makes the status for the wire. The gRPC context must still live.
  grpc::Status Close(const absl::Status& status);

  // Who, until when; the request key is set by SetRequestKey.
  const sql::Scope& scope() const { return scope_; }
  // RESOURCE_EXHAUSTED REQUEST_TOO_LARGE.
  absl::Status CheckSize(const google::protobuf::Message& request) const;
  // INVALID_ARGUMENT INVALID_FIELDS when `request_id` is not a UUID; "" means that the caller wants no replay.
  absl::Status SetRequestKey(absl::string_view request_id, const google::protobuf::Message& request);
  absl::Time now() const { return now_; }
  // 32 hex digits: the caller's (W3C `traceparent`) or made here.
  std::string trace_id() const;
  Runtime& runtime() const { return runtime_; }
  const Method& method() const { return method_; }
  grpc::CallbackServerContext* context() const { return context_; }
  void Cancel() { cancelled_->store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_->load(std::memory_order_relaxed); }

 private:
  void TakeTraceId();
  absl::Status TakeDeadline();
  absl::Status Identify();
  absl::Status EnterTenant();
  void Count(const absl::Status& status, absl::Duration took);
  void Log(const absl::Status& status, const std::string& reference_id, absl::Duration took);
  // The value of a metadata key that may be given once; nullopt when it is absent or repeated.
  std::optional<absl::string_view> Metadata(const char* key) const;

  Runtime& runtime_;
  const Method& method_;
  grpc::CallbackServerContext* context_;
  bool admitted_ = false;
  TenantGate* gate_ = nullptr;
  absl::Time now_;
  std::chrono::steady_clock::time_point started_;
  uint64_t trace_high_ = 0;
  uint64_t trace_low_ = 0;
  std::shared_ptr<std::atomic<bool>> cancelled_;
  sql::Scope scope_;
};

}  // namespace vinculo::rpc
