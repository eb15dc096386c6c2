#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/json/json_text.h"
#include "services/messaging/domain/template_render.h"
#include "services/messaging/domain/template_text.h"
#include "services/messaging/work/graph_json.h"

namespace vinculo::messaging {
namespace {

using Json = nlohmann::json;

Json TextParameter(const std::string& value, const std::string& variable, VariableFormat format) {
  Json p = {{"type", "text"}, {"text", value}};
  if (format == VariableFormat::kNamed) p["parameter_name"] = variable;
  return p;
}

const std::string& At(const PlaceValues& values, const std::string& place) {
  static const std::string empty;
  const auto it = values.find(place);
  return it == values.end() ? empty : it->second;
}

Json TextParameters(absl::string_view text, absl::string_view prefix, const PlaceValues& values,
                    VariableFormat format) {
  Json out = Json::array();
  std::vector<std::string> seen;
  for (const std::string& v : ScanText(text).variables) {
    if (std::find(seen.begin(), seen.end(), v) != seen.end()) continue;
    seen.push_back(v);
    out.push_back(TextParameter(At(values, absl::StrCat(prefix, v)), v, format));
  }
  // Positional parameters go by number, not by where they stand in the text.
  if (format == VariableFormat::kPositional) {
    std::vector<std::pair<int, Json>> sorted;
    for (size_t i = 0; i < seen.size(); ++i) {
      int n = 0;
      (void)absl::SimpleAtoi(seen[i], &n);
      sorted.emplace_back(n, out[i]);
    }
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    out = Json::array();
    for (auto& [n, p] : sorted) out.push_back(std::move(p));
  }
  return out;
}

Json FileJson(const MediaFile& file) { return file.id.empty() ? Json{{"link", file.link}} : Json{{"id", file.id}}; }

Json MediaJson(const MediaContent& media) {
  Json j = FileJson(media.file);
  if (!media.caption.empty()) j["caption"] = media.caption;
  if (!media.filename.empty()) j["filename"] = media.filename;
  return j;
}

Json MediaParameter(const char* kind, const PlaceValues& values) {
  const std::string& value = At(values, "header.media");
  Json file = {{IsLink(value) ? "link" : "id", value}};
  if (const std::string& name = At(values, "header.filename"); !name.empty()) file["filename"] = name;
  return {{"type", kind}, {kind, std::move(file)}};
}

Json PlaceJson(double latitude, double longitude, const std::string& name, const std::string& address) {
  Json j = {{"latitude", latitude}, {"longitude", longitude}};
  if (!name.empty()) j["name"] = name;
  if (!address.empty()) j["address"] = address;
  return j;
}

Json LocationParameter(const PlaceValues& values) {
  double latitude = 0, longitude = 0;
  (void)absl::SimpleAtod(At(values, "header.latitude"), &latitude);
  (void)absl::SimpleAtod(At(values, "header.longitude"), &longitude);
  return {{"type", "location"},
          {"location", PlaceJson(latitude, longitude, At(values, "header.name"), At(values, "header.address"))}};
}

void AddHeader(const TemplateComponents& c, const PlaceValues& values, VariableFormat format, Json& components) {
  Json parameters = Json::array();
  switch (c.header.format) {
    case HeaderFormat::kText:
      parameters = TextParameters(c.header.text, "header.", values, format);
      break;
    case HeaderFormat::kImage:
      parameters.push_back(MediaParameter("image", values));
      break;
    case HeaderFormat::kVideo:
      parameters.push_back(MediaParameter("video", values));
      break;
    case HeaderFormat::kDocument:
      parameters.push_back(MediaParameter("document", values));
      break;
    case HeaderFormat::kLocation:
      parameters.push_back(LocationParameter(values));
      break;
    case HeaderFormat::kNone:
      break;
  }
  if (!parameters.empty()) components.push_back({{"type", "header"}, {"parameters", std::move(parameters)}});
}

void AddButtons(const TemplateComponents& c, const PlaceValues& values, Json& components) {
  for (size_t i = 0; i < c.buttons.size(); ++i) {
    const TemplateButton& b = c.buttons[i];
    std::string value = At(values, absl::StrCat("button.", i));
    const auto add = [&](const char* sub_type, Json parameter) {
      components.push_back({{"type", "button"},
                            {"sub_type", sub_type},
                            {"index", absl::StrCat(i)},
                            {"parameters", Json::array({std::move(parameter)})}});
    };
    if (b.kind == ButtonKind::kQuickReply) {
      if (b.opt_out) value = std::string(kOptOutPayload);
      if (!value.empty()) add("quick_reply", {{"type", "payload"}, {"payload", value}});
    } else if (b.kind == ButtonKind::kUrl && !value.empty()) {
      add("url", {{"type", "text"}, {"text", PercentEncode(value)}});
    } else if (b.kind == ButtonKind::kCopyCode) {
      add("copy_code", {{"type", "coupon_code"}, {"coupon_code", value}});
    } else if (IsOtp(b.kind)) {
      add("url", {{"type", "text"}, {"text", At(values, "body.1")}});
    }
  }
}

Json TemplateJson(const TemplateContent& content, const SendTarget& target) {
  Json j = {{"name", content.name}, {"language", {{"code", content.language}, {"policy", "deterministic"}}}};
  if (!target.components) return j;
  const TemplateComponents& c = *target.components;
  Json components = Json::array();
  AddHeader(c, content.values, target.format, components);
  const absl::string_view body = c.body.empty() ? absl::string_view("{{1}}") : absl::string_view(c.body);
  Json parameters = TextParameters(body, "body.", content.values, target.format);
  if (!parameters.empty()) components.push_back({{"type", "body"}, {"parameters", std::move(parameters)}});
  AddButtons(c, content.values, components);
  if (!components.empty()) j["components"] = std::move(components);
  return j;
}

void Frame(const std::string& header, const MediaHeader& media, const std::string& body, const std::string& footer,
           Json& interactive) {
  if (!header.empty()) interactive["header"] = {{"type", "text"}, {"text", header}};
  if (media) {
    const std::string kind(MediaKindName(media->kind));
    interactive["header"] = {{"type", kind}, {kind, MediaJson(*media)}};
  }
  interactive["body"] = {{"text", body}};
  if (!footer.empty()) interactive["footer"] = {{"text", footer}};
}

struct ContentWriter {
  const SendTarget& target;
  Json& j;

