#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/status/error.h"

namespace vinculo::api {

// The etag of a resource's revision: the number in double quotes, "\"7\"". Never a timestamp.
std::string FormatEtag(int64_t revision);

// Empty is nullopt: the caller does not care. Anything that FormatEtag does not write is a violation.
std::optional<int64_t> ParseEtag(absl::string_view etag, FieldViolations& bad, absl::string_view field = "etag");

// OK when `expected` is unset or equals `current`; else ABORTED ETAG_MISMATCH with the current etag in the metadata.
absl::Status CheckRevision(absl::string_view thing, absl::string_view id, std::optional<int64_t> expected,
                           int64_t current);

}  // namespace vinculo::api
