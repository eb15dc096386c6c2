#include "services/messaging/config.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/id/uuid.h"
#include "services/messaging/domain/message.h"

ABSL_FLAG(std::string, graph_url, "https://graph.facebook.com",
          "base address of WhatsApp's Graph API; http is taken for this address only");
ABSL_FLAG(std::string, graph_version, "v25.0", "version segment of Graph's addresses");
ABSL_FLAG(absl::Duration, graph_connect_timeout, absl::Seconds(3), "time to connect to Graph");
ABSL_FLAG(absl::Duration, graph_total_timeout, absl::Seconds(15), "time for a whole call to Graph");
ABSL_FLAG(absl::Duration, unknown_wait, absl::Minutes(10),
          "how long a message whose request ended unclear waits for a status before it is sent once more or given up");
ABSL_FLAG(absl::Duration, template_sync_interval, absl::Hours(6),
          "time between two comparisons of a channel's templates with WhatsApp's listing");
ABSL_FLAG(std::string, app_id, "app",
          "Meta's number of the app whose uploads the samples of templates are; app means the one of the access token");
ABSL_FLAG(std::string, profiling, "",
          "host:port of the profiling service; empty: its sessions set no holds and its consents do not come in");
ABSL_FLAG(std::string, webhook_address, "127.0.0.1:8090", "where WhatsApp's webhooks arrive: host:port");
ABSL_FLAG(std::string, app, "main", "slug of the app in the path of its webhooks, /webhooks/whatsapp/{app}");
ABSL_FLAG(std::string, app_secret_file, "", "file with the app's secret; two lines while it is being replaced");
ABSL_FLAG(std::string, verify_token_file, "", "file with the token that Meta shows when it verifies the webhook");
ABSL_FLAG(std::string, data_key_file, "",
          "file with at least 32 bytes: seals access tokens and hashes identities of people who opted out; empty takes "
          "--service_key's file");

ABSL_FLAG(std::string, apps_dir, "",
          "directory of further apps, one file SLUG.json each: {\"verify_token\": \"...\", \"secrets\": [\"...\"]}");
ABSL_FLAG(std::string, error_classes_file, "",
          "JSON file that replaces what WhatsApp's error codes mean: {\"131026\": \"R\", \"200-299\": \"B\"}");
ABSL_FLAG(
    std::string, levels_file, "",
    "JSON file that says what WhatsApp's levels mean: {\"tiers\": {\"TIER_2K\": 2000}, \"throughputs\": {\"HIGH\": "
    "1000}}");
ABSL_FLAG(absl::Duration, sender_refresh, absl::Hours(1), "how often each number is read from Graph");
ABSL_FLAG(int, sender_in_flight, 64,
          "requests that may be under way for one number; also what may still leave after a campaign was paused");
ABSL_FLAG(int, sender_bulk_in_flight, 56, "of --sender_in_flight, those of campaigns and marketing");
ABSL_FLAG(int64_t, queued_max, vinculo::messaging::kMaxQueued,
          "how many messages of a tenant may wait to be sent; beyond it SendMessage is refused with QUEUE_FULL");

