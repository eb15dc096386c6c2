#include "common/api/etag.h"

#include <gtest/gtest.h>

namespace vinculo::api {
namespace {

TEST(Etag, IsTheQuotedRevision) {
  FieldViolations bad;
  EXPECT_EQ(FormatEtag(7), "\"7\"");
  EXPECT_EQ(ParseEtag("\"7\"", bad), 7);
  EXPECT_EQ(ParseEtag("", bad), std::nullopt);
  EXPECT_TRUE(bad.empty());
  for (const char* wrong :
       {"7", "\"\"", "\"07\"", "\"x\"", "\"7", "\" 7\"", "W/\"7\"", "\"99999999999999999999\"", "\""}) {
    FieldViolations violations;
    EXPECT_EQ(ParseEtag(wrong, violations), std::nullopt) << wrong;
    EXPECT_EQ(violations.violations().size(), 1u) << wrong;
  }
}

TEST(Etag, AStaleOneIsAbortedWithTheCurrentOne) {
  EXPECT_TRUE(CheckRevision("ticket", "1", std::nullopt, 8).ok());
  EXPECT_TRUE(CheckRevision("ticket", "1", 8, 8).ok());
  const absl::Status stale = CheckRevision("ticket", "1", 7, 8);
  EXPECT_EQ(stale.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(stale), "ETAG_MISMATCH");
  bool found = false;
  const auto details = GetErrorDetails(stale);
  for (const auto& [key, value] : details->metadata) found |= value == "\"8\"";
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace vinculo::api
