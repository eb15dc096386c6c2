#pragma once

#include "common/status/error.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/store/data_key.h"
#include "vinculo/messaging/v1/channel_service.pb.h"

namespace vinculo::messaging {

inline constexpr int kMaxToken = 4096;

// WhatsApp's id: digits.
std::string ParseGraphId(absl::string_view field, const std::string& value, FieldViolations& bad);
// Name, portfolio and app; the account's id stands in `channel` already. `prefix` is before each field's name.
void ParseChannelFields(const v1::Channel& in, const std::string& prefix, Channel& channel, FieldViolations& bad);
// Name and limits as the caller wants them; 0 is WhatsApp's own first value.
void ParseSenderFields(const std::string& prefix, Sender& sender, FieldViolations& bad);
// The token as it is kept and shown.
void SealToken(const DataKey& key, const std::string& token, Channel& channel);

}  // namespace vinculo::messaging
