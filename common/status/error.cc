#include "common/status/error.h"

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace vinculo {
namespace {

constexpr absl::string_view kPayloadUrl = "vinculo.dev/error-details";

// The payload is private to this process: length-prefixed strings, in the order of the struct.
void Put(std::string& out, absl::string_view value) { absl::StrAppend(&out, value.size(), ":", value); }

std::string Encode(const ErrorDetails& details) {
  std::string out;
  Put(out, details.reason);
  Put(out, details.retry_after ? absl::StrCat(absl::ToInt64Microseconds(*details.retry_after)) : "");
  Put(out, absl::StrCat(details.metadata.size()));
  for (const auto& [key, value] : details.metadata) {
    Put(out, key);
    Put(out, value);
  }
  for (const FieldViolation& violation : details.violations) {
    Put(out, violation.field);
    Put(out, violation.description);
  }
  return out;
}

std::string Take(absl::string_view& in) {
  const size_t colon = in.find(':');
  const size_t length = std::stoul(std::string(in.substr(0, colon)));
  std::string value(in.substr(colon + 1, length));
  in.remove_prefix(colon + 1 + length);
  return value;
}

ErrorDetails Decode(absl::string_view in) {
  ErrorDetails details;
  details.reason = Take(in);
  if (const std::string retry = Take(in); !retry.empty()) details.retry_after = absl::Microseconds(std::stoll(retry));
  for (size_t left = std::stoul(Take(in)); left > 0; --left) {
    std::string key = Take(in);
    details.metadata.emplace_back(std::move(key), Take(in));
  }
  while (!in.empty()) {
    std::string field = Take(in);
    details.violations.push_back({std::move(field), Take(in)});
  }
  return details;
}

}  // namespace

absl::Status ErrorWithDetails(absl::StatusCode code, absl::string_view message, const ErrorDetails& details) {
  absl::Status status(code, message);
  status.SetPayload(kPayloadUrl, absl::Cord(Encode(details)));
  return status;
}

absl::Status Error(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                   std::vector<std::pair<std::string, std::string>> metadata) {
  return ErrorWithDetails(code, message, {.reason = std::string(reason), .metadata = std::move(metadata)});
}

std::optional<ErrorDetails> GetErrorDetails(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload) return std::nullopt;
  return Decode(std::string(*payload));
}

std::string ErrorReason(const absl::Status& status) {
  const auto details = GetErrorDetails(status);
  return details ? details->reason : "";
}

absl::Status NotFound(absl::string_view thing, absl::string_view id) {
  const std::string name = absl::AsciiStrToUpper(absl::StrReplaceAll(thing, {{" ", "_"}}));
  return Error(absl::StatusCode::kNotFound, absl::StrCat(name, "_NOT_FOUND"),
               absl::StrCat(thing, " '", id, "' does not exist"), {{"id", std::string(id)}});
}

absl::Status EtagMismatch(absl::string_view thing, absl::string_view id, absl::string_view current_etag) {
  return Error(absl::StatusCode::kAborted, "ETAG_MISMATCH",
               absl::StrCat(thing, " '", id, "' has changed since you read it; read it again and repeat your change"),
               {{"id", std::string(id)}, {"etag", std::string(current_etag)}});
}

void FieldViolations::Add(std::string field, std::string description) {
  violations_.push_back({std::move(field), std::move(description)});
}

void FieldViolations::AddAll(absl::string_view prefix, const FieldViolations& other) {
  for (const FieldViolation& v : other.violations_) Add(absl::StrCat(prefix, ".", v.field), v.description);
}

absl::Status FieldViolations::ToStatus(absl::string_view reason) const {
  if (violations_.empty()) return absl::OkStatus();
  std::string message = absl::StrCat(violations_.front().field, ": ", violations_.front().description);
  if (violations_.size() > 1) absl::StrAppend(&message, " (and ", violations_.size() - 1, " more)");
  return ErrorWithDetails(absl::StatusCode::kInvalidArgument, message,
                          {.reason = std::string(reason), .violations = violations_});
}

}  // namespace vinculo
