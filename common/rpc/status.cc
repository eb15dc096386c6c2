#include "common/rpc/status.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"

namespace vinculo::rpc {
namespace {

std::string Cut(absl::string_view text) {
  if (text.size() <= kMaxMessageBytes) return std::string(text);
  size_t size = kMaxMessageBytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size));
}

// What happened inside, told by somebody who did not give it a name for outside.
bool MustHide(absl::StatusCode code, bool named) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         (code == absl::StatusCode::kDataLoss && !named);
}

void AddDetails(const ErrorDetails& details, google::rpc::Status& wire) {
  google::rpc::ErrorInfo info;
  info.set_reason(details.reason);
  info.set_domain(kErrorDomain);
  for (const auto& [key, value] : details.metadata) (*info.mutable_metadata())[key] = Cut(value);
  wire.add_details()->PackFrom(info);
  if (!details.violations.empty()) {
    google::rpc::BadRequest bad;
    for (const FieldViolation& violation : details.violations) {
      auto* const added = bad.add_field_violations();
      added->set_field(Cut(violation.field));
      added->set_description(Cut(violation.description));
    }
    wire.add_details()->PackFrom(bad);
  }
  if (details.retry_after) {
    google::rpc::RetryInfo retry;
    const int64_t micros = absl::ToInt64Microseconds(*details.retry_after);
    retry.mutable_retry_delay()->set_seconds(micros / 1000000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(micros % 1000000 * 1000));
    wire.add_details()->PackFrom(retry);
  }
}

}  // namespace

const char* CodeName(absl::StatusCode code) {
  static constexpr const char* kNames[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  const int index = static_cast<int>(code);
  return index >= 0 && index <= 16 ? kNames[index] : "UNKNOWN";
}

grpc::Status ToGrpcStatus(const absl::Status& status, absl::string_view reference_id) {
  if (status.ok()) return grpc::Status::OK;
  auto details = GetErrorDetails(status);
  absl::StatusCode code = status.code();
  std::string message = Cut(status.message());
  if (MustHide(code, details.has_value())) {
    if (code == absl::StatusCode::kUnknown) code = absl::StatusCode::kInternal;
    message = absl::StrCat("an internal error; tell us this reference: ", reference_id);
    details = ErrorDetails{.reason = CodeName(code), .metadata = {{"reference_id", std::string(reference_id)}}};
  }
  if (!details) details = ErrorDetails{.reason = CodeName(code)};
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(code));
  wire.set_message(message);
  AddDetails(*details, wire);
  return grpc::Status(static_cast<grpc::StatusCode>(code), message, wire.SerializeAsString());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const int number = static_cast<int>(status.error_code());
  const auto code = number >= 0 && number <= 16 ? static_cast<absl::StatusCode>(number) : absl::StatusCode::kUnknown;
  google::rpc::Status wire;
  ErrorDetails details;
  if (!status.error_details().empty() && wire.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& any : wire.details()) {
      google::rpc::ErrorInfo info;
      google::rpc::BadRequest bad;
      google::rpc::RetryInfo retry;
      if (any.UnpackTo(&info)) {
        details.reason = info.reason();
        for (const auto& [key, value] : info.metadata()) details.metadata.emplace_back(key, value);
        std::sort(details.metadata.begin(), details.metadata.end());
      } else if (any.UnpackTo(&bad)) {
        for (const auto& violation : bad.field_violations()) {
          details.violations.push_back({violation.field(), violation.description()});
        }
      } else if (any.UnpackTo(&retry)) {
        details.retry_after =
            absl::Seconds(retry.retry_delay().seconds()) + absl::Nanoseconds(retry.retry_delay().nanos());
      }
    }
  }
  if (details.reason.empty()) return absl::Status(code, status.error_message());
  return ErrorWithDetails(code, status.error_message(), details);
}

}  // namespace vinculo::rpc
