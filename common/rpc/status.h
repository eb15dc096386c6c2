#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace vinculo::rpc {

// The ErrorInfo.domain of every error of the suite.
inline constexpr char kErrorDomain[] = "vinculo";
// Longer messages are cut at a character boundary.
inline constexpr size_t kMaxMessageBytes = 1024;

// Makes the wire form of an error: code, message and google.rpc details (ErrorInfo always, BadRequest and RetryInfo
// where the error has them). An error without a reason of ours gets its code's name as reason. INTERNAL, UNKNOWN and
// statuses that are not errors of a server show only `reference_id`, so that nothing of the inside leaks; the caller
// logs the original under that id.
grpc::Status ToGrpcStatus(const absl::Status& status, absl::string_view reference_id);

// The reverse, for clients: an absl::Status with ErrorDetails, or the bare code and message when the peer sent no
// details.
absl::Status FromGrpcStatus(const grpc::Status& status);

// "NOT_FOUND", "OK", ...
const char* CodeName(absl::StatusCode code);

}  // namespace vinculo::rpc
