#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/messaging/domain/template.h"

namespace vinculo::messaging {

// Why a value cannot be used. Reasons are API: PARAMETER_MISSING, PARAMETER_INVALID [M-45].
struct ParameterProblem {
  std::string place;
  std::string reason;
  friend bool operator==(const ParameterProblem&, const ParameterProblem&) = default;
};

struct RenderedButton {
  std::string label;
  std::string target;  // link, number, coupon or payload
};

// What the person sees, and what is sent.
struct RenderedTemplate {
  std::string header;
  std::string body;
  std::string footer;
  std::vector<RenderedButton> buttons;
};

// The longest value of a variable that we take.
inline constexpr int kMaxValue = 1024;
// The payload of a button flagged `opt_out` [M-21].
inline constexpr absl::string_view kOptOutPayload = "STOP:marketing";

// Runs of white space become one space, ends are trimmed: what WhatsApp would refuse otherwise.
std::string NormalizeValue(absl::string_view value);

// Normalises `values` in place and finds every required place without a value, every value that is too long (alone, or
// because the header or body with it in place is longer than WhatsApp delivers), and every value for a place that does
// not exist. Empty when all is well.
std::vector<ParameterProblem> CheckValues(const TemplateComponents& components, Category category, PlaceValues& values);

// The one render function: previews, preflight and dispatch all show and send this. `values` have passed CheckValues. A
// value is inserted once and never searched for variables; the end of a link is percent-encoded.
RenderedTemplate Render(const TemplateComponents& components, const PlaceValues& values);

// RFC 3986 unreserved characters stay, all other bytes become %XX.
std::string PercentEncode(absl::string_view text);

}  // namespace vinculo::messaging
