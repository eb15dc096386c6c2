#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/content.h"
#include "services/messaging/domain/template.h"

// How structured values lie in TEXT columns: compact JSON with short keys, so that an operator can read a row. Decoding
// what this binary or an older one wrote never fails; anything else is DATA_LOSS.
namespace vinculo::messaging {

std::string EncodeComponents(const TemplateComponents& components);
absl::StatusOr<TemplateComponents> DecodeComponents(absl::string_view text);

std::string EncodeContent(const Content& content);
absl::StatusOr<Content> DecodeContent(absl::string_view text);

// Without the kind, which has a column of its own.
std::string EncodeInbound(const InboundContent& content);
absl::StatusOr<InboundContent> DecodeInbound(absl::string_view text);

std::string EncodeMap(const std::map<std::string, std::string>& map);
absl::StatusOr<std::map<std::string, std::string>> DecodeMap(absl::string_view text);

std::string EncodeStrings(const std::vector<std::string>& strings);
absl::StatusOr<std::vector<std::string>> DecodeStrings(absl::string_view text);

// Instants as seconds, separated by commas; "" for none.
std::string EncodeTimes(const std::vector<absl::Time>& times);
std::vector<absl::Time> DecodeTimes(absl::string_view text);
std::string EncodeFilter(const AudienceFilter& filter);
absl::StatusOr<AudienceFilter> DecodeFilter(absl::string_view text);

// Language, parameter map and audience of a campaign.
std::string EncodePlan(const Campaign& campaign);
absl::Status DecodePlan(absl::string_view text, Campaign& campaign);

// Start and guards of a campaign.
std::string EncodeGuards(const Campaign& campaign);
absl::Status DecodeGuards(absl::string_view text, Campaign& campaign);

}  // namespace vinculo::messaging
