#include "common/api/etag.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace vinculo::api {

std::string FormatEtag(int64_t revision) { return absl::StrCat("\"", revision, "\""); }

std::optional<int64_t> ParseEtag(absl::string_view etag, FieldViolations& bad, absl::string_view field) {
  if (etag.empty()) return std::nullopt;
  int64_t revision = 0;
  const bool quoted = etag.size() > 2 && etag.front() == '"' && etag.back() == '"';
  if (quoted && absl::SimpleAtoi(etag.substr(1, etag.size() - 2), &revision) && FormatEtag(revision) == etag) {
    return revision;
  }
  bad.Add(std::string(field), "is not an etag of ours; send it as it was received, quotes included");
  return std::nullopt;
}

absl::Status CheckRevision(absl::string_view thing, absl::string_view id, std::optional<int64_t> expected,
                           int64_t current) {
  if (!expected || *expected == current) return absl::OkStatus();
  return EtagMismatch(thing, id, FormatEtag(current));
}

}  // namespace vinculo::api
