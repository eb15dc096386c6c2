#include "services/profiling/store/json_codec.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/error.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/store/json_fields.h"

namespace vinculo::profiling {

using nlohmann::json;

namespace {

json PromptJson(const Prompt& p) {
  return {{"k", p.kind}, {"s", p.seq}, {"n", p.node_id}, {"t", Micros(p.sent_at)}, {"o", p.options}};
}

Prompt PromptFrom(const json& j) {
  Prompt p;
  p.kind = j.at("k").get<Prompt::Kind>();
  p.seq = j.at("s");
  p.node_id = j.at("n");
  p.sent_at = TimeOf(j.at("t"));
  p.options = j.at("o").get<std::vector<std::string>>();
  return p;
}

json ProductJson(const ShownProduct& p) {
  json parts = json::array();
  for (const auto& part : p.parts) {
    parts.push_back({{"q", part.question_id},
                     {"c", part.choice_ids},
                     {"p", part.points},
                     {"s", part.score_micro},
                     {"r", part.reason}});
  }
  json out = {{"id", p.product_id},   {"n", p.name},       {"d", p.short_description},
              {"i", p.image_url},     {"cur", p.currency}, {"s", p.score_micro},
              {"m", p.match_percent}, {"f", p.fallback},   {"pin", p.pinned}};
  if (p.price_minor) out["pr"] = *p.price_minor;
  if (!p.parts.empty()) out["parts"] = std::move(parts);
  return out;
}

ShownProduct ProductFrom(const json& j) {
  ShownProduct p;
  p.product_id = j.at("id");
  p.name = j.at("n");
  p.short_description = j.at("d");
  p.image_url = j.at("i");
  p.currency = j.at("cur");
  p.score_micro = j.at("s");
  p.match_percent = j.at("m");
  p.fallback = j.at("f");
  p.pinned = j.at("pin");
  if (j.contains("pr")) p.price_minor = j.at("pr").get<int64_t>();
  for (const json& part : j.value("parts", json::array())) {
    p.parts.push_back(
        {part.at("q"), part.at("c").get<std::vector<std::string>>(), part.at("p"), part.at("s"), part.at("r")});
  }
  return p;
}

json RecommendationJson(const ShownRecommendation& r) {
  json products = json::array(), out_of = json::array();
  for (const ShownProduct& p : r.products) products.push_back(ProductJson(p));
  for (const ShownRuledOut& o : r.ruled_out) out_of.push_back({o.product_id, o.cause, o.question_id, o.choice_id});
  return {{"n", r.node_id},
          {"o", r.outcome},
          {"p", products},
          {"f", r.first_over_second},
          {"s", r.second_over_third},
          {"g", r.group_relaxed},
          {"ns", r.no_signal},
          {"m", r.matrix_id},
          {"v", r.matrix_version},
          {"h", r.matrix_hash},
          {"in", r.inputs},
          {"t", Micros(r.evaluated_at)},
          {"x", out_of}};
}

ShownRecommendation RecommendationFrom(const json& j) {
  ShownRecommendation r;
  r.node_id = j.at("n");
  r.outcome = j.at("o");
  for (const json& p : j.at("p")) r.products.push_back(ProductFrom(p));
  r.first_over_second = j.at("f");
  r.second_over_third = j.at("s");
  r.group_relaxed = j.at("g");
  r.no_signal = j.at("ns");
  r.matrix_id = j.at("m");
  r.matrix_version = j.at("v");
  r.matrix_hash = j.at("h");
  r.inputs = j.at("in");
  r.evaluated_at = TimeOf(j.at("t"));
  for (const json& o : j.at("x")) r.ruled_out.push_back({o.at(0), o.at(1), o.at(2), o.at(3)});
  return r;
}

json PathJson(const Session& s) {
  json answers = json::array(), captures = json::array(), path = json::array();
  for (const SessionAnswer& a : s.answers)
    answers.push_back({a.question_id, a.choice_ids, a.raw, a.truncated, Micros(a.at)});
  for (const CapturedField& c : s.captures) captures.push_back({c.field, c.node_id, c.value, c.text, Micros(c.at)});
  for (const PathStep& step : s.path) path.push_back({step.kind, step.node_id});
  return {{"a", answers}, {"c", captures}, {"p", path}};
}

void PathFrom(const json& j, Session& s) {
  for (const json& a : j.at("a")) {
    s.answers.push_back({a.at(0), a.at(1).get<std::vector<std::string>>(), a.at(2), a.at(3), TimeOf(a.at(4))});
  }
  for (const json& c : j.at("c"))
    s.captures.push_back({c.at(0).get<CaptureField>(), c.at(1), c.at(2), c.at(3), TimeOf(c.at(4))});
  for (const json& p : j.at("p")) s.path.push_back({p.at(0).get<PathStep::Kind>(), p.at(1)});
}

}  // namespace

std::string EncodeSession(const Session& s) {
  json j = {{"id", s.id.ToString()},
            {"pid", s.profile_id.ToString()},
            {"ch", s.channel},
            {"ci", s.channel_identity},
            {"co", s.contact_id},
            {"se", s.sender_id},
            {"f", s.flow_id},
            {"v", s.version},
            {"l", s.language},
            {"so", s.source},
            {"sr", s.source_ref},
            {"st", s.state},
            {"sg", s.stage},
            {"r", s.revision},
            {"pr", PromptJson(s.prompt)},
            {"path", PathJson(s)},
            {"iv", s.invalid_count},
            {"ev", s.event_count},
            {"rs", s.restarts},
            {"sh", s.shown_rank},
            {"sp", s.selected_product_id},
            {"sk", s.selected_rank},
            {"t0", Micros(s.started_at)},
            {"t1", Micros(s.last_user_at)},
            {"t2", Micros(s.last_event_at)},
            {"t3", Micros(s.expires_at)},
            {"t4", Micros(s.absolute_expires_at)},
            {"er", s.end_reason},
            {"oc", s.outcome},
            {"te", s.test}};
  if (s.recommendation) j["rec"] = RecommendationJson(*s.recommendation);
  if (s.ended_at) j["t5"] = Micros(*s.ended_at);
  if (s.window_until) j["wu"] = Micros(*s.window_until);
  if (s.lead_id) j["ld"] = s.lead_id->ToString();
  if (s.resumed_from) j["rf"] = s.resumed_from->ToString();
  return DumpJson(j);
}

absl::StatusOr<Session> DecodeSession(absl::string_view text) {
  return DecodeStoredJson<Session>(text, [](const json& j) {
    Session s;
    s.id = IdOf(j.at("id"));
    s.profile_id = IdOf(j.at("pid"));
    s.channel = j.at("ch").get<Channel>();
    s.channel_identity = j.at("ci");
    s.contact_id = j.at("co");
    s.sender_id = j.at("se");
    s.flow_id = j.at("f");
    s.version = j.at("v");
    s.language = j.at("l");
    s.source = j.at("so").get<Source>();
    s.source_ref = j.at("sr");
    s.state = j.at("st").get<SessionState>();
    s.stage = j.at("sg").get<Stage>();
    s.revision = j.at("r");
    s.prompt = PromptFrom(j.at("pr"));
    PathFrom(j.at("path"), s);
    s.invalid_count = j.at("iv");
    s.event_count = j.at("ev");
    s.restarts = j.at("rs");
    s.shown_rank = j.at("sh");
    s.selected_product_id = j.at("sp");
    s.selected_rank = j.at("sk");
    s.started_at = TimeOf(j.at("t0"));
    s.last_user_at = TimeOf(j.at("t1"));
    s.last_event_at = TimeOf(j.at("t2"));
    s.expires_at = TimeOf(j.at("t3"));
    s.absolute_expires_at = TimeOf(j.at("t4"));
    s.end_reason = j.at("er");
    s.outcome = j.at("oc");
    s.test = j.at("te");
    if (j.contains("rec")) s.recommendation = RecommendationFrom(j.at("rec"));
    if (j.contains("t5")) s.ended_at = TimeOf(j.at("t5"));
    if (j.contains("wu")) s.window_until = TimeOf(j.at("wu"));
    if (j.contains("ld")) s.lead_id = IdOf(j.at("ld"));
    if (j.contains("rf")) s.resumed_from = IdOf(j.at("rf"));
    return s;
  });
}

std::string EncodeRecommendation(const ShownRecommendation& r) { return DumpJson(RecommendationJson(r)); }

absl::StatusOr<ShownRecommendation> DecodeRecommendation(absl::string_view text) {
  return DecodeStoredJson<ShownRecommendation>(text, RecommendationFrom);
}

std::string EncodeLogEntry(const LogEntry& e) {
  json facts = json::array();
  for (const Fact& f : e.facts) facts.push_back({f.kind, f.node_id, f.detail, f.rank});
  json j = {{"m", e.messages}, {"n", e.node_id}, {"f", facts}};
  if (e.has_inbound) j["in"] = {e.inbound_text, e.inbound_node, e.outcome, e.invalid_reason};
  return DumpJson(j);
}

absl::StatusOr<LogEntry> DecodeLogEntry(absl::string_view text) {
  return DecodeStoredJson<LogEntry>(text, [](const json& j) {
    LogEntry e;
    e.messages = j.at("m").get<std::vector<std::string>>();
    e.node_id = j.at("n");
    for (const json& f : j.at("f")) e.facts.push_back({f.at(0).get<Fact::Kind>(), f.at(1), f.at(2), f.at(3)});
    if (j.contains("in")) {
      e.has_inbound = true;
      e.inbound_text = j.at("in").at(0);
      e.inbound_node = j.at("in").at(1);
      e.outcome = j.at("in").at(2);
      e.invalid_reason = j.at("in").at(3);
    }
    return e;
  });
}

std::string EncodeTraitValue(const TraitValue& value) {
  return std::visit(
      [&](const auto& v) {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, absl::Time>) {
          return DumpJson({value.index(), Micros(v)});
        } else {
          return DumpJson({value.index(), v});
        }
      },
      value);
}

