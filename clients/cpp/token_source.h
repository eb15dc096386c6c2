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
class FixedToken final : public TokenSource {
 public:
  explicit FixedToken(std::string token) : token_(std::move(token)) {}
  std::string TokenFor(const std::string&) override { return token_; }

 private:
  const std::string token_;
};

// Tokens of role `service` that this process signs with its own key, one for each tenant, for a quarter of an hour;
// renewed when a third of their life is left.
class ServiceTokens final : public TokenSource {
 public:
  // `subject` is the calling service's name. Without a minter the tokens are empty, and the calls are refused by their
  // servers.
  ServiceTokens(std::shared_ptr<const auth::TokenMinter> minter, std::string issuer, std::string audience,
                std::string subject, const Clock* clock = SystemClock::Get());
  std::string TokenFor(const std::string& tenant) override;

 private:
  struct Minted {
    std::string token;
    absl::Time renew_at;
  };
  const std::shared_ptr<const auth::TokenMinter> minter_;
  const std::string issuer_;
  const std::string audience_;
  const std::string subject_;
  const Clock* const clock_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Minted> minted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vinculo::clients
