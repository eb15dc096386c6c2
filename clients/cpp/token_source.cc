#include "clients/cpp/token_source.h"

namespace vinculo::clients {
namespace {

class FixedToken final : public TokenSource {
 public:
  explicit FixedToken(std::string token) : token_(std::move(token)) {}
  std::string TokenFor(const std::string&) override { return token_; }

 private:
  const std::string token_;
};

}  // namespace

std::shared_ptr<TokenSource> StaticToken(std::string token) { return std::make_shared<FixedToken>(std::move(token)); }

MintedTokens::MintedTokens(Options options, std::shared_ptr<const auth::TokenMinter> minter, const Clock* clock)
    : options_(std::move(options)), minter_(std::move(minter)), clock_(clock) {}

std::string MintedTokens::TokenFor(const std::string& tenant) {
  const absl::Time now = clock_->Now();
  absl::MutexLock lock(&mutex_);
  Minted& minted = minted_[tenant];
  if (minted.token.empty() || now >= minted.renew_at) {
    minted.token = minter_->Mint({.issuer = options_.issuer,
                                  .audience = options_.audience,
                                  .subject = options_.subject,
                                  .tenant = tenant,
                                  .roles = options_.roles,
                                  .issued_at = now,
                                  .lifetime = options_.lifetime});
    minted.renew_at = now + options_.lifetime * 2 / 3;
  }
  return minted.token;
}

}  // namespace vinculo::clients