absl::StatusOr<TraitValue> DecodeTraitValue(absl::string_view text) {
  return DecodeStoredJson<TraitValue>(text, [](const json& j) -> TraitValue {
    const json& v = j.at(1);
    switch (j.at(0).get<int>()) {
      case 0:
        return v.get<std::string>();
      case 1:
        return v.get<int64_t>();
      case 2:
        return v.get<double>();
      case 3:
        return v.get<bool>();
      case 4:
        return TimeOf(v);
      default:
        return v.get<std::vector<std::string>>();
    }
  });
}

std::string EncodeOutboundJob(const OutboundJob& job) {
  json messages = json::array();
  for (const OutboundMessage& m : job.messages) {
    json options = json::array();
    for (const OutboundOption& o : m.options) options.push_back({o.reply_id, o.title, o.description});
    messages.push_back(
        {{"f", m.form}, {"b", m.body}, {"o", options}, {"l", m.list_button}, {"i", m.image_url}, {"s", m.prompt_seq}});
  }
  return DumpJson({{"id", job.session_id.ToString()},
                   {"r", job.revision},
                   {"c", job.contact_id},
                   {"s", job.sender_id},
                   {"m", messages},
                   {"h", Micros(job.hold_until)}});
}

absl::StatusOr<OutboundJob> DecodeOutboundJob(absl::string_view text) {
  return DecodeStoredJson<OutboundJob>(text, [](const json& j) {
    OutboundJob job{IdOf(j.at("id")), j.at("r"), j.at("c"), j.at("s"), {}, TimeOf(j.at("h"))};
    for (const json& m : j.at("m")) {
      OutboundMessage message{m.at("f").get<Form>(), m.at("b"), {}, m.at("l"), m.at("i"), m.at("s")};
      for (const json& o : m.at("o")) message.options.push_back({o.at(0), o.at(1), o.at(2)});
      job.messages.push_back(std::move(message));
    }
    return job;
  });
}

absl::StatusOr<std::string> LeadEnvelope(absl::string_view type, absl::Time at,
                                         const std::vector<std::pair<std::string, std::string>>& fields) {
  nlohmann::ordered_json data = nlohmann::ordered_json::object();
  for (const auto& [path, value] : fields) {
    nlohmann::ordered_json* place = &data;
    for (absl::string_view step : absl::StrSplit(path, '.')) place = &(*place)[std::string(step)];
    *place = value;
  }
  nlohmann::ordered_json envelope;
  envelope["type"] = std::string(type);
  envelope["timestamp"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", at, absl::UTCTimeZone());
  envelope["data"] = std::move(data);
  std::string out = DumpJson(envelope);
  if (out.size() > kMaxPayloadBytes) {
    return Error(absl::StatusCode::kResourceExhausted, "PAYLOAD_TOO_LARGE",
                 absl::StrCat("the payload has ", out.size(), " bytes; at most ", kMaxPayloadBytes));
  }
  return out;
}

}  // namespace vinculo::profiling
