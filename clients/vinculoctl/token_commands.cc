#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/vinculoctl/commands.h"
#include "common/auth/token_minter.h"
#include "common/status/error.h"
#include "common/time/clock.h"

namespace vinculo::ctl {
namespace {

struct TokenOptions {
  std::string key, subject = "developer", tenant = "demo", issuer = "vinculo", audience = "vinculo";
  std::vector<std::string> roles = {"admin"};
  double hours = 12;
};

void Issue(const TokenOptions& options) {
  const auto minter = Check(auth::TokenMinter::FromFile(options.key));
  auth::TokenClaims claims;
  claims.issuer = options.issuer;
  claims.audience = options.audience;
  claims.subject = options.subject;
  claims.tenant = options.tenant;
  claims.roles = options.roles;
  claims.issued_at = SystemClock::Get()->Now();
  claims.lifetime = absl::Hours(options.hours);
  std::cout << minter->Mint(claims) << "\n";
}

void WriteSecret(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) close(fd);
  if (!written) {
    Check(Error(absl::StatusCode::kFailedPrecondition, "FILE",
                absl::StrCat("cannot write ", path, "; an existing key is never overwritten")));
  }
}

void Jwks(const std::vector<std::string>& keys) {
  std::vector<std::string> pems;
  pems.reserve(keys.size());
  for (const std::string& key : keys) pems.push_back(Check(ReadInput(key)));
  std::cout << Check(auth::MakeJwks(pems)) << "\n";
}

}  // namespace

void AddTokenCommands(CLI::App& app, Context&) {
  CLI::App* token = app.add_subcommand("token", "keys and tokens, for development and for service accounts");
  token->require_subcommand(1);

  auto options = std::make_shared<TokenOptions>();
  CLI::App* issue = token->add_subcommand("issue", "sign a token with a private key and print it");
  issue->add_option("--signing-key", options->key, "Ed25519 private key, PEM")->required();
  issue->add_option("--tenant", options->tenant, "whose data")->capture_default_str();
  issue->add_option("--subject", options->subject, "who")->capture_default_str();
  issue->add_option("--role", options->roles, "what they may do; repeat for several")->capture_default_str();
  issue->add_option("--issuer", options->issuer, "as the services expect it")->capture_default_str();
  issue->add_option("--audience", options->audience, "as the services expect it")->capture_default_str();
  issue->add_option("--hours", options->hours, "how long it is valid")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 8760.0));
  issue->callback([options] { Issue(*options); });

  auto path = std::make_shared<std::string>();
  CLI::App* key = token->add_subcommand("key", "make a new private key in a file of mode 0600");
  key->add_option("file", *path, "where to write it; must not exist")->required();
  key->callback([path] { WriteSecret(*path, auth::TokenMinter::Generate()->PrivatePem().Reveal()); });

  auto keys = std::make_shared<std::vector<std::string>>();
  CLI::App* jwks =
      token->add_subcommand("jwks", "print the key set of some keys: what the services' --jwks_file holds");
  jwks->add_option("keys", *keys, "private or public keys, PEM")->required();
  jwks->callback([keys] { Jwks(*keys); });
}

}  // namespace vinculo::ctl
