#include "services/profiling/store/secret_box.h"

#include <openssl/evp.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/http/crypto.h"
#include "common/status/error.h"

namespace vinculo::profiling {
namespace {

constexpr size_t kNonce = 12;
constexpr size_t kTag = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

absl::Status Unreadable() {
  return Error(absl::StatusCode::kDataLoss, "SECRET_UNREADABLE",
               "a stored secret cannot be opened with this service's key");
}

}  // namespace

SecretBox::SecretBox(const Secret& master)
    : sealing_key_(crypto::HmacSha256(master.Reveal(), "profiling sealing")),
      mac_key_(crypto::HmacSha256(master.Reveal(), "profiling replies")) {}

std::string SecretBox::Seal(absl::string_view context, absl::string_view secret) const {
  const std::string nonce = crypto::RandomBytes(kNonce);
  std::string out(secret.size(), '\0');
  std::string tag(kTag, '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int length = 0;
  EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(sealing_key_), Bytes(nonce));
  EVP_EncryptUpdate(cipher.get(), nullptr, &length, Bytes(context), static_cast<int>(context.size()));
  EVP_EncryptUpdate(cipher.get(), Bytes(out), &length, Bytes(secret), static_cast<int>(secret.size()));
  EVP_EncryptFinal_ex(cipher.get(), Bytes(tag), &length);
  EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, tag.data());
  return crypto::Base64Encode(absl::StrCat(nonce, out, tag));
}

absl::StatusOr<std::string> SecretBox::Open(absl::string_view context, absl::string_view sealed) const {
  const std::optional<std::string> bytes = crypto::Base64Decode(sealed);
  if (!bytes || bytes->size() < kNonce + kTag) return Unreadable();
  const absl::string_view all(*bytes);
  const absl::string_view nonce = all.substr(0, kNonce);
  const absl::string_view body = all.substr(kNonce, all.size() - kNonce - kTag);
  std::string tag(all.substr(all.size() - kTag));
  std::string out(body.size(), '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int length = 0;
  EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(sealing_key_), Bytes(nonce));
  EVP_DecryptUpdate(cipher.get(), nullptr, &length, Bytes(context), static_cast<int>(context.size()));
  EVP_DecryptUpdate(cipher.get(), Bytes(out), &length, Bytes(body), static_cast<int>(body.size()));
  EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data());
  if (EVP_DecryptFinal_ex(cipher.get(), Bytes(tag), &length) != 1) return Unreadable();
  return out;
}

std::string SecretBox::Mac8(absl::string_view tenant, absl::string_view text) const {
  return crypto::HexEncode(crypto::HmacSha256(mac_key_, absl::StrCat(tenant, "\n", text)).substr(0, 4));
}

}  // namespace vinculo::profiling
