#include "common/rpc/call_context.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <openssl/evp.h>

#include <charconv>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/log/log.h"
#include "common/rpc/status.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::rpc {
namespace {

// A deadline further away than this is none.
constexpr absl::Duration kNoDeadline = absl::Hours(24 * 365);

uint64_t RandomBits() {
  thread_local absl::InsecureBitGen generator;
  return absl::Uniform<uint64_t>(generator);
}

const std::shared_ptr<const auth::Principal>& Nobody() {
  static const auto* const nobody =
      new std::shared_ptr<const auth::Principal>(std::make_shared<const auth::Principal>());
  return *nobody;
}

// The 128-bit SHA-256 prefix of the request in its one deterministic spelling.
std::array<uint8_t, 16> Fingerprint(const google::protobuf::Message& request) {
  thread_local std::string bytes;
  bytes.clear();
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<uint8_t, 32> digest;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, sha256, nullptr);
  std::array<uint8_t, 16> fingerprint;
  std::copy_n(digest.begin(), fingerprint.size(), fingerprint.begin());
  return fingerprint;
}

bool ParseHex(absl::string_view text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

CallContext::CallContext(Runtime& runtime, const Method& method, grpc::CallbackServerContext* context)
    : runtime_(runtime),
      method_(method),
      context_(context),
      now_(runtime.clock().Now()),
      started_(std::chrono::steady_clock::now()),
      cancelled_(std::make_shared<std::atomic<bool>>(false)) {
  scope_.principal = Nobody();
  scope_.cancelled = cancelled_;
}

CallContext::~CallContext() = default;

absl::Status CallContext::Open() {
  runtime_.metrics(method_).started->Increment();
  TakeTraceId();
  RETURN_IF_ERROR(TakeDeadline());
  RETURN_IF_ERROR(runtime_.Enter(method_.streaming));
  admitted_ = true;
  if (method_.is_public) return absl::OkStatus();
  RETURN_IF_ERROR(Identify());
  if (!method_.Allows(*scope_.principal)) {
    return Error(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED",
                 absl::StrCat(method_.full_name, " needs one of the roles: ", absl::StrJoin(method_.roles, ", ")),
                 {{"roles", absl::StrJoin(method_.roles, ",")}});
  }
  return EnterTenant();
}

void CallContext::TakeTraceId() {
  const auto parent = Metadata("traceparent");
  if (parent && parent->size() == 55 && (*parent)[2] == '-' && (*parent)[35] == '-' &&
      ParseHex(parent->substr(3, 16), trace_high_) && ParseHex(parent->substr(19, 16), trace_low_)) {
    return;
  }
  trace_high_ = RandomBits();
  trace_low_ = RandomBits();
}

std::string CallContext::trace_id() const { return absl::StrFormat("%016x%016x", trace_high_, trace_low_); }

absl::Status CallContext::TakeDeadline() {
  // gRPC reckons in the system's clock, so it is compared with that one and carried over to the injected clock as a
  // distance.
  const absl::Time deadline = absl::FromChrono(context_->deadline());
  const absl::Duration left = deadline - absl::FromChrono(std::chrono::system_clock::now());
  if (left > kNoDeadline) {
    scope_.deadline = method_.streaming ? absl::InfiniteFuture() : now_ + runtime_.limits().default_deadline;
    return absl::OkStatus();
  }
  scope_.deadline = now_ + left;
  if (left >= runtime_.limits().least_deadline) return absl::OkStatus();
  return Error(absl::StatusCode::kDeadlineExceeded, "TOO_LATE", "the deadline leaves no time to serve the call");
}

absl::Status CallContext::Identify() {
  absl::string_view token;
  if (const auto authorization = Metadata("authorization")) {
    if (!absl::StartsWithIgnoreCase(*authorization, "bearer ")) {
      return Error(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID", "the authorization is not `Bearer <token>`");
    }
    token = authorization->substr(7);
  }
  ASSIGN_OR_RETURN(scope_.principal, runtime_.authenticator().Authenticate(token));
  return absl::OkStatus();
}

absl::Status CallContext::EnterTenant() {
  if (method_.streaming) return absl::OkStatus();  // long-lived, and bounded by their own limit
  TenantGate* const gate = runtime_.Gate(scope_.principal->tenant);
  if (gate->in_flight.fetch_add(1, std::memory_order_relaxed) < runtime_.limits().tenant_in_flight) {
    gate_ = gate;
    return absl::OkStatus();
  }
  gate->in_flight.fetch_sub(1, std::memory_order_relaxed);
  return ErrorWithDetails(absl::StatusCode::kResourceExhausted,
                          "your organisation has as many calls in flight as it may; try again a little later",
                          {.reason = "TENANT_OVERLOADED", .retry_after = runtime_.limits().retry_after});
}

absl::Status CallContext::CheckSize(const google::protobuf::Message& request) const {
  const size_t size = request.ByteSizeLong();
  const auto limit = static_cast<size_t>(runtime_.limits().unary_bytes);
  if (size <= limit) return absl::OkStatus();
  return Error(absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE",
               absl::StrCat("the request has ", size, " bytes; at most ", limit, " are accepted"),
               {{"limit_bytes", absl::StrCat(limit)}});
}

absl::Status CallContext::SetRequestKey(absl::string_view request_id, const google::protobuf::Message& request) {
  if (request_id.empty()) return absl::OkStatus();
  const auto id = Uuid::Parse(request_id);
  if (!id) {
    FieldViolations bad;
    bad.Add("request_id", "is not a UUID");
    return bad.ToStatus();
  }
  scope_.request = sql::RequestKey{method_.full_name, *id, Fingerprint(request)};
  return absl::OkStatus();
}

std::optional<absl::string_view> CallContext::Metadata(const char* key) const {
  const auto& metadata = context_->client_metadata();
  const auto it = metadata.find(key);
  if (it == metadata.end()) return std::nullopt;
  const auto next = std::next(it);
  if (next != metadata.end() && next->first == it->first) return std::nullopt;
  return absl::string_view(it->second.data(), it->second.size());
}

grpc::Status CallContext::Close(const absl::Status& status) {
  if (gate_ != nullptr) gate_->in_flight.fetch_sub(1, std::memory_order_relaxed);
  if (admitted_) runtime_.Leave(method_.streaming);
  const absl::Duration took = absl::FromChrono(std::chrono::steady_clock::now() - started_);
  Count(status, took);
  if (status.ok()) {
    if (log::Enabled(log::Level::kDebug)) Log(status, "", took);
    return grpc::Status::OK;
  }
  const std::string reference_id = absl::StrFormat("%016x", RandomBits());
  Log(status, reference_id, took);
  if (const auto details = GetErrorDetails(status); details && details->retry_after) {
    context_->AddTrailingMetadata("grpc-retry-pushback-ms",
                                  absl::StrCat(absl::ToInt64Milliseconds(*details->retry_after)));
  }
  return ToGrpcStatus(status, reference_id);
}

void CallContext::Count(const absl::Status& status, absl::Duration took) {
  const auto& metrics = runtime_.metrics(method_);
  // What goes out as INTERNAL is counted as such.
  const auto code = status.code() == absl::StatusCode::kUnknown ? absl::StatusCode::kInternal : status.code();
  metrics.handled[static_cast<size_t>(code)]->Increment();
  metrics.seconds->Observe(absl::ToDoubleSeconds(took));
}

void CallContext::Log(const absl::Status& status, const std::string& reference_id, absl::Duration took) {
  const absl::StatusCode code = status.code();
  log::Level level = log::Level::kInfo;
  if (status.ok()) level = log::Level::kDebug;
  if (code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
      code == absl::StatusCode::kDataLoss) {
    level = log::Level::kError;
  }
  if (!log::Enabled(level)) return;
  if (level == log::Level::kInfo && !runtime_.MayLog(absl::ToUnixSeconds(absl::Now()))) return;
  const std::string trace = trace_id();
  if (level == log::Level::kError) {
    log::Write(level, "call failed",
               {{"method", method_.full_name},
                {"status", status},
                {"reference_id", reference_id},
                {"tenant", scope_.tenant()},
                {"took", took},
                {"trace_id", trace}});
    return;
  }
  log::Write(level, "call",
             {{"method", method_.full_name},
              {"code", CodeName(code)},
              {"reason", ErrorReason(status)},
              {"tenant", scope_.tenant()},
              {"took", took},
              {"trace_id", trace}});
}

}  // namespace vinculo::rpc
