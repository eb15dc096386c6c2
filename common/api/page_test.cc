#include "common/api/page.h"

#include <gtest/gtest.h>

#include <random>

namespace vinculo::api {
namespace {

PageScope Scope() { return {"acme", "support.TicketService.ListConversations", "state=OPEN", "created_at"}; }
const Uuid kId = *Uuid::Parse("018bcfe5-6800-7000-8000-000000000001");

TEST(PageSize, DefaultsClampsAndRefuses) {
  FieldViolations bad;
  EXPECT_EQ(ParsePageSize(0, bad), 50);
  EXPECT_EQ(ParsePageSize(7, bad), 7);
  EXPECT_EQ(ParsePageSize(1000, bad), 1000);
  EXPECT_EQ(ParsePageSize(1001, bad), 1000);
  EXPECT_EQ(ParsePageSize(int64_t{1} << 40, bad), 1000);
  EXPECT_TRUE(bad.empty());
  EXPECT_EQ(ParsePageSize(-1, bad), 50);
  EXPECT_EQ(bad.violations()[0].field, "page_size");
}

TEST(PageToken, RoundTripsEveryType) {
  const PageKey key = {int64_t{-5}, 2.5, absl::FromUnixMicros(1711800000123456), kId, std::string("ñ\0x", 4)};
  const auto parsed = ParsePageToken(Scope(), EncodePageToken(Scope(), key), "idtus");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(**parsed, key);
  EXPECT_EQ(*ParsePageToken(Scope(), "", "idtus"), std::nullopt);
  EXPECT_TRUE((*ParsePageToken(Scope(), EncodePageToken(Scope(), {}), ""))->empty());
}

TEST(PageToken, IsBoundToTenantMethodFilterOrderAndShape) {
  const std::string token = EncodePageToken(Scope(), {absl::UnixEpoch(), kId});
  PageScope other = Scope();
  other.tenant = "globex";
  PageScope method = Scope();
  method.method = "support.TicketService.ListMessages";
  PageScope filter = Scope();
  filter.filter = "state=CLOSED";
  PageScope order = Scope();
  order.order = "";
  PageScope moved = Scope();  // the same bytes, parted elsewhere
  moved.filter += moved.order;
  moved.order = "";
  for (const PageScope& scope : {other, method, filter, order, moved}) {
    const auto parsed = ParsePageToken(scope, token, "tu");
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ErrorReason(parsed.status()), "PAGE_TOKEN");
  }
  EXPECT_EQ(ErrorReason(ParsePageToken(Scope(), token, "iu").status()), "PAGE_TOKEN");
  EXPECT_EQ(ErrorReason(ParsePageToken(Scope(), token, "t").status()), "PAGE_TOKEN");
  EXPECT_TRUE(ParsePageToken(Scope(), token, "tu").ok());
}

TEST(PageToken, RefusesAnyAlteration) {
  const std::string token = EncodePageToken(Scope(), {absl::FromUnixSeconds(1711800000), kId, std::string("name")});
  ASSERT_TRUE(ParsePageToken(Scope(), token, "tus").ok());
  EXPECT_EQ(token.find_first_of("+/="), std::string::npos);
  for (size_t i = 0; i < token.size(); ++i) {
    for (const char c : {'A', 'B', 'z', '-', '=', ' '}) {
      std::string altered = token;
      if (altered[i] == c) continue;
      altered[i] = c;
      ASSERT_FALSE(ParsePageToken(Scope(), altered, "tus").ok()) << i << c;
    }
    ASSERT_FALSE(ParsePageToken(Scope(), token.substr(0, i == 0 ? 1 : i), "tus").ok());
    ASSERT_FALSE(ParsePageToken(Scope(), token + token[i], "tus").ok());
  }
}

TEST(PageToken, RefusesGarbage) {
  std::mt19937 random(5);
  for (int round = 0; round < 20000; ++round) {
    std::string garbage(1 + random() % 80, ' ');
    for (char& c : garbage) {
      c = round % 2 ? static_cast<char>(random()) : "ABCDEFabcdef0123-_"[random() % 18];
    }
    const auto parsed = ParsePageToken(Scope(), garbage, "tus");
    ASSERT_EQ(ErrorReason(parsed.status()), "PAGE_TOKEN");
    ASSERT_EQ(GetErrorDetails(parsed.status())->violations[0].field, "page_token");
  }
  EXPECT_FALSE(ParsePageToken(Scope(), std::string(100000, 'A'), "tus").ok());
}

}  // namespace
}  // namespace vinculo::api
