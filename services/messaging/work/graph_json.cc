#include "services/messaging/work/graph_json.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/json/json_text.h"
#include "services/messaging/domain/template_render.h"
#include "services/messaging/domain/template_text.h"
#include "services/messaging/work/json_view.h"

namespace vinculo::messaging {
namespace {

using Json = nlohmann::json;

const std::string& At(const PlaceValues& values, const std::string& place) {
  static const std::string empty;
  const auto it = values.find(place);
  return it == values.end() ? empty : it->second;
}

// Texts of examples in the order of the variables.
Json Examples(absl::string_view text, absl::string_view prefix, const PlaceValues& examples, VariableFormat format) {
  Json out = Json::array();
  std::map<std::pair<int, std::string>, std::string> ordered;
  for (const std::string& v : ScanText(text).variables) {
    int n = 0;
    (void)absl::SimpleAtoi(v, &n);
    ordered[{n, v}] = At(examples, absl::StrCat(prefix, v));
  }
  for (const auto& [key, value] : ordered) {
    format == VariableFormat::kNamed ? out.push_back({{"param_name", key.second}, {"example", value}})
                                     : out.push_back(value);
  }
  return out;
}

Json HeaderJson(const TemplateComponents& c, VariableFormat format) {
  Json j = {{"type", "HEADER"}};
  switch (c.header.format) {
    case HeaderFormat::kText: {
      j["format"] = "TEXT";
      j["text"] = c.header.text;
      Json examples = Examples(c.header.text, "header.", c.examples, format);
      if (!examples.empty())
        j["example"] = {
            {format == VariableFormat::kNamed ? "header_text_named_params" : "header_text", std::move(examples)}};
      return j;
    }
    case HeaderFormat::kImage:
      j["format"] = "IMAGE";
      break;
    case HeaderFormat::kVideo:
      j["format"] = "VIDEO";
      break;
    case HeaderFormat::kDocument:
      j["format"] = "DOCUMENT";
      break;
    case HeaderFormat::kLocation:
      j["format"] = "LOCATION";
      return j;
    case HeaderFormat::kNone:
      return Json();
  }
  j["example"] = {{"header_handle", Json::array({c.header.sample_handle})}};
  return j;
}

Json ButtonsJson(const TemplateComponents& c) {
  Json buttons = Json::array();
  for (size_t i = 0; i < c.buttons.size(); ++i) {
    const TemplateButton& b = c.buttons[i];
    switch (b.kind) {
      case ButtonKind::kQuickReply:
        buttons.push_back({{"type", "QUICK_REPLY"}, {"text", b.label}});
        break;
      case ButtonKind::kUrl:
        buttons.push_back({{"type", "URL"}, {"text", b.label}, {"url", b.url}});
        if (c.examples.contains(absl::StrCat("button.", i)))
          buttons.back()["example"] = {At(c.examples, absl::StrCat("button.", i))};
        break;
      case ButtonKind::kPhoneNumber:
        buttons.push_back({{"type", "PHONE_NUMBER"}, {"text", b.label}, {"phone_number", b.phone_number}});
        break;
      case ButtonKind::kCopyCode:
        buttons.push_back({{"type", "COPY_CODE"}, {"example", b.coupon_code}});
        break;
      case ButtonKind::kVoiceCall:
        buttons.push_back({{"type", "VOICE_CALL"}, {"text", b.label}});
        break;
      case ButtonKind::kOtpCopy:
        buttons.push_back({{"type", "OTP"}, {"otp_type", "COPY_CODE"}});
        if (!b.label.empty()) buttons.back()["text"] = b.label;
        break;
      case ButtonKind::kUnspecified:
        break;
    }
  }
  return buttons;
}

}  // namespace

std::string TemplateBody(absl::string_view name, absl::string_view language, Category category, VariableFormat format,
                         const TemplateComponents& c) {
  Json components = Json::array();
  if (Json header = HeaderJson(c, format); !header.is_null()) components.push_back(std::move(header));
  Json body = {{"type", "BODY"}};
  if (category == Category::kAuthentication) {
    body["add_security_recommendation"] = c.add_security_recommendation;
  } else {
    body["text"] = c.body;
    Json examples = Examples(c.body, "body.", c.examples, format);
    if (!examples.empty() && format == VariableFormat::kNamed) {
      body["example"] = {{"body_text_named_params", std::move(examples)}};
    } else if (!examples.empty() && format == VariableFormat::kPositional) {
      body["example"] = {{"body_text", Json::array({std::move(examples)})}};
    }
  }
  components.push_back(std::move(body));
  if (!c.footer.empty()) components.push_back({{"type", "FOOTER"}, {"text", c.footer}});
  if (c.code_expiration_minutes != 0)
    components.push_back({{"type", "FOOTER"}, {"code_expiration_minutes", c.code_expiration_minutes}});
  if (Json buttons = ButtonsJson(c); !buttons.empty())
    components.push_back({{"type", "BUTTONS"}, {"buttons", std::move(buttons)}});
  Json j = {{"name", std::string(name)},
            {"language", std::string(language)},
            {"category", std::string(CategoryName(category))},
            {"parameter_format", format == VariableFormat::kNamed ? "NAMED" : "POSITIONAL"},
            {"components", std::move(components)}};
  if (c.ttl_seconds != 0) j["message_send_ttl_seconds"] = c.ttl_seconds;
  return DumpJson(j);
}

RawAnswer ReadSendAnswer(const http::Response& response) {
  RawAnswer raw;
  raw.whole = response.transport.ok();
  raw.request_written = response.request_bytes_written;
  raw.http = response.status;
  if (!raw.whole) return raw;
  const JsonView body = JsonView::Parse(response.body);
  if (const JsonView error = body["error"]; error.is_object()) {
    raw.graph_json = true;
    raw.code = static_cast<int>(error["code"].Int());
    raw.subcode = static_cast<int>(error["error_subcode"].Int());
    raw.details = error["message"].Text();
    raw.fbtrace = error["fbtrace_id"].Text();
    return raw;
  }
  raw.wamid = body["messages"][0]["id"].Text();
  raw.held = body["messages"][0]["message_status"].Text() == "held_for_quality_assessment";
  raw.wa_id = body["contacts"][0]["wa_id"].Text();
  raw.user_id = body["contacts"][0]["user_id"].Text();
  return raw;
}

TemplateAnswer ReadTemplateAnswer(const http::Response& response) {
  TemplateAnswer out;
  if (!response.transport.ok()) return out;
  const JsonView body = JsonView::Parse(response.body);
  if (const JsonView error = body["error"]; error.is_object()) {
    out.code = static_cast<int>(error["code"].Int());
    out.message = error["message"].Text();
    const ErrorClass c = ErrorClasses::Default().Classify(
        {.result = SendResult::kRefused, .graph_error = true, .code = out.code, .http = response.status});
    const bool again = c == ErrorClass::kRetry || c == ErrorClass::kAccount || response.status >= 500;
    out.result = again ? TemplateAnswer::Result::kAgain : TemplateAnswer::Result::kRefused;
    return out;
  }
  const bool ok = response.status >= 200 && response.status < 300;
  out.graph_id = body["id"].Text();
  out.status = body["status"].Text();
  out.category = body["category"].Text();
  if (ok && (!out.graph_id.empty() || body["success"].Bool())) out.result = TemplateAnswer::Result::kDone;
  if (!ok && response.status >= 400 && response.status < 500 && response.status != 408 && response.status != 429) {
    out.result = TemplateAnswer::Result::kRefused;
    out.message = absl::StrCat("HTTP ", response.status);
  }
  return out;
}

TemplateLookup ReadTemplateListing(const http::Response& response, absl::string_view name, absl::string_view language) {
  TemplateLookup out;
  if (!response.transport.ok() || response.status != 200) return out;
  const JsonView data = JsonView::Parse(response.body)["data"];
  if (!data.is_array()) return out;
  out.ok = true;
  for (size_t i = 0; i < data.size(); ++i) {
    const std::string code = absl::StrReplaceAll(data[i]["language"].Text(), {{"-", "_"}});
    if (data[i]["name"].Text() != name || code != language) continue;
    out.found = TemplateAnswer{TemplateAnswer::Result::kDone,
                               data[i]["id"].Text(),
                               data[i]["status"].Text(),
                               data[i]["category"].Text(),
                               data[i]["rejected_reason"].Text(),
                               0,
                               ""};
  }
  return out;
}

}  // namespace vinculo::messaging
