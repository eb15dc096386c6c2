#include "services/messaging/work/listed_template.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/text/text.h"
#include "services/messaging/domain/template_text.h"

namespace vinculo::messaging {
namespace {

// Text that may be stored, whatever came.
std::string Clean(const JsonView& value, int64_t max = 16384) {
  const std::string text = value.Text();
  if (!text::IsValidUtf8(text)) return "";
  return text::Nfc(text::Truncate(text, max));
}

void PutExamples(const JsonView& values, absl::string_view prefix, PlaceValues& out) {
  for (size_t i = 0; i < values.size(); ++i) out[absl::StrCat(prefix, i + 1)] = Clean(values[i]);
}

void PutNamedExamples(const JsonView& values, absl::string_view prefix, PlaceValues& out) {
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string name = Clean(values[i]["param_name"]);
    if (!name.empty()) out[absl::StrCat(prefix, name)] = Clean(values[i]["example"]);
  }
}

void ReadHeader(const JsonView& j, TemplateComponents& c) {
  const std::string format = absl::AsciiStrToUpper(j["format"].Text());
  const JsonView example = j["example"];
  if (format == "TEXT") {
    c.header = {HeaderFormat::kText, Clean(j["text"]), ""};
    PutExamples(example["header_text"], "header.", c.examples);
    PutNamedExamples(example["header_text_named_params"], "header.", c.examples);
    return;
  }
  if (format == "IMAGE") c.header.format = HeaderFormat::kImage;
  if (format == "VIDEO") c.header.format = HeaderFormat::kVideo;
  if (format == "DOCUMENT") c.header.format = HeaderFormat::kDocument;
  if (format == "LOCATION") c.header.format = HeaderFormat::kLocation;
  if (c.header.format != HeaderFormat::kNone) c.header.sample_handle = Clean(example["header_handle"][0]);
}

void ReadBody(const JsonView& j, bool authentication, TemplateComponents& c) {
  if (authentication) {
    c.add_security_recommendation = j["add_security_recommendation"].Bool();
    return;
  }
  c.body = Clean(j["text"]);
  const JsonView texts = j["example"]["body_text"];
  PutExamples(texts[0].is_array() ? texts[0] : texts, "body.", c.examples);
  PutNamedExamples(j["example"]["body_text_named_params"], "body.", c.examples);
}

ButtonKind OtpKind(absl::string_view type) {
  if (absl::StrContains(type, "ONE_TAP")) return ButtonKind::kOtpOneTap;
  if (absl::StrContains(type, "ZERO_TAP")) return ButtonKind::kOtpZeroTap;
  return ButtonKind::kOtpCopy;
}

void ReadOtp(const JsonView& j, absl::string_view type, TemplateButton& b) {
  b.kind = OtpKind(type);
  b.zero_tap_terms_accepted = j["zero_tap_terms_accepted"].Bool();
  const JsonView apps = j["supported_apps"];
  for (size_t i = 0; i < apps.size(); ++i)
    b.supported_apps.push_back({Clean(apps[i]["package_name"]), Clean(apps[i]["signature_hash"])});
  if (apps.size() == 0 && j["package_name"].exists())
    b.supported_apps.push_back({Clean(j["package_name"]), Clean(j["signature_hash"])});
}

// Examples of a link come as the bare end of it and as the whole address.
std::string LinkExample(const std::string& url, std::string example) {
  const ScannedText scanned = ScanText(url);
  if (!scanned.parts.empty() && !scanned.parts[0].variable && absl::StartsWith(example, scanned.parts[0].text))
    return example.substr(scanned.parts[0].text.size());
  return example;
}

void ReadButton(const JsonView& j, TemplateComponents& c) {
  TemplateButton b;
  const std::string type = absl::AsciiStrToUpper(j["type"].Text());
  b.label = Clean(j["text"]);
  const JsonView examples = j["example"];
  const std::string example = Clean(examples.is_array() ? examples[0] : examples);
  if (type == "QUICK_REPLY") {
    b.kind = ButtonKind::kQuickReply;
  } else if (type == "OTP") {
    ReadOtp(j, absl::AsciiStrToUpper(j["otp_type"].Text()), b);
  } else if (type == "URL") {
    b.url = Clean(j["url"]);
    if (absl::StrContains(b.url, "otp_type=")) {
      ReadOtp(j, absl::AsciiStrToUpper(b.url), b);
      b.url.clear();
    } else {
      b.kind = ButtonKind::kUrl;
      if (!example.empty() && !ScanText(b.url).variables.empty())
        c.examples[absl::StrCat("button.", c.buttons.size())] = LinkExample(b.url, example);
    }
  } else if (type == "PHONE_NUMBER") {
    b.kind = ButtonKind::kPhoneNumber;
    b.phone_number = Clean(j["phone_number"]);
  } else if (type == "COPY_CODE") {
    b.kind = ButtonKind::kCopyCode;
    b.coupon_code = example;
  } else if (type == "VOICE_CALL") {
    b.kind = ButtonKind::kVoiceCall;
  }
  c.buttons.push_back(std::move(b));
}

void ReadComponent(const JsonView& j, bool authentication, TemplateComponents& c) {
  const std::string type = absl::AsciiStrToUpper(j["type"].Text());
  if (type == "HEADER") {
    ReadHeader(j, c);
  } else if (type == "BODY") {
    ReadBody(j, authentication, c);
  } else if (type == "FOOTER") {
    if (j["code_expiration_minutes"].exists()) {
      c.code_expiration_minutes = static_cast<int>(j["code_expiration_minutes"].Int());
    } else if (!authentication) {
      c.footer = Clean(j["text"]);
    }
  } else if (type == "BUTTONS") {
    for (size_t i = 0; i < j["buttons"].size(); ++i) ReadButton(j["buttons"][i], c);
  }
}

bool UsesNames(const TemplateComponents& c) {
  const ScannedText body = ScanText(c.body), header = ScanText(c.header.text);
  for (const ScannedText* text : {&body, &header}) {
    for (const std::string& v : text->variables) {
      if (!IsPositional(v)) return true;
    }
  }
  return false;
}

}  // namespace

std::optional<ListedTemplate> ReadListedTemplate(const JsonView& item) {
  ListedTemplate out;
  out.graph_id = Clean(item["id"], 256);
  out.name = Clean(item["name"], 512);
  out.language = absl::StrReplaceAll(Clean(item["language"], 64), {{"-", "_"}});
  out.status = Clean(item["status"], 64);
  if (out.graph_id.empty() || out.name.empty() || out.language.empty() || out.status.empty()) return std::nullopt;
  out.rejected_reason = Clean(item["rejected_reason"], 1024);
  if (out.rejected_reason == "NONE") out.rejected_reason.clear();
  out.quality = Clean(item["quality_score"]["score"], 64);
  out.category = ParseCategory(item["category"].Text());
  const JsonView components = item["components"];
  for (size_t i = 0; i < components.size(); ++i)
    ReadComponent(components[i], out.category == Category::kAuthentication, out.components);
  const std::string format = item["parameter_format"].Text();
  const bool named = format.empty() ? UsesNames(out.components) : format == "NAMED";
  out.format = named ? VariableFormat::kNamed : VariableFormat::kPositional;
  const JsonView ttl = item["message_send_ttl_seconds"];
  out.ttl_known = ttl.exists();
  out.components.ttl_seconds = static_cast<int>(ttl.Int());
  return out;
}

}  // namespace vinculo::messaging