namespace vinculo::messaging {
namespace {

// What `parse` makes of the file; a problem of the flag otherwise.
template <class T>
std::optional<T> ReadOperatorFile(const char* flag, const std::string& path,
                                  absl::StatusOr<T> (*parse)(absl::string_view), flags::Checker& check) {
  if (path.empty()) return std::nullopt;
  const std::string text(check.SecretFile(flag, path).Reveal());
  if (text.empty()) return std::nullopt;
  absl::StatusOr<T> read = parse(text);
  if (!read.ok()) check.Problem(flag, absl::StrCat(path, ": ", read.status().message()));
  return read.ok() ? std::optional<T>(*std::move(read)) : std::nullopt;
}

void ReadRules(Config& config, flags::Checker& check) {
  auto classes =
      ReadOperatorFile("error_classes_file", absl::GetFlag(FLAGS_error_classes_file), ParseErrorClasses, check);
  if (classes) config.rules.errors = ErrorClasses::With(*std::move(classes));
  auto levels = ReadOperatorFile("levels_file", absl::GetFlag(FLAGS_levels_file), ParseLevels, check);
  if (levels) config.rules.levels = *std::move(levels);
  config.sender_refresh =
      check.DurationWithin("sender_refresh", absl::GetFlag(FLAGS_sender_refresh), absl::Seconds(10), absl::Hours(24));
}

void ReadInFlight(Config& config, flags::Checker& check) {
  config.sender_in_flight =
      static_cast<int>(check.IntWithin("sender_in_flight", absl::GetFlag(FLAGS_sender_in_flight), 2, 4096));
  config.sender_bulk_in_flight = static_cast<int>(check.IntWithin(
      "sender_bulk_in_flight", absl::GetFlag(FLAGS_sender_bulk_in_flight), 1, config.sender_in_flight - 1));
}

void ReadApps(Config& config, flags::Checker& check) {
  const std::string directory = absl::GetFlag(FLAGS_apps_dir);
  if (directory.empty()) return;
  std::error_code failed;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  if (failed) return check.Problem("apps_dir", absl::StrCat(directory, ": ", failed.message()));
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) {
    const std::string text(check.SecretFile("apps_dir", file.string()).Reveal());
    absl::StatusOr<AppFile> app = ParseApp(file.stem().string(), text);
    if (!app.ok()) {
      check.Problem("apps_dir", absl::StrCat(file.string(), ": ", app.status().message()));
      continue;
    }
    check.Require(app->slug != config.app, "apps_dir", absl::StrCat(file.string(), ": is --app's slug"));
    config.further_apps.push_back(*std::move(app));
  }
}

void ReadGraph(Config& config, flags::Checker& check) {
  config.graph_url = absl::GetFlag(FLAGS_graph_url);
  while (absl::EndsWith(config.graph_url, "/")) config.graph_url.pop_back();
  config.graph_version = check.Required("graph_version", absl::GetFlag(FLAGS_graph_version));
  config.graph_is_http = absl::StartsWith(config.graph_url, "http://");
  check.Require(config.graph_is_http || absl::StartsWith(config.graph_url, "https://"), "graph_url",
                "must be an http or https address");
  absl::string_view host = config.graph_url;
  if (!absl::ConsumePrefix(&host, "https://")) absl::ConsumePrefix(&host, "http://");
  host = host.substr(0, host.find('/'));
  const std::string address = host.find(':') == absl::string_view::npos
                                  ? absl::StrCat(host, config.graph_is_http ? ":80" : ":443")
                                  : std::string(host);
  config.graph_address = check.Address("graph_url", address);
  config.graph_connect_timeout = check.DurationWithin(
      "graph_connect_timeout", absl::GetFlag(FLAGS_graph_connect_timeout), absl::Milliseconds(10), absl::Minutes(1));
  config.graph_total_timeout = check.DurationWithin("graph_total_timeout", absl::GetFlag(FLAGS_graph_total_timeout),
                                                    absl::Milliseconds(10), absl::Minutes(5));
}

}  // namespace

Config ReadConfig(flags::Checker& check) {
  Config config;
  config.service = rpc::ReadServiceFlags("messaging", check);
  ReadGraph(config, check);
  config.unknown_wait =
      check.DurationWithin("unknown_wait", absl::GetFlag(FLAGS_unknown_wait), absl::Seconds(1), absl::Hours(24));
  config.template_sync_interval = check.DurationWithin(
      "template_sync_interval", absl::GetFlag(FLAGS_template_sync_interval), absl::Minutes(10), absl::Hours(168));
  config.queued_max = check.IntWithin("queued_max", absl::GetFlag(FLAGS_queued_max), 1, kMaxQueued);
  config.app_id = check.Required("app_id", absl::GetFlag(FLAGS_app_id));
  config.profiling = absl::GetFlag(FLAGS_profiling);
  check.Require(config.profiling.empty() || !config.service.service_key.empty(), "service_key",
                "is needed to follow the service named by --profiling");
  config.webhook_address = check.Address("webhook_address", absl::GetFlag(FLAGS_webhook_address));
  config.app = absl::GetFlag(FLAGS_app);
  check.Require(IsSlug(config.app), "app", "must be a slug");
  config.verify_token = check.SecretFile("verify_token_file", absl::GetFlag(FLAGS_verify_token_file)).Reveal();
  const std::string secrets = check.SecretFile("app_secret_file", absl::GetFlag(FLAGS_app_secret_file)).Reveal();
  config.app_secrets = absl::StrSplit(secrets, '\n', absl::SkipWhitespace());
  check.Require(config.app_secrets.size() <= 2, "app_secret_file",
                "holds one secret, or two while it is being replaced");
  ReadApps(config, check);
  ReadRules(config, check);
  ReadInFlight(config, check);
  const std::string file = absl::GetFlag(FLAGS_data_key_file);
  config.data_secret = check.SecretFile("data_key_file", file.empty() ? config.service.service_key : file).Reveal();
  check.Require(config.data_secret.empty() || config.data_secret.size() >= 32, "data_key_file",
                "needs at least 32 bytes");
  return config;
}

}  // namespace vinculo::messaging
