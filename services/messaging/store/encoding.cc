#include "services/messaging/store/encoding.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/json/stored_json_memo.h"

namespace vinculo::messaging {
namespace {

using Json = nlohmann::json;

constexpr size_t kRememberedComponents = 64;  // in each thread

Json ButtonJson(const TemplateButton& b) {
  Json j = {{"k", static_cast<int>(b.kind)}, {"l", b.label}};
  if (!b.url.empty()) j["u"] = b.url;
  if (!b.phone_number.empty()) j["p"] = b.phone_number;
  if (!b.coupon_code.empty()) j["c"] = b.coupon_code;
  if (b.opt_out) j["o"] = true;
  for (const SupportedApp& app : b.supported_apps) j["a"].push_back({app.package_name, app.signature_hash});
  if (b.zero_tap_terms_accepted) j["z"] = true;
  return j;
}

TemplateButton ReadButton(const Json& j) {
  TemplateButton b{.kind = static_cast<ButtonKind>(j.at("k").get<int>()),
                   .label = j.at("l"),
                   .url = j.value("u", ""),
                   .phone_number = j.value("p", ""),
                   .coupon_code = j.value("c", ""),
                   .opt_out = j.value("o", false),
                   .zero_tap_terms_accepted = j.value("z", false)};
  if (j.contains("a")) {
    for (const Json& app : j["a"]) b.supported_apps.push_back({app.at(0), app.at(1)});
  }
  return b;
}

Json MediaJson(const MediaContent& m) {
  Json j = {{"k", static_cast<int>(m.kind)}};
  if (!m.file.id.empty()) j["i"] = m.file.id;
  if (!m.file.link.empty()) j["l"] = m.file.link;
  if (!m.caption.empty()) j["c"] = m.caption;
  if (!m.filename.empty()) j["f"] = m.filename;
  return j;
}

MediaContent ReadMedia(const Json& j) {
  return {static_cast<MediaKind>(j.at("k").get<int>()),
          {j.value("i", ""), j.value("l", "")},
          j.value("c", ""),
          j.value("f", "")};
}
MediaHeader ReadMediaHeader(const Json& j) {
  return j.contains("d") ? MediaHeader(ReadMedia(j.at("d"))) : std::nullopt;
}

TemplateComponents ReadComponents(const Json& j) {
  TemplateComponents c;
  c.body = j.at("b");
  c.footer = j.at("f");
  c.examples = j.at("x").get<PlaceValues>();
  c.ttl_seconds = j.at("t");
  if (j.contains("h"))
    c.header = {static_cast<HeaderFormat>(j["h"].at("k").get<int>()), j["h"].at("t"), j["h"].at("s")};
  if (j.contains("o")) {
    for (const Json& b : j["o"]) c.buttons.push_back(ReadButton(b));
  }
  c.add_security_recommendation = j.value("a", false);
  c.code_expiration_minutes = j.value("e", 0);
  return c;
}

struct ContentWriter {
  Json operator()(const std::monostate&) const { return Json::object(); }
  Json operator()(const TemplateContent& c) const {
    return {{"k", 1}, {"n", c.name}, {"l", c.language}, {"v", c.values}};
  }
  Json operator()(const TextContent& c) const { return {{"k", 2}, {"b", c.body}, {"p", c.preview_url}}; }
  Json operator()(const ButtonsContent& c) const {
    Json buttons = Json::array();
    for (const ReplyButton& b : c.buttons) buttons.push_back({b.id, b.title});
    Json j = {{"k", 3}, {"b", c.body}, {"h", c.header}, {"f", c.footer}, {"o", std::move(buttons)}};
    if (c.media_header) j["d"] = MediaJson(*c.media_header);
    return j;
  }
  Json operator()(const ListContent& c) const {
    Json sections = Json::array();
    for (const ListSection& s : c.sections) {
      Json rows = Json::array();
      for (const ListRow& r : s.rows) rows.push_back({r.id, r.title, r.description});
      sections.push_back({{"t", s.title}, {"r", std::move(rows)}});
    }
    return {{"k", 4}, {"b", c.body}, {"h", c.header}, {"f", c.footer}, {"m", c.menu_label}, {"s", std::move(sections)}};
  }
  Json operator()(const MediaContent& c) const { return {{"k", 5}, {"d", MediaJson(c)}}; }
  Json operator()(const LinkContent& c) const {
    Json j = {{"k", 6}, {"b", c.body}, {"h", c.header}, {"f", c.footer}, {"l", c.label}, {"u", c.url}};
    if (c.media_header) j["d"] = MediaJson(*c.media_header);
    return j;
  }
  Json operator()(const AskContent& c) const { return {{"k", 7}, {"a", static_cast<int>(c.kind)}, {"b", c.body}}; }
  Json operator()(const LocationContent& c) const {
    return {{"k", 8}, {"y", c.latitude}, {"x", c.longitude}, {"n", c.name}, {"a", c.address}};
  }
  Json operator()(const ReactionContent& c) const { return {{"k", 9}, {"w", c.wamid}, {"e", c.emoji}}; }
};

Content ReadContent(const Json& j) {
  switch (j.value("k", 0)) {
    case 1:
      return TemplateContent{j.at("n"), j.at("l"), j.at("v").get<PlaceValues>()};
    case 2:
      return TextContent{j.at("b"), j.at("p")};
    case 3: {
      ButtonsContent c{j.at("b"), j.at("h"), j.at("f"), {}, ReadMediaHeader(j)};
      for (const Json& b : j.at("o")) c.buttons.push_back({b.at(0), b.at(1)});
      return c;
    }
    case 4: {
      ListContent c{j.at("b"), j.at("h"), j.at("f"), j.at("m"), {}};
      for (const Json& s : j.at("s")) {
        ListSection section{s.at("t"), {}};
        for (const Json& r : s.at("r")) section.rows.push_back({r.at(0), r.at(1), r.at(2)});
        c.sections.push_back(std::move(section));
      }
      return c;
    }
    case 5:
      return ReadMedia(j.at("d"));
    case 6:
      return LinkContent{j.at("b"), j.at("h"), j.at("f"), j.at("l"), j.at("u"), ReadMediaHeader(j)};
    case 7:
      return AskContent{static_cast<AskContent::Kind>(j.at("a").get<int>()), j.at("b")};
    case 8:
      return LocationContent{j.at("y"), j.at("x"), j.at("n"), j.at("a")};
    case 9:
      return ReactionContent{j.at("w"), j.at("e")};
    default:
      return std::monostate();
  }
}

Json FilterJson(const AudienceFilter& f) {
  Json j = {{"k", static_cast<int>(f.kind)}};
  if (f.kind == AudienceFilter::Kind::kList) j["l"] = f.list_id.ToString();
  if (!f.text.empty()) j["t"] = f.text;
  if (f.kind == AudienceFilter::Kind::kAttribute) {
    j["o"] = static_cast<int>(f.op);
    j["v"] = f.values;
  }
  if (f.kind == AudienceFilter::Kind::kConsent) j["d"] = {static_cast<int>(f.purpose), static_cast<int>(f.decision)};
  if (f.kind == AudienceFilter::Kind::kLastInbound) j["w"] = absl::ToInt64Seconds(f.within);
  if (f.kind == AudienceFilter::Kind::kOutcome) j["r"] = {f.campaign_id.ToString(), static_cast<int>(f.outcome)};
  for (const AudienceFilter& child : f.children) j["c"].push_back(FilterJson(child));
  return j;
}

AudienceFilter ReadFilter(const Json& j) {
  AudienceFilter f;
  f.kind = static_cast<AudienceFilter::Kind>(j.at("k").get<int>());
  f.text = j.value("t", "");
  if (j.contains("l")) f.list_id = Uuid::Parse(j["l"].get<std::string>()).value_or(Uuid());
  if (j.contains("o")) f.op = static_cast<AttributeOperator>(j["o"].get<int>());
  if (j.contains("v")) f.values = j["v"].get<std::vector<std::string>>();
  if (j.contains("d")) {
    f.purpose = static_cast<Purpose>(j["d"].at(0).get<int>());
    f.decision = static_cast<Decision>(j["d"].at(1).get<int>());
  }
  if (j.contains("w")) f.within = absl::Seconds(j["w"].get<int64_t>());
  if (j.contains("r")) {
    f.campaign_id = Uuid::Parse(j["r"].at(0).get<std::string>()).value_or(Uuid());
    f.outcome = static_cast<CampaignOutcome>(j["r"].at(1).get<int>());
  }
  if (j.contains("c")) {
    for (const Json& child : j["c"]) f.children.push_back(ReadFilter(child));
  }
  return f;
}

}  // namespace

std::string EncodeComponents(const TemplateComponents& c) {
  Json j = {{"b", c.body}, {"f", c.footer}, {"x", c.examples}, {"t", c.ttl_seconds}};
  if (c.header.format != HeaderFormat::kNone) {
    j["h"] = {{"k", static_cast<int>(c.header.format)}, {"t", c.header.text}, {"s", c.header.sample_handle}};
  }
  for (const TemplateButton& b : c.buttons) j["o"].push_back(ButtonJson(b));
  if (c.add_security_recommendation) j["a"] = true;
  if (c.code_expiration_minutes != 0) j["e"] = c.code_expiration_minutes;
  return DumpJson(j);
}

absl::StatusOr<TemplateComponents> DecodeComponents(absl::string_view text) {
  static thread_local StoredJsonMemo<TemplateComponents> memo(kRememberedComponents);
  return memo.Decode(text, ReadComponents);
}

std::string EncodeContent(const Content& content) { return DumpJson(std::visit(ContentWriter(), content)); }
absl::StatusOr<Content> DecodeContent(absl::string_view text) { return DecodeStoredJson<Content>(text, ReadContent); }

std::string EncodeInbound(const InboundContent& c) {
  Json j = {{"t", c.type}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) j[key] = value;
  };
  put("b", c.text);
  put("r", c.reply_id);
  put("w", c.target_wamid);
  put("d", c.data);
  put("m", c.media_id);
  put("y", c.mime_type);
  put("f", c.filename);
  put("n", c.place_name);
  put("a", c.place_address);
  if (c.kind == InboundKind::kLocation) j["l"] = {c.latitude, c.longitude};
  return DumpJson(j);
}

