#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

// Digests, MACs and text forms of bytes, on OpenSSL. Pure and thread-safe.
namespace vinculo::crypto {

// Standard base64 with padding.
std::string Base64Encode(absl::string_view bytes);
// Strict: standard alphabet, padding required, no blanks, no stray bits at the end; nullopt for anything else.
std::optional<std::string> Base64Decode(absl::string_view text);
// Web-safe base64 without padding, as in JWTs and page tokens.
std::string Base64UrlEncode(absl::string_view bytes);
// Strict like Base64Decode; padding refused.
std::optional<std::string> Base64UrlDecode(absl::string_view text);

// Lower case.
std::string HexEncode(absl::string_view bytes);
// Either case; nullopt for an odd length or another character.
std::optional<std::string> HexDecode(absl::string_view text);

// 32 bytes.
std::string Sha256(absl::string_view bytes);
// 32 bytes.
std::string HmacSha256(absl::string_view key, absl::string_view message);

// `count` bytes from the system's cryptographic generator. Aborts when there is none.
std::string RandomBytes(size_t count);

// Equal or not, in a time that depends on the lengths only.
bool ConstantTimeEquals(absl::string_view a, absl::string_view b);

}  // namespace vinculo::crypto
