#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vinculo::messaging {

// The service's key for data at rest: access tokens are sealed with it, and identities of suppressed people are kept as
// keyed hashes, so that forgetting a person keeps their opt-out. Immutable and thread-safe.
class DataKey {
 public:
  // From a secret of at least 32 bytes (a file of the operator). INVALID_ARGUMENT when it is shorter.
  static absl::StatusOr<DataKey> FromSecret(absl::string_view secret);

  // AES-256-GCM with a random nonce; `context` is bound to it and must be given again.
  std::string Seal(absl::string_view plain, absl::string_view context) const;
  // DATA_LOSS when the bytes were changed or belong to another key or context.
  absl::StatusOr<std::string> Open(absl::string_view sealed, absl::string_view context) const;

  // 16 bytes.
  std::string IdentityHash(absl::string_view tenant, absl::string_view kind, absl::string_view value) const;

 private:
  DataKey() = default;
  std::string seal_key_;
  std::string hash_key_;
};

}  // namespace vinculo::messaging
