// Tokens that arrive from outside: bearer tokens and page tokens. None that we did not make is taken.
#include "common/api/page.h"
#include "common/auth/jwt.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

// RFC 8037, appendix A.2: the public half of a key that nobody here signs with.
constexpr absl::string_view kKeys =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"fuzz","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

const vinculo::auth::KeySet& Keys() {
  static const auto keys = vinculo::auth::KeySet::Parse(kKeys);
  FUZZ_REQUIRE(keys.ok());
  return **keys;
}

}  // namespace

FUZZ_TARGET(input) {
  FUZZ_REQUIRE(!vinculo::auth::VerifyJwt(input, Keys()).ok());
  (void)vinculo::auth::KeySet::Parse(input);

  const vinculo::api::PageScope scope{"demo", "support.TicketService.ListConversations", "", "created_at desc"};
  const auto key = vinculo::api::ParsePageToken(scope, input, "tu");
  // A token that is taken for this scope is the token of its key.
  if (key.ok() && key->has_value()) FUZZ_REQUIRE(vinculo::api::EncodePageToken(scope, **key) == input);
}
