#include "services/messaging/work/graph_templates.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/json/json_text.h"
#include "services/messaging/domain/provider.h"
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

Json OtpJson(const TemplateButton& b) {
  const char* type = b.kind == ButtonKind::kOtpOneTap    ? "ONE_TAP"
                     : b.kind == ButtonKind::kOtpZeroTap ? "ZERO_TAP"
                                                         : "COPY_CODE";
  Json j = {{"type", "OTP"}, {"otp_type", type}};
  if (!b.label.empty()) j["text"] = b.label;
  for (const SupportedApp& app : b.supported_apps)
    j["supported_apps"].push_back({{"package_name", app.package_name}, {"signature_hash", app.signature_hash}});
  if (b.zero_tap_terms_accepted) j["zero_tap_terms_accepted"] = true;
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
      case ButtonKind::kOtpOneTap:
      case ButtonKind::kOtpZeroTap:
        buttons.push_back(OtpJson(b));
        break;
      case ButtonKind::kUnspecified:
        break;
    }
  }
  return buttons;
}

Json ComponentsJson(Category category, VariableFormat format, const TemplateComponents& c) {
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
  return components;
}

// Fills result, code and message; true when there was no error of any kind.
bool Judge(const http::Response& response, const JsonView& body, ManagementAnswer& out) {
  if (!response.transport.ok()) return false;
  if (const JsonView error = body["error"]; error.is_object()) {
    out.code = static_cast<int>(error["code"].Int());
    out.subcode = static_cast<int>(error["error_subcode"].Int());
    out.message = error["message"].Text();
    const ErrorClass c = ErrorClasses::Default().Classify(
        {.result = SendResult::kRefused, .graph_error = true, .code = out.code, .http = response.status});
    out.throttled = out.code == 4 || out.code == 613 || out.code == 80007 || out.code == 80008;
    const bool again = c == ErrorClass::kRetry || c == ErrorClass::kAccount || response.status >= 500;
    out.result = again ? ManagementAnswer::Result::kAgain : ManagementAnswer::Result::kRefused;
    return false;
  }
  if (response.status >= 200 && response.status < 300) return true;
  out.throttled = response.status == 429;
  if (response.status >= 400 && response.status < 500 && response.status != 408 && response.status != 429) {
    out.result = ManagementAnswer::Result::kRefused;
    out.message = absl::StrCat("HTTP ", response.status);
  }
  return false;
}

}  // namespace

std::string TemplateBody(absl::string_view name, absl::string_view language, Category category, VariableFormat format,
                         const TemplateComponents& c) {
  Json j = {{"name", std::string(name)},
            {"language", std::string(language)},
            {"category", std::string(CategoryName(category))},
            {"parameter_format", format == VariableFormat::kNamed ? "NAMED" : "POSITIONAL"},
            {"components", ComponentsJson(category, format, c)}};
  if (c.ttl_seconds != 0) j["message_send_ttl_seconds"] = c.ttl_seconds;
  return DumpJson(j);
}

std::string EditBody(std::optional<Category> category, Category shape, VariableFormat format,
                     const TemplateComponents& c) {
  Json j = {{"components", ComponentsJson(shape, format, c)}};
  if (category) j["category"] = std::string(CategoryName(*category));
  if (c.ttl_seconds != 0) j["message_send_ttl_seconds"] = c.ttl_seconds;
  return DumpJson(j);
}

TemplateAnswer ReadTemplateAnswer(const http::Response& response) {
  TemplateAnswer out;
  const JsonView body = JsonView::Parse(response.body);
  if (!Judge(response, body, out)) return out;
  out.graph_id = body["id"].Text();
  out.status = body["status"].Text();
  out.category = body["category"].Text();
  if (!out.graph_id.empty() || body["success"].Bool()) out.result = ManagementAnswer::Result::kDone;
  return out;
}

ManagementAnswer ReadSuccess(const http::Response& response) {
  ManagementAnswer out;
  const JsonView body = JsonView::Parse(response.body);
  if (Judge(response, body, out) && body["success"].Bool()) out.result = ManagementAnswer::Result::kDone;
  return out;
}

TemplatePage ReadTemplatePage(const http::Response& response) {
  TemplatePage out;
  const JsonView body = JsonView::Parse(response.body);
  if (!Judge(response, body, out) || !body["data"].is_array()) return out;
  out.result = ManagementAnswer::Result::kDone;
  const JsonView data = body["data"];
  for (size_t i = 0; i < data.size(); ++i) {
    std::optional<ListedTemplate> item = ReadListedTemplate(data[i]);
    if (item) out.items.push_back(*std::move(item));
  }
  out.next = body["paging"]["next"].Text();
  return out;
}

}  // namespace vinculo::messaging
