#include "services/messaging/work/inbox_items.h"

#include <map>

#include "common/status/status_macros.h"
#include "services/messaging/store/limit_repository.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kTrafficAge = absl::Seconds(5);  // WhatsApp's times are whole seconds

}  // namespace

absl::Status CountTraffic(sql::Transaction& tx, const std::vector<Addressed>& items,
                          const std::vector<ItemResult>& results, absl::Time now) {
  std::map<Uuid, int64_t> inbound;
  for (size_t i = 0; i < items.size(); ++i) {
    const auto* message = std::get_if<InboundItem>(&items[i].item);
    if (message != nullptr && results[i] == ItemResult::kApplied && message->at > now - kTrafficAge)
      ++inbound[items[i].object];
  }
  for (const auto& [sender, n] : inbound) RETURN_IF_ERROR(LimitRepository::CountInbound(tx, sender, n, now));
  return absl::OkStatus();
}

const char* KindOf(const WebhookItem& item) {
  static constexpr const char* kKinds[] = {"message", "status",  "template", "preference", "number",
                                           "number",  "account", "notice",   "error",      "echo"};
  static_assert(std::size(kKinds) == std::variant_size_v<WebhookItem>);
  return kKinds[item.index()];
}

}  // namespace vinculo::messaging
