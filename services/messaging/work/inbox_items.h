#pragma once

#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/work/inbox_apply.h"

namespace vinculo::messaging {

// An item with where it belongs.
struct Addressed {
  Uuid object;  // sender or channel
  WebhookItem item;
};

// Whose it is: the number's, or the account's where no number is named.
struct ProviderKeyOf {
  using Key = std::pair<absl::string_view, std::string>;
  Key operator()(const PreferenceItem& p) const {
    return p.phone_number_id.empty() ? Key{kKindWaba, p.waba_id} : Key{kKindPhone, p.phone_number_id};
  }
  template <class Item>
  Key operator()(const Item& item) const {
    if constexpr (requires { item.phone_number_id; }) {
      return {kKindPhone, item.phone_number_id};
    } else {
      return {kKindWaba, item.waba_id};
    }
  }
};

// What a metric calls the item.
const char* KindOf(const WebhookItem& item);

// What came in shares the throughput of its number with what goes out [M-84]. An old message that arrives late took its
// share long ago.
absl::Status CountTraffic(sql::Transaction& tx, const std::vector<Addressed>& items,
                          const std::vector<ItemResult>& results, absl::Time now);

}  // namespace vinculo::messaging
