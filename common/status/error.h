#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace vinculo {

// One field of a request that is wrong. `field` is the path as the caller wrote it, such as `lines[2].amount`.
struct FieldViolation {
  std::string field;
  std::string description;

  friend bool operator==(const FieldViolation&, const FieldViolation&) = default;
};

// What every error of ours carries beside code and message; `common/rpc` turns it into google.rpc details.
struct ErrorDetails {
  std::string reason;                                         // ErrorInfo.reason: API, never renamed
  std::vector<std::pair<std::string, std::string>> metadata;  // ErrorInfo.metadata
  std::vector<FieldViolation> violations;                     // BadRequest
  std::optional<absl::Duration> retry_after;                  // RetryInfo
};

// Builds an error with a name. `reason` is UPPER_SNAKE_CASE and stands in the service's list of reasons; `message` is
// for a person and says what to do next. Pure; never fails.
absl::Status Error(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                   std::vector<std::pair<std::string, std::string>> metadata = {});

// The same with every detail.
absl::Status ErrorWithDetails(absl::StatusCode code, absl::string_view message, const ErrorDetails& details);

// The details of an error made here; nullopt for any other status.
std::optional<ErrorDetails> GetErrorDetails(const absl::Status& status);

// The reason of an error made here, else "".
std::string ErrorReason(const absl::Status& status);

// NOT_FOUND with reason `<THING>_NOT_FOUND`; `thing` is lower case with spaces or underscores ("usage fact").
absl::Status NotFound(absl::string_view thing, absl::string_view id);

// ABORTED `ETAG_MISMATCH`: the caller's copy is stale; read again. The current etag is in the metadata.
absl::Status EtagMismatch(absl::string_view thing, absl::string_view id, absl::string_view current_etag);

// Collects everything that is wrong with a request, so that the caller is told all of it at once.
class FieldViolations {
 public:
  void Add(std::string field, std::string description);
  // Adds all of `other`, each path prefixed with `prefix` and a dot.
  void AddAll(absl::string_view prefix, const FieldViolations& other);
  bool empty() const { return violations_.empty(); }
  const std::vector<FieldViolation>& violations() const { return violations_; }
  // OK when empty, else INVALID_ARGUMENT with `reason` and one BadRequest entry for each violation.
  absl::Status ToStatus(absl::string_view reason = "INVALID_FIELDS") const;

 private:
  std::vector<FieldViolation> violations_;
};

}  // namespace vinculo
