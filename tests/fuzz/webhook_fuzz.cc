// Any bytes give an answer, and nothing in it is later than now.
#include "services/messaging/work/webhook_parse.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

namespace m = vinculo::messaging;

absl::Time TimeOf(const m::StatusItem& item) { return item.report.at; }
template <class Item>
absl::Time TimeOf(const Item& item) {
  return item.at;
}

}  // namespace

FUZZ_TARGET(input) {
  const absl::Time now = absl::FromUnixSeconds(1'760'000'000);
  const m::ParsedWebhook parsed = m::ParseWebhook(input, now);
  FUZZ_REQUIRE(parsed.unknown >= 0);
  for (const m::WebhookItem& item : parsed.items) {
    FUZZ_REQUIRE(std::visit([](const auto& one) { return TimeOf(one); }, item) <= now);
  }
}
