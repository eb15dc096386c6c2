#include "clients/cpp/token_source.h"

namespace vinculo::clients {
namespace {

constexpr absl::Duration kLifetime = absl::Minutes(15);

}  // namespace

ServiceTokens::ServiceTokens(std::shared_ptr<const auth::TokenMinter> minter, std::string issuer, std::string audience,
                             std::string subject, const Clock* clock)
    : minter_(std::move(minter)),
      issuer_(std::move(issuer)),
      audience_(std::move(audience)),
      subject_(std::move(subject)),
      clock_(clock) {}

std::string ServiceTokens::TokenFor(const std::string& tenant) {
  if (minter_ == nullptr) return "";
  const absl::Time now = clock_->Now();
  absl::MutexLock lock(&mutex_);
  Minted& minted = minted_[tenant];
  if (minted.token.empty() || now >= minted.renew_at) {
    minted.token = minter_->Mint({.issuer = issuer_,
                                  .audience = audience_,
                                  .subject = subject_,
                                  .tenant = tenant,
                                  .roles = {"service"},
                                  .issued_at = now,
                                  .lifetime = kLifetime});
    minted.renew_at = now + kLifetime * 2 / 3;
  }
  return minted.token;
}

}  // namespace vinculo::clients
