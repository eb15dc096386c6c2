#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/flags/secret.h"

namespace vinculo::profiling {

// Seals secrets at rest with AES-256-GCM and makes the short MACs of reply ids, both under keys derived from one master
// key. Immutable and thread-safe.
class SecretBox {
 public:
  // Any length; what matters is its entropy.
  explicit SecretBox(const Secret& master);

  // Base64 of nonce, ciphertext and tag, bound to `context` (tenant and record).
  std::string Seal(absl::string_view context, absl::string_view secret) const;
  // DATA_LOSS `SECRET_UNREADABLE` when it was sealed under another key or for another record.
  absl::StatusOr<std::string> Open(absl::string_view context, absl::string_view sealed) const;
  // The first 8 hex digits of HMAC-SHA256 over tenant and text.
  std::string Mac8(absl::string_view tenant, absl::string_view text) const;

 private:
  std::string sealing_key_;
  std::string mac_key_;
};

}  // namespace vinculo::profiling