absl::StatusOr<InboundContent> DecodeInbound(absl::string_view text) {
  return DecodeStoredJson<InboundContent>(text, [](const Json& j) {
    InboundContent c;
    c.type = j.value("t", "");
    c.text = j.value("b", "");
    c.reply_id = j.value("r", "");
    c.target_wamid = j.value("w", "");
    c.data = j.value("d", "");
    c.media_id = j.value("m", "");
    c.mime_type = j.value("y", "");
    c.filename = j.value("f", "");
    c.place_name = j.value("n", "");
    c.place_address = j.value("a", "");
    if (j.contains("l")) {
      c.latitude = j["l"].at(0).get<double>();
      c.longitude = j["l"].at(1).get<double>();
    }
    return c;
  });
}

std::string EncodeMap(const std::map<std::string, std::string>& map) {
  return map.empty() ? "{}" : DumpJson(Json(map));
}
absl::StatusOr<std::map<std::string, std::string>> DecodeMap(absl::string_view text) {
  if (text == "{}" || text.empty()) return std::map<std::string, std::string>();
  return DecodeStoredJson<std::map<std::string, std::string>>(
      text, [](const Json& j) { return j.get<std::map<std::string, std::string>>(); });
}

std::string EncodeStrings(const std::vector<std::string>& strings) {
  return strings.empty() ? "[]" : DumpJson(Json(strings));
}
absl::StatusOr<std::vector<std::string>> DecodeStrings(absl::string_view text) {
  if (text == "[]" || text.empty()) return std::vector<std::string>();
  return DecodeStoredJson<std::vector<std::string>>(text,
                                                    [](const Json& j) { return j.get<std::vector<std::string>>(); });
}

