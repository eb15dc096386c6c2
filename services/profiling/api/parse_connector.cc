#include "services/profiling/api/parse_connector.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/http/standard_webhooks.h"
#include "common/text/validate.h"
#include "services/profiling/domain/lead_mapping.h"
#include "services/profiling/domain/limits.h"

namespace vinculo::profiling {
namespace {

constexpr absl::string_view kMask = "****";
constexpr int kMaxSecret = 1000;

std::string Hint(absl::string_view secret) {
  constexpr size_t kShown = 4;
  return absl::StrCat(kMask, secret.size() > 2 * kShown ? secret.substr(secret.size() - kShown) : "");
}

// Empty, or as it was shown: it stays as it is.
std::optional<std::string> Secret(absl::string_view field, const std::string& value, FieldViolations& bad) {
  if (value.empty() || absl::StartsWith(value, kMask)) return std::nullopt;
  return text::ParseText(field, value, {1, kMaxSecret, false, true}, bad);
}

void ParseAuth(const v1::ConnectorAuth& in, WantedConnector& out, FieldViolations& bad) {
  Connector& c = out.connector;
  switch (in.kind_case()) {
    case v1::ConnectorAuth::kBasic:
      c.auth = AuthKind::kBasic;
      c.auth_user = text::ParseText("connector.auth.basic.username", in.basic().username(), {1, 200, false, true}, bad);
      out.auth_secret = Secret("connector.auth.basic.password", in.basic().password(), bad);
      break;
    case v1::ConnectorAuth::kBearer:
      c.auth = AuthKind::kBearer;
      out.auth_secret = Secret("connector.auth.bearer.token", in.bearer().token(), bad);
      break;
    case v1::ConnectorAuth::kApiKey:
      c.auth = AuthKind::kApiKey;
      c.auth_user = text::ParseText("connector.auth.api_key.header", in.api_key().header(), {1, 100, true, true}, bad);
      c.auth_prefix =
          text::ParseText("connector.auth.api_key.prefix", in.api_key().prefix(), {0, 100, false, true}, bad);
      out.auth_secret = Secret("connector.auth.api_key.key", in.api_key().key(), bad);
      break;
    case v1::ConnectorAuth::KIND_NOT_SET:
      break;
  }
}

void ParseSigning(const v1::ConnectorSigning& in, WantedConnector& out, FieldViolations& bad) {
  out.has_signing = true;
  out.signing_secret = Secret("connector.signing.secret", in.secret(), bad);
  out.previous_secret = Secret("connector.signing.previous_secret", in.previous_secret(), bad);
  for (const auto& [field, secret] : {std::pair("connector.signing.secret", out.signing_secret),
                                      std::pair("connector.signing.previous_secret", out.previous_secret)}) {
    if (!secret) continue;
    const absl::Status status = http::CheckWebhookSecret(*secret);
    if (!status.ok()) bad.Add(field, "is `whsec_` and base64 of 24 to 64 bytes");
  }
  out.connector.rotate_until = api::ParseOptionalTimestamp("connector.signing.rotate_until",
                                                           in.has_rotate_until() ? &in.rotate_until() : nullptr, bad);
}

void ParseMapping(const v1::Connector& in, Connector& out, FieldViolations& bad) {
  text::CheckCount("connector.mapping", in.mapping_size(), kMaxMappings, bad);
  for (int i = 0; i < std::min(in.mapping_size(), kMaxMappings); ++i) {
    const auto& field = in.mapping(i);
    out.mapping.push_back({field.to(),
                           field.from(),
                           static_cast<FieldMapping::Transform>(field.transform()),
                           {field.map().begin(), field.map().end()},
                           field.required(),
                           field.omit_empty()});
  }
  for (const auto& [path, problem] : CheckMapping(out.mapping)) bad.Add("connector." + path, problem);
}

}  // namespace

WantedConnector ParseConnector(const v1::Connector& in, const OutboundPolicy& policy, FieldViolations& bad) {
  WantedConnector out;
  Connector& c = out.connector;
  c.connector_id = text::ParseSlug("connector.connector_id", in.connector_id(), bad);
  c.url = text::ParseText("connector.url", in.url(), {1, 2000, true, true}, bad);
  if (!policy.GuardFor(c.url).CheckUrl(c.url).ok()) {
    bad.Add("connector.url", "is an https address on port 443 or 8443, without user and password");
  }
  ParseMapping(in, c, bad);
  ParseAuth(in.auth(), out, bad);
  if (in.has_signing()) ParseSigning(in.signing(), out, bad);
  if (in.has_timeout())
    c.timeout = api::ParseDuration("connector.timeout", in.timeout(), absl::Seconds(1), absl::Seconds(60), bad);
  const v1::SuccessRule& rule = in.success_rule();
  c.success_pointer =
      text::ParseText("connector.success_rule.json_pointer", rule.json_pointer(), {0, 200, true, true}, bad);
  c.success_equals = text::ParseText("connector.success_rule.equals", rule.equals(), {0, 200, false, true}, bad);
  c.reference_pointer =
      text::ParseText("connector.success_rule.reference_pointer", rule.reference_pointer(), {0, 200, true, true}, bad);
  for (const auto& [field, pointer] :
       {std::pair("json_pointer", c.success_pointer), std::pair("reference_pointer", c.reference_pointer)}) {
    if (!pointer.empty() && pointer[0] != '/')
      bad.Add(absl::StrCat("connector.success_rule.", field), "begins with `/`");
  }
  c.conflict_is_success = rule.conflict_is_success();
  c.enabled = !in.has_enabled() || in.enabled();
  c.test = in.test();
  return out;
}

std::string SecretContext(const std::string& tenant, const std::string& connector_id) {
  return absl::StrCat(tenant, "/", connector_id);
}

Connector SealConnector(const WantedConnector& wanted, const Connector* before, const SecretBox& secrets,
                        const std::string& tenant) {
  Connector out = wanted.connector;
  const std::string context = SecretContext(tenant, out.connector_id);
  if (wanted.auth_secret) {
    out.sealed_auth = secrets.Seal(context, *wanted.auth_secret);
    out.auth_hint = Hint(*wanted.auth_secret);
  } else if (before != nullptr && before->auth == out.auth) {
    out.sealed_auth = before->sealed_auth;
    out.auth_hint = before->auth_hint;
  }
  if (wanted.signing_secret) {
    out.sealed_signing = secrets.Seal(context, *wanted.signing_secret);
    out.signing_hint = Hint(*wanted.signing_secret);
  } else if (wanted.has_signing && before != nullptr) {
    out.sealed_signing = before->sealed_signing;
    out.signing_hint = before->signing_hint;
  }
  if (wanted.previous_secret) {
    out.sealed_previous = secrets.Seal(context, *wanted.previous_secret);
  } else if (out.rotate_until && before != nullptr) {
    // A rotation: what was the secret until now is the one before.
    out.sealed_previous = wanted.signing_secret ? before->sealed_signing : before->sealed_previous;
  }
  out.state = out.enabled ? ConnectorState::kActive : ConnectorState::kDisabled;
  out.revision = before == nullptr ? 1 : before->revision + 1;
  return out;
}

}  // namespace vinculo::profiling
