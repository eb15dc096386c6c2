#include "services/messaging/domain/template_content.h"

#include "absl/strings/match.h"
#include "services/messaging/domain/template_text.h"

namespace vinculo::messaging {
namespace {

void CompleteButton(TemplateButton& listed, const TemplateButton& live) {
  const bool own_label = listed.kind == ButtonKind::kCopyCode || IsOtp(listed.kind);
  if (listed.kind != live.kind || (!own_label && listed.label != live.label)) return;
  if (own_label) listed.label = live.label;
  listed.opt_out = live.opt_out;
  listed.zero_tap_terms_accepted = live.zero_tap_terms_accepted;
  if (listed.coupon_code.empty()) listed.coupon_code = live.coupon_code;
  if (listed.supported_apps.empty()) listed.supported_apps = live.supported_apps;
}

// A listing shows the sample as an address that changes with every call.
bool IsHandle(absl::string_view sample) { return !sample.empty() && !absl::StartsWith(sample, "http"); }

}  // namespace

TemplateComponents CompleteListed(TemplateComponents listed, const TemplateComponents& live, bool ttl_known) {
  for (size_t i = 0; i < listed.buttons.size() && i < live.buttons.size(); ++i)
    CompleteButton(listed.buttons[i], live.buttons[i]);
  if (!ttl_known) listed.ttl_seconds = live.ttl_seconds;
  if (listed.header.format == live.header.format && !IsHandle(listed.header.sample_handle))
    listed.header.sample_handle = live.header.sample_handle;
  for (const std::string& place : RequiredPlaces(listed, Category::kUnspecified)) {
    const auto known = live.examples.find(place);
    if (known != live.examples.end()) listed.examples.try_emplace(place, known->second);
  }
  return listed;
}

TemplateComponents ContentOf(TemplateComponents c) {
  c.examples.clear();
  c.header.sample_handle.clear();
  for (TemplateButton& b : c.buttons) b.coupon_code.clear();
  return c;
}

}  // namespace vinculo::messaging
