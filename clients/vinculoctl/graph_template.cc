#include "clients/vinculoctl/graph_template.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::ctl {
namespace {

namespace v1 = messaging::v1;
using nlohmann::json;

absl::Status Unknown(const std::string& what) {
  return Error(absl::StatusCode::kInvalidArgument, "TEMPLATE_FILE", absl::StrCat("the template file: ", what));
}

// Positional examples are lists, named ones lists of {param_name, example}; both become example by variable, prefixed
// by the place.
void AddExamples(const json& component, const char* positional, const char* named, v1::TemplateComponents* out) {
  if (!component.contains("example")) return;
  const json& example = component["example"];
  if (example.contains(positional)) {
    const json& list = example[positional].empty() || !example[positional][0].is_array() ? example[positional]
                                                                                         : example[positional][0];
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string key = std::string(positional) == "header_text" ? "header" : absl::StrCat("body.", i + 1);
      (*out->mutable_examples())[key] = list[i].get<std::string>();
    }
  }
  if (example.contains(named)) {
    for (const json& item : example[named]) {
      const std::string name = item.at("param_name").get<std::string>();
      (*out->mutable_examples())[std::string(named).rfind("header", 0) == 0 ? "header" : "body." + name] =
          item.at("example").get<std::string>();
    }
  }
}

absl::Status AddHeader(const json& component, v1::TemplateComponents* out) {
  const std::string format = component.value("format", "TEXT");
  v1::TemplateHeader::Format parsed = v1::TemplateHeader::FORMAT_UNSPECIFIED;
  if (!v1::TemplateHeader::Format_Parse("FORMAT_" + format, &parsed)) return Unknown("header format " + format);
  out->mutable_header()->set_format(parsed);
  out->mutable_header()->set_text(component.value("text", ""));
  if (component.contains("example") && component["example"].contains("header_handle")) {
    out->mutable_header()->set_sample_handle(component["example"]["header_handle"][0].get<std::string>());
  }
  AddExamples(component, "header_text", "header_text_named_params", out);
  return absl::OkStatus();
}

absl::Status AddButton(const json& button, int index, v1::TemplateComponents* out) {
  static const std::map<std::string, v1::TemplateButton::Kind> kKinds = {
      {"QUICK_REPLY", v1::TemplateButton::KIND_QUICK_REPLY},   {"URL", v1::TemplateButton::KIND_URL},
      {"PHONE_NUMBER", v1::TemplateButton::KIND_PHONE_NUMBER}, {"COPY_CODE", v1::TemplateButton::KIND_COPY_CODE},
      {"VOICE_CALL", v1::TemplateButton::KIND_VOICE_CALL},     {"OTP", v1::TemplateButton::KIND_OTP_COPY}};
  const std::string type = button.value("type", "");
  const auto kind = kKinds.find(type);
  if (kind == kKinds.end()) return Unknown("button type " + type);
  v1::TemplateButton* added = out->add_buttons();
  added->set_kind(kind->second);
  added->set_label(button.value("text", ""));
  added->set_url(button.value("url", ""));
  added->set_phone_number(button.value("phone_number", ""));
  added->set_opt_out(button.value("opt_out", false));
  if (button.contains("example")) {
    const json& example = button["example"].is_array() ? button["example"].at(0) : button["example"];
    if (kind->second == v1::TemplateButton::KIND_COPY_CODE) added->set_coupon_code(example.get<std::string>());
    if (kind->second == v1::TemplateButton::KIND_URL) {
      (*out->mutable_examples())[absl::StrCat("button.", index)] = example.get<std::string>();
    }
  }
  return absl::OkStatus();
}

absl::Status AddComponent(const json& component, v1::TemplateComponents* out) {
  const std::string type = component.value("type", "");
  if (type == "HEADER") return AddHeader(component, out);
  if (type == "BODY") {
    out->set_body(component.value("text", ""));
    out->set_add_security_recommendation(component.value("add_security_recommendation", false));
    AddExamples(component, "body_text", "body_text_named_params", out);
    return absl::OkStatus();
  }
  if (type == "FOOTER") {
    out->set_footer(component.value("text", ""));
    out->set_code_expiration_minutes(component.value("code_expiration_minutes", 0));
    return absl::OkStatus();
  }
  if (type == "BUTTONS") {
    int index = 0;
    for (const json& button : component.at("buttons")) RETURN_IF_ERROR(AddButton(button, index++, out));
    return absl::OkStatus();
  }
  return Unknown("component type " + type);
}

}  // namespace

absl::StatusOr<v1::CreateTemplateRequest> ParseGraphTemplate(const std::string& text) {
  v1::CreateTemplateRequest request;
  try {
    const json file = json::parse(text);
    request.set_name(file.at("name").get<std::string>());
    request.set_language(file.at("language").get<std::string>());
    v1::TemplateCategory category = v1::TEMPLATE_CATEGORY_UNSPECIFIED;
    if (!v1::TemplateCategory_Parse("TEMPLATE_CATEGORY_" + file.at("category").get<std::string>(), &category)) {
      return Unknown("category " + file["category"].get<std::string>());
    }
    request.set_category(category);
    request.set_variable_format(file.value("parameter_format", "POSITIONAL") == "NAMED"
                                    ? v1::VARIABLE_FORMAT_NAMED
                                    : v1::VARIABLE_FORMAT_POSITIONAL);
    for (const json& component : file.at("components")) {
      RETURN_IF_ERROR(AddComponent(component, request.mutable_components()));
    }
  } catch (const json::exception& error) {
    return Unknown(error.what());
  }
  return request;
}

}  // namespace vinculo::ctl
