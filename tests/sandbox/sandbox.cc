#include "tests/sandbox/sandbox.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"

namespace vinculo::sandbox {
namespace {

constexpr size_t kKeptPerPlace = 5000;
constexpr size_t kKeptBody = 64 * 1024;

absl::string_view PlaceOf(absl::string_view path) {
  if (absl::StartsWith(path, "/crm")) return "crm";
  if (absl::StartsWith(path, "/services/")) return "slack";
  if (absl::StartsWith(path, "/jira/") || absl::StartsWith(path, "/rest/api/3/")) return "jira";
  if (absl::EndsWith(path, "/messages")) return "send";
  return "graph";
}

}  // namespace

Sandbox::Sandbox()
    : client_(loop_),
      webhooks_(loop_, client_, faults_),
      templates_(loop_, webhooks_),
      customers_(loop_, webhooks_, ledger_),
      sends_(loop_, faults_, webhooks_, templates_, ledger_, customers_),
      whatsapp_(faults_, templates_, sends_),
      crm_(loop_, faults_),
      jira_(faults_),
      slack_(faults_),
      server_(loop_, [this](const HttpMessage& request, const Exchange& exchange) { Handle(request, exchange); }) {
  // An empty configuration is always right.
  Configure(Json::object()).IgnoreError();
}

absl::Status Sandbox::Configure(const Json& patch) {
  Json merged = config_;
  merged.merge_patch(patch);
  absl::StatusOr<Settings> settings = ParseSettings(merged);
  if (!settings.ok()) return settings.status();
  const absl::Status webhook = webhooks_.Configure(settings->webhook);
  if (!webhook.ok()) return webhook;
  const bool new_faults =
      config_.value("faults", Json()) != merged.value("faults", Json()) || settings->seed != settings_.seed;
  config_ = std::move(merged);
  settings_ = *std::move(settings);
  if (new_faults || faults_.empty()) faults_.Configure(settings_.faults, settings_.seed);
  templates_.Configure(settings_.graph);
  sends_.Configure(settings_.graph);
  whatsapp_.Configure(settings_.graph);
  customers_.Configure(settings_.customers, settings_.seed);
  crm_.Configure(settings_.crm_secrets);
  return absl::OkStatus();
}

void Sandbox::Handle(const HttpMessage& request, const Exchange& exchange) {
  if (absl::StartsWith(request.path, "/_sandbox/")) return Control(request, exchange);
  const absl::string_view place = PlaceOf(request.path);
  Keep(place, request);
  if (place == "crm") return crm_.Handle(request, exchange);
  if (place == "jira") return jira_.Handle(request, exchange);
  if (place == "slack") return slack_.Handle(request, exchange);
  whatsapp_.Handle(request, exchange);
}

void Sandbox::Keep(absl::string_view place, const HttpMessage& request) {
  auto it = kept_.find(place);
  if (it == kept_.end()) it = kept_.emplace(std::string(place), std::deque<Kept>()).first;
  auto count = received_.find(place);
  if (count == received_.end()) count = received_.emplace(std::string(place), 0).first;
  // Of a campaign's flood every hundredth is enough to look at; everything else is kept.
  const int64_t serial = count->second++;
  const bool flood = place == "send" && absl::StrContains(request.body, "\"template\"");
  if (flood && serial >= static_cast<int64_t>(kKeptPerPlace) && serial % 100 != 0) return;
  Kept kept = {.method = std::string(request.method),
               .path = std::string(request.path),
               .query = std::string(request.query),
               .headers = Json::object(),
               .body = std::string(request.body.substr(0, kKeptBody)),
               .unix_ms = absl::ToUnixMillis(absl::Now())};
  for (const auto& [name, value] : request.headers) kept.headers[std::string(name)] = std::string(value);
  it->second.push_back(std::move(kept));
  if (it->second.size() > kKeptPerPlace) it->second.pop_front();
}

}  // namespace vinculo::sandbox
