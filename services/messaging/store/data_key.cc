#include "services/messaging/store/data_key.h"

#include <openssl/evp.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/http/crypto.h"
#include "common/status/error.h"

namespace vinculo::messaging {
namespace {

constexpr size_t kNonce = 12;
constexpr size_t kTag = 16;

struct CtxFree {
  void operator()(EVP_CIPHER_CTX* ctx) const { EVP_CIPHER_CTX_free(ctx); }
};
using Ctx = std::unique_ptr<EVP_CIPHER_CTX, CtxFree>;

const unsigned char* Bytes(absl::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }
unsigned char* Bytes(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }

}  // namespace

absl::StatusOr<DataKey> DataKey::FromSecret(absl::string_view secret) {
  if (secret.size() < 32) {
    return Error(absl::StatusCode::kInvalidArgument, "DATA_KEY_TOO_SHORT", "The data key needs at least 32 bytes.");
  }
  DataKey key;
  key.seal_key_ = crypto::HmacSha256(secret, "messaging seal 1");
  key.hash_key_ = crypto::HmacSha256(secret, "messaging identity 1");
  return key;
}

std::string DataKey::Seal(absl::string_view plain, absl::string_view context) const {
  const std::string nonce = crypto::RandomBytes(kNonce);
  std::string cipher(plain.size(), '\0');
  std::string tag(kTag, '\0');
  int n = 0;
  const Ctx ctx(EVP_CIPHER_CTX_new());
  EVP_EncryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, Bytes(seal_key_), Bytes(nonce));
  EVP_EncryptUpdate(ctx.get(), nullptr, &n, Bytes(context), static_cast<int>(context.size()));
  EVP_EncryptUpdate(ctx.get(), Bytes(cipher), &n, Bytes(plain), static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(ctx.get(), Bytes(cipher) + n, &n);
  EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, kTag, tag.data());
  return absl::StrCat(nonce, tag, cipher);
}

absl::StatusOr<std::string> DataKey::Open(absl::string_view sealed, absl::string_view context) const {
  const absl::Status broken =
      Error(absl::StatusCode::kDataLoss, "SECRET_UNREADABLE", "A stored secret cannot be opened with this data key.");
  if (sealed.size() < kNonce + kTag) return broken;
  const absl::string_view nonce = sealed.substr(0, kNonce);
  std::string tag(sealed.substr(kNonce, kTag));
  const absl::string_view cipher = sealed.substr(kNonce + kTag);
  std::string plain(cipher.size(), '\0');
  int n = 0;
  const Ctx ctx(EVP_CIPHER_CTX_new());
  EVP_DecryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, Bytes(seal_key_), Bytes(nonce));
  EVP_DecryptUpdate(ctx.get(), nullptr, &n, Bytes(context), static_cast<int>(context.size()));
  EVP_DecryptUpdate(ctx.get(), Bytes(plain), &n, Bytes(cipher), static_cast<int>(cipher.size()));
  EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data());
  if (EVP_DecryptFinal_ex(ctx.get(), Bytes(plain) + n, &n) != 1) return broken;
  return plain;
}

std::string DataKey::IdentityHash(absl::string_view tenant, absl::string_view kind, absl::string_view value) const {
  return crypto::HmacSha256(hash_key_, absl::StrCat(tenant, "\n", kind, "\n", value)).substr(0, 16);
}

}  // namespace vinculo::messaging
