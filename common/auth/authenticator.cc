#include "common/auth/authenticator.h"

#include "absl/hash/hash.h"
#include "common/auth/jwt.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::auth {
namespace {

absl::Status Refused(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kUnauthenticated, reason, message);
}

}  // namespace

Authenticator::Authenticator(Options options, const KeySource* keys, const Clock* clock)
    : options_(std::move(options)), keys_(keys), clock_(clock) {}

absl::StatusOr<std::shared_ptr<const Principal>> Authenticator::Authenticate(absl::string_view token) const {
  if (token.empty()) {
    return Refused("TOKEN_MISSING", "send a token: metadata `authorization: Bearer <token>`");
  }
  if (token.size() > kMaxTokenBytes) return Refused("TOKEN_TOO_LARGE", "the token is larger than 8 KiB");
  Shard& shard = shards_[absl::HashOf(token) % kShards];
  const absl::Time now = clock_->Now();
  {
    absl::MutexLock lock(&shard.mutex);
    const auto it = shard.tokens.find(token);
    if (it != shard.tokens.end()) {
      const Remembered& known = it->second;
      if (known.generation == keys_->generation() && now < known.expires && now >= known.not_before)
        return known.principal;
      shard.tokens.erase(it);
    }
  }
  ASSIGN_OR_RETURN(const Remembered verified, Verify(token));
  Remember(shard, token, verified);
  return verified.principal;
}

absl::StatusOr<Authenticator::Remembered> Authenticator::Verify(absl::string_view token) const {
  const uint64_t generation = keys_->generation();  // before the keys: an older number only means verifying once more
  ASSIGN_OR_RETURN(JwtClaims claims, VerifyJwt(token, *keys_->keys()));
  if (claims.issuer != options_.issuer) return Refused("TOKEN_WRONG_ISSUER", "the token comes from another issuer");
  if (std::find(claims.audiences.begin(), claims.audiences.end(), options_.audience) == claims.audiences.end()) {
    return Refused("TOKEN_WRONG_AUDIENCE", "the token is meant for another audience");
  }
  const absl::Time now = clock_->Now();
  const absl::Time expires = claims.expires + options_.leeway;
  const absl::Time not_before = claims.not_before - options_.leeway;
  if (now >= expires) return Refused("TOKEN_EXPIRED", "the token has expired; get a new one");
  if (now < not_before) return Refused("TOKEN_NOT_YET_VALID", "the token is not valid yet");
  return Remembered{std::make_shared<const Principal>(std::move(claims.principal)), not_before, expires, generation};
}

void Authenticator::Remember(Shard& shard, absl::string_view token, const Remembered& remembered) const {
  absl::MutexLock lock(&shard.mutex);
  if (shard.tokens.size() >= std::max<size_t>(1, options_.max_remembered / kShards)) shard.tokens.clear();
  shard.tokens.insert_or_assign(std::string(token), remembered);
}

}  // namespace vinculo::auth
