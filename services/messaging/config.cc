#include "services/messaging/config.h"

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/id/uuid.h"

ABSL_FLAG(std::string, graph_url, "https://graph.facebook.com",
          "base address of WhatsApp's Graph API; http is taken for this address only");
ABSL_FLAG(std::string, graph_version, "v25.0", "version segment of Graph's addresses");
ABSL_FLAG(absl::Duration, graph_connect_timeout, absl::Seconds(3), "time to connect to Graph");
ABSL_FLAG(absl::Duration, graph_total_timeout, absl::Seconds(15), "time for a whole call to Graph");
ABSL_FLAG(absl::Duration, unknown_wait, absl::Minutes(10),
          "how long a message whose request ended unclear waits for a status before it is sent once more or given up");
ABSL_FLAG(std::string, webhook_address, "127.0.0.1:8090", "where WhatsApp's webhooks arrive: host:port");
ABSL_FLAG(std::string, app, "main", "slug of the app in the path of its webhooks, /webhooks/whatsapp/{app}");
ABSL_FLAG(std::string, app_secret_file, "", "file with the app's secret; two lines while it is being replaced");
ABSL_FLAG(std::string, verify_token_file, "", "file with the token that Meta shows when it verifies the webhook");
ABSL_FLAG(std::string, data_key_file, "",
          "file with at least 32 bytes: seals access tokens and hashes identities of people who opted out; empty takes "
          "--service_key's file");

namespace vinculo::messaging {
namespace {

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
  config.webhook_address = check.Address("webhook_address", absl::GetFlag(FLAGS_webhook_address));
  config.app = absl::GetFlag(FLAGS_app);
  check.Require(IsSlug(config.app), "app", "must be a slug");
  config.verify_token = check.SecretFile("verify_token_file", absl::GetFlag(FLAGS_verify_token_file)).Reveal();
  const std::string secrets = check.SecretFile("app_secret_file", absl::GetFlag(FLAGS_app_secret_file)).Reveal();
  config.app_secrets = absl::StrSplit(secrets, '\n', absl::SkipWhitespace());
  check.Require(config.app_secrets.size() <= 2, "app_secret_file",
                "holds one secret, or two while it is being replaced");
  const std::string file = absl::GetFlag(FLAGS_data_key_file);
  config.data_secret = check.SecretFile("data_key_file", file.empty() ? config.service.service_key : file).Reveal();
  check.Require(config.data_secret.empty() || config.data_secret.size() >= 32, "data_key_file",
                "needs at least 32 bytes");
  return config;
}

}  // namespace vinculo::messaging
