#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "common/status/error.h"

namespace vinculo::api {

inline constexpr int kDefaultPageSize = 50;
inline constexpr int kMaxPageSize = 1000;

// 0 -> 50, above 1000 -> 1000; negative is a violation (and 50 comes back).
int ParsePageSize(int64_t page_size, FieldViolations& bad, absl::string_view field = "page_size");

// The key of the last row of a page, in the order of the list: what the next page begins after.
using PageKey = std::vector<std::variant<int64_t, double, absl::Time, Uuid, std::string>>;

// What a token is bound to. Every part that changes which rows come, or in which order, belongs in here; page_size does
// not.
struct PageScope {
  absl::string_view tenant;
  absl::string_view method;  // "support.TicketService.ListConversations"
  std::string filter;        // e.g. the request serialised without page_size and page_token
  std::string order;
};

// An opaque token, web-safe without padding. It is bound to the scope and grants no access.
std::string EncodePageToken(const PageScope& scope, const PageKey& last);

// nullopt for the empty token (the first page). `shape` names the types that the list expects, one letter for each
// element: i int64, d double, t Time, u Uuid, s string; "tu" for (time, id). A token that was tampered with, belongs to
// another tenant, method, filter or order, or has another shape is INVALID_ARGUMENT with reason PAGE_TOKEN. Times keep
// microseconds.
absl::StatusOr<std::optional<PageKey>> ParsePageToken(const PageScope& scope, absl::string_view token,
                                                      absl::string_view shape);

}  // namespace vinculo::api
