#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/token_minter.h"
#include "common/time/clock.h"

namespace vinculo::clients {

// Where calls get their bearer tokens. Thread-safe.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // A token for acting on the tenant's data.
  virtual std::string TokenFor(const std::string& tenant) = 0;
};

// The same token for every call, whatever the tenant: what a person was given.
std::shared_ptr<TokenSource> StaticToken(std::string token);

// Tokens that a service signs for itself with its own key, one for each tenant, with role `service`; renewed when a
// third of their life is left.
class MintedTokens final : public TokenSource {
 public:
  struct Options {
    std::string issuer;
    std::string audience;
    std::string subject;  // the service's name
    std::vector<std::string> roles = {"service"};
    absl::Duration lifetime = absl::Minutes(15);
  };
  MintedTokens(Options options, std::shared_ptr<const auth::TokenMinter> minter,
               const Clock* clock = SystemClock::Get());
  std::string TokenFor(const std::string& tenant) override;

 private:
  struct Minted {
    std::string token;
    absl::Time renew_at;
  };
  const Options options_;
  const std::shared_ptr<const auth::TokenMinter> minter_;
  const Clock* const clock_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Minted> minted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vinculo::clients
