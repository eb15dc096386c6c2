#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/key_set.h"
#include "common/auth/principal.h"
#include "common/time/clock.h"

namespace vinculo::auth {

// Turns bearer tokens into principals. A token is verified once for each key set and remembered until it expires; after
// that a look-up is a hash of its text. Thread-safe.
class Authenticator {
 public:
  struct Options {
    std::string issuer;                        // what `iss` must be
    std::string audience;                      // what `aud` must contain
    absl::Duration leeway = absl::Seconds(5);  // clocks of two machines differ
    size_t max_remembered = 65536;             // tokens; a sixteenth is forgotten when its part is full
  };
  // `keys` and `clock` must outlive this.
  Authenticator(Options options, const KeySource* keys, const Clock* clock);

  // Errors, all UNAUTHENTICATED:
  //   TOKEN_MISSING    the text is empty
  //   TOKEN_TOO_LARGE  more than 8 KiB
  //   TOKEN_EXPIRED, TOKEN_NOT_YET_VALID
  //   TOKEN_UNKNOWN_KEY  no key with this id for this algorithm, such as one taken out of the set
  //   TOKEN_WRONG_ISSUER, TOKEN_WRONG_AUDIENCE
  //   TOKEN_INVALID    everything else: form, algorithm, signature, missing claims
  absl::StatusOr<std::shared_ptr<const Principal>> Authenticate(absl::string_view token) const;

  const Clock& clock() const { return *clock_; }

 private:
  struct Remembered {
    std::shared_ptr<const Principal> principal;
    absl::Time not_before;
    absl::Time expires;
    uint64_t generation;
  };
  struct alignas(64) Shard {
    mutable absl::Mutex mutex;
    absl::flat_hash_map<std::string, Remembered> tokens ABSL_GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 16;

  absl::StatusOr<Remembered> Verify(absl::string_view token) const;
  void Remember(Shard& shard, absl::string_view token, const Remembered& remembered) const;

  const Options options_;
  const KeySource* const keys_;
  const Clock* const clock_;
  mutable std::array<Shard, kShards> shards_;
};

}  // namespace vinculo::auth
