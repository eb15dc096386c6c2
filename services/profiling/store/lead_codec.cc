#include "services/profiling/store/json_codec.h"
#include "services/profiling/store/json_fields.h"

namespace vinculo::profiling {

using nlohmann::json;

std::string EncodeLead(const Lead& l) {
  return DumpJson({{"id", l.id.ToString()},
                   {"pid", l.profile_id.ToString()},
                   {"sid", l.session_id.ToString()},
                   {"f", l.flow_id},
                   {"v", l.flow_version},
                   {"p", l.product_id},
                   {"pn", l.product_name},
                   {"rk", l.recommendation_rank},
                   {"n", l.name},
                   {"fn", l.first_name},
                   {"ln", l.last_name},
                   {"e", l.email},
                   {"ph", l.phone},
                   {"a", l.answers_summary},
                   {"s", l.source},
                   {"t", Micros(l.created_at)},
                   {"te", l.test}});
}

absl::StatusOr<Lead> DecodeLead(absl::string_view text) {
  return DecodeStoredJson<Lead>(text, [](const json& j) {
    Lead l;
    l.id = IdOf(j.at("id"));
    l.profile_id = IdOf(j.at("pid"));
    l.session_id = IdOf(j.at("sid"));
    l.flow_id = j.at("f");
    l.flow_version = j.at("v");
    l.product_id = j.at("p");
    l.product_name = j.at("pn");
    l.recommendation_rank = j.at("rk");
    l.name = j.at("n");
    l.first_name = j.at("fn");
    l.last_name = j.at("ln");
    l.email = j.at("e");
    l.phone = j.at("ph");
    l.answers_summary = j.at("a");
    l.source = j.at("s");
    l.created_at = TimeOf(j.at("t"));
    l.test = j.at("te");
    return l;
  });
}

std::string EncodeConnector(const Connector& c) {
  json mapping = json::array();
  for (const FieldMapping& m : c.mapping)
    mapping.push_back({m.to, m.from, m.transform, m.map, m.required, m.omit_empty});
  // Sealed bytes are base64 already.
  json j = {{"id", c.connector_id},
            {"u", c.url},
            {"m", mapping},
            {"ak", c.auth},
            {"au", c.auth_user},
            {"ap", c.auth_prefix},
            {"as", c.sealed_auth},
            {"ah", c.auth_hint},
            {"ss", c.sealed_signing},
            {"sh", c.signing_hint},
            {"sp", c.sealed_previous},
            {"to", absl::ToInt64Microseconds(c.timeout)},
            {"jp", c.success_pointer},
            {"je", c.success_equals},
            {"rp", c.reference_pointer},
            {"cs", c.conflict_is_success},
            {"r", c.state_reason}};
  if (c.rotate_until) j["ru"] = Micros(*c.rotate_until);
  return DumpJson(j);
}

absl::StatusOr<Connector> DecodeConnector(absl::string_view text) {
  return DecodeStoredJson<Connector>(text, [](const json& j) {
    Connector c;
    c.connector_id = j.at("id");
    c.url = j.at("u");
    for (const json& m : j.at("m")) {
      c.mapping.push_back({m.at(0), m.at(1), m.at(2).get<FieldMapping::Transform>(),
                           m.at(3).get<std::map<std::string, std::string>>(), m.at(4), m.at(5)});
    }
    c.auth = j.at("ak").get<AuthKind>();
    c.auth_user = j.at("au");
    c.auth_prefix = j.at("ap");
    c.sealed_auth = j.at("as");
    c.auth_hint = j.at("ah");
    c.sealed_signing = j.at("ss");
    c.signing_hint = j.at("sh");
    c.sealed_previous = j.at("sp");
    c.timeout = absl::Microseconds(j.at("to").get<int64_t>());
    c.success_pointer = j.at("jp");
    c.success_equals = j.at("je");
    c.reference_pointer = j.at("rp");
    c.conflict_is_success = j.at("cs");
    c.state_reason = j.at("r");
    if (j.contains("ru")) c.rotate_until = TimeOf(j.at("ru"));
    return c;
  });
}

std::string EncodeAttempts(const std::vector<DeliveryAttempt>& attempts) {
  json out = json::array();
  for (const DeliveryAttempt& a : attempts)
    out.push_back({a.number, Micros(a.at), a.http_status, a.error, absl::ToInt64Microseconds(a.latency)});
  return DumpJson(out);
}

absl::StatusOr<std::vector<DeliveryAttempt>> DecodeAttempts(absl::string_view text) {
  return DecodeStoredJson<std::vector<DeliveryAttempt>>(text, [](const json& j) {
    std::vector<DeliveryAttempt> out;
    for (const json& a : j)
      out.push_back({a.at(0), TimeOf(a.at(1)), a.at(2), a.at(3), absl::Microseconds(a.at(4).get<int64_t>())});
    return out;
  });
}

}  // namespace vinculo::profiling
