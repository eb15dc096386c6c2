#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"

namespace vinculo::messaging {

enum class ChannelState { kActive = 1, kBlocked = 2 };
enum class SenderState { kActive = 1, kBulkBlocked = 2, kBlocked = 3 };

inline absl::string_view SenderStateName(SenderState state) {
  return state == SenderState::kActive ? "ACTIVE" : state == SenderState::kBulkBlocked ? "BULK_BLOCKED" : "BLOCKED";
}

// A WhatsApp Business account.
struct Channel {
  Uuid id;
  std::string display_name;
  std::string waba_id;
  std::string portfolio_id;
  std::string app;
  std::string token_sealed;  // the access token, encrypted
  std::string token_tail;    // its last four characters
  ChannelState state = ChannelState::kActive;
  std::string block_reason;
  std::optional<absl::Time> blocked_until;
  absl::Time created_at;
  int64_t revision = 1;
  std::optional<absl::Time> webhook_at;  // when the first webhook came
};

// A sending number.
struct Sender {
  Uuid id;
  Uuid channel_id;
  std::string phone_number_id;
  std::string phone_number;
  std::string display_name;
  int throughput = 80;
  int daily_reach = 250;  // -1: unlimited
  SenderState state = SenderState::kActive;
  std::string block_reason;
  std::optional<absl::Time> blocked_until;
  bool is_default = false;
  absl::Time created_at;
  std::string quality;                // WhatsApp's word; "" until it was read
  std::string tier;                   // likewise
  std::optional<absl::Time> read_at;  // when WhatsApp last told
  int64_t revision = 1;
};

// A sender as its dispatcher needs it: with what holds for the whole channel.
struct SendingNumber {
  Sender sender;
  std::string portfolio_id;
  bool channel_blocked = false;
  std::string token_sealed;
  std::string waba_id;

  bool blocked() const { return channel_blocked || sender.state == SenderState::kBlocked; }
};

// The tenant and object that a Graph id belongs to.
struct ProviderOwner {
  std::string tenant;
  Uuid object_id;
};
inline constexpr absl::string_view kKindWaba = "waba";
inline constexpr absl::string_view kKindPhone = "phone";
inline constexpr absl::string_view kKindPortfolio = "portfolio";

}  // namespace vinculo::messaging
