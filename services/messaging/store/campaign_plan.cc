#include "common/json/json_text.h"
#include "services/messaging/store/encoding.h"
#include "services/messaging/store/hours_json.h"

namespace vinculo::messaging {
namespace {

using Json = nlohmann::json;

Json StartJson(const CampaignStart& start) {
  using Kind = CampaignStart::Kind;
  Json j = {{"k", static_cast<int>(start.kind)}};
  if (start.kind == Kind::kInstant) j["t"] = absl::ToUnixMicros(start.instant);
  if (start.kind == Kind::kTenantTime || start.kind == Kind::kContactTime) j["l"] = absl::FormatCivilTime(start.local);
  return j;
}

CampaignStart ReadStart(const Json& j) {
  CampaignStart start;
  start.kind = static_cast<CampaignStart::Kind>(j.at("k").get<int>());
  if (j.contains("t")) start.instant = absl::FromUnixMicros(j["t"].get<int64_t>());
  if (j.contains("l")) absl::ParseCivilTime(j["l"].get<std::string>(), &start.local);
  return start;
}

}  // namespace

std::string EncodeGuards(const Campaign& campaign) {
  const CampaignGuards& g = campaign.guards;
  Json j = {{"s", StartJson(campaign.start)}, {"p", ProtectionJson(g.protection)}};
  if (g.max_cost) j["m"] = {g.max_cost->currency, g.max_cost->micros};
  if (g.canary) j["c"] = {g.canary->count, g.canary->percent, absl::ToInt64Seconds(g.canary->wait)};
  if (g.allowed_hours) j["h"] = HoursJson(*g.allowed_hours);
  return DumpJson(j);
}

absl::Status DecodeGuards(absl::string_view text, Campaign& campaign) {
  const auto read = [&](const Json& j) {
    campaign.start = ReadStart(j.at("s"));
    CampaignGuards g{.protection = ReadProtection(j.at("p"))};
    if (j.contains("m")) g.max_cost = MaxCost{j["m"].at(0), j["m"].at(1)};
    if (j.contains("c")) {
      const Json& c = j["c"];
      g.canary = Canary{c.at(0), c.at(1), absl::Seconds(c.at(2).get<int64_t>())};
    }
    if (j.contains("h")) g.allowed_hours = ReadHours(j["h"]);
    campaign.guards = std::move(g);
    return true;
  };
  return DecodeStoredJson<bool>(text, read).status();
}

}  // namespace vinculo::messaging