  void Set(const std::string& type, Json value) const {
    j["type"] = type;
    j[type] = std::move(value);
  }

  void operator()(const std::monostate&) const {}
  void operator()(const TemplateContent& c) const { Set("template", TemplateJson(c, target)); }
  void operator()(const TextContent& c) const { Set("text", {{"body", c.body}, {"preview_url", c.preview_url}}); }
  void operator()(const ButtonsContent& c) const {
    Json buttons = Json::array();
    for (const ReplyButton& b : c.buttons)
      buttons.push_back({{"type", "reply"}, {"reply", {{"id", b.id}, {"title", b.title}}}});
    Json interactive = {{"type", "button"}, {"action", {{"buttons", std::move(buttons)}}}};
    Frame(c.header, c.media_header, c.body, c.footer, interactive);
    Set("interactive", std::move(interactive));
  }
  void operator()(const ListContent& c) const {
    Json sections = Json::array();
    for (const ListSection& s : c.sections) {
      Json rows = Json::array();
      for (const ListRow& r : s.rows) {
        rows.push_back({{"id", r.id}, {"title", r.title}});
        if (!r.description.empty()) rows.back()["description"] = r.description;
      }
      sections.push_back({{"title", s.title.empty() ? c.menu_label : s.title}, {"rows", std::move(rows)}});
    }
    Json interactive = {{"type", "list"}, {"action", {{"button", c.menu_label}, {"sections", std::move(sections)}}}};
    Frame(c.header, std::nullopt, c.body, c.footer, interactive);
    Set("interactive", std::move(interactive));
  }
  void operator()(const MediaContent& c) const { Set(std::string(MediaKindName(c.kind)), MediaJson(c)); }
  void operator()(const LinkContent& c) const {
    Json interactive = {{"type", "cta_url"},
                        {"action", {{"name", "cta_url"}, {"parameters", {{"display_text", c.label}, {"url", c.url}}}}}};
    Frame(c.header, c.media_header, c.body, c.footer, interactive);
    Set("interactive", std::move(interactive));
  }
  void operator()(const AskContent& c) const {
    const bool phone = c.kind == AskContent::Kind::kPhone;
    Set("interactive", {{"type", phone ? "contact_request" : "location_request_message"},
                        {"body", {{"text", c.body}}},
                        {"action", {{"name", phone ? "request_contact_info" : "send_location"}}}});
  }
  void operator()(const LocationContent& c) const {
    Set("location", PlaceJson(c.latitude, c.longitude, c.name, c.address));
  }
  void operator()(const ReactionContent& c) const { Set("reaction", {{"message_id", c.wamid}, {"emoji", c.emoji}}); }
};

}  // namespace

std::string SendBody(const Message& m, const SendTarget& target) {
  Json j = {{"messaging_product", "whatsapp"},
            {"recipient_type", "individual"},
            {"biz_opaque_callback_data", CallbackId(m.id.ToString(), m.progress.attempt)}};
  target.phone.empty() ? j["recipient"] = target.bsuid : j["to"] = target.phone;
  if (!m.quote_wamid.empty()) j["context"] = {{"message_id", m.quote_wamid}};
  std::visit(ContentWriter{target, j}, m.content);
  return DumpJson(j);
}

}  // namespace vinculo::messaging
