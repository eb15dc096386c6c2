#include "services/messaging/store/template_hash.h"

#include "absl/strings/str_cat.h"
#include "common/http/crypto.h"
#include "services/messaging/domain/template_content.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {
namespace {

constexpr size_t kBytes = 16;

}  // namespace

std::string TextHash(const TemplateComponents& c) {
  return crypto::Sha256(absl::StrCat(c.body, "\x1f", c.footer)).substr(0, kBytes);
}

std::string ContentHash(const TemplateComponents& c) {
  return crypto::Sha256(EncodeComponents(ContentOf(c))).substr(0, kBytes);
}

}  // namespace vinculo::messaging