std::string EncodeTimes(const std::vector<absl::Time>& times) {
  return absl::StrJoin(times, ",",
                       [](std::string* out, absl::Time t) { absl::StrAppend(out, absl::ToUnixSeconds(t)); });
}

std::vector<absl::Time> DecodeTimes(absl::string_view text) {
  std::vector<absl::Time> out;
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    int64_t seconds = 0;
    if (absl::SimpleAtoi(part, &seconds)) out.push_back(absl::FromUnixSeconds(seconds));
  }
  return out;
}

std::string EncodeFilter(const AudienceFilter& filter) { return DumpJson(FilterJson(filter)); }
absl::StatusOr<AudienceFilter> DecodeFilter(absl::string_view text) {
  return DecodeStoredJson<AudienceFilter>(text, ReadFilter);
}

std::string EncodePlan(const Campaign& campaign) {
  Json params = Json::object();
  for (const auto& [place, source] : campaign.parameters) {
    params[place] = {static_cast<int>(source.kind), source.text, source.default_value};
  }
  return DumpJson({{"l", campaign.language.language},
                   {"c", campaign.language.by_contact},
                   {"p", params},
                   {"a", FilterJson(campaign.audience)}});
}

absl::Status DecodePlan(absl::string_view text, Campaign& campaign) {
  return DecodeStoredJson<bool>(text,
                                [&](const Json& j) {
                                  campaign.language = {j.at("c"), j.at("l")};
                                  campaign.parameters.clear();
                                  for (const auto& [place, s] : j.at("p").items()) {
                                    campaign.parameters[place] = {
                                        static_cast<ParameterSource::Kind>(s.at(0).get<int>()), s.at(1), s.at(2)};
                                  }
                                  campaign.audience = ReadFilter(j.at("a"));
                                  return true;
                                })
      .status();
}

}  // namespace vinculo::messaging
