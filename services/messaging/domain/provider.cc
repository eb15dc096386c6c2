#include "services/messaging/domain/provider.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace vinculo::messaging {
namespace {

// WhatsApp's codes; the first that holds wins. 0 comes with a message and is a token or permission problem.
constexpr std::array kCodes = {
    ErrorSpan{131048, 131048, ErrorClass::kAccount},
    ErrorSpan{1, 2, ErrorClass::kRetry},
    ErrorSpan{4, 4, ErrorClass::kRetry},
    ErrorSpan{613, 613, ErrorClass::kRetry},
    ErrorSpan{80007, 80008, ErrorClass::kRetry},
    ErrorSpan{130429, 130429, ErrorClass::kRetry},
    ErrorSpan{131000, 131000, ErrorClass::kRetry},
    ErrorSpan{131016, 131016, ErrorClass::kRetry},
    ErrorSpan{133004, 133004, ErrorClass::kRetry},
    ErrorSpan{131057, 131057, ErrorClass::kRetry},
    ErrorSpan{2494100, 2494100, ErrorClass::kRetry},
    ErrorSpan{131056, 131056, ErrorClass::kPair},
    ErrorSpan{131049, 131049, ErrorClass::kRest},
    ErrorSpan{131050, 131050, ErrorClass::kRecipient},
    ErrorSpan{130472, 130472, ErrorClass::kRecipient},
    ErrorSpan{131026, 131026, ErrorClass::kRecipient},
    ErrorSpan{130403, 130403, ErrorClass::kRecipient},
    ErrorSpan{131021, 131021, ErrorClass::kRecipient},
    ErrorSpan{131030, 131030, ErrorClass::kRecipient},
    ErrorSpan{131047, 131047, ErrorClass::kRecipient},
    ErrorSpan{137000, 137000, ErrorClass::kRecipient},
    ErrorSpan{131062, 131062, ErrorClass::kRecipient},
    ErrorSpan{130497, 130497, ErrorClass::kRecipient},
    ErrorSpan{131051, 131053, ErrorClass::kBug},
    ErrorSpan{100, 100, ErrorClass::kBug},
    ErrorSpan{131008, 131009, ErrorClass::kBug},
    ErrorSpan{135000, 135000, ErrorClass::kBug},
    ErrorSpan{33, 33, ErrorClass::kBug},
    ErrorSpan{132000, 132000, ErrorClass::kBug},
    ErrorSpan{132012, 132012, ErrorClass::kBug},
    ErrorSpan{132018, 132018, ErrorClass::kBug},
    ErrorSpan{132001, 132001, ErrorClass::kTemplate},
    ErrorSpan{132005, 132008, ErrorClass::kTemplate},
    ErrorSpan{132015, 132016, ErrorClass::kTemplate},
    ErrorSpan{132068, 132069, ErrorClass::kTemplate},
    ErrorSpan{131063, 131063, ErrorClass::kTemplate},
    ErrorSpan{131055, 131055, ErrorClass::kTemplate},
    ErrorSpan{134100, 134102, ErrorClass::kTemplate},
    ErrorSpan{0, 0, ErrorClass::kAccount},
    ErrorSpan{3, 3, ErrorClass::kAccount},
    ErrorSpan{10, 10, ErrorClass::kAccount},
    ErrorSpan{190, 190, ErrorClass::kAccount},
    ErrorSpan{200, 299, ErrorClass::kAccount},
    ErrorSpan{131005, 131005, ErrorClass::kAccount},
    ErrorSpan{368, 368, ErrorClass::kAccount},
    ErrorSpan{131031, 131031, ErrorClass::kAccount},
    ErrorSpan{131064, 131064, ErrorClass::kAccount},
    ErrorSpan{131042, 131042, ErrorClass::kAccount},
    ErrorSpan{134011, 134011, ErrorClass::kAccount},
    ErrorSpan{131037, 131037, ErrorClass::kAccount},
    ErrorSpan{131045, 131045, ErrorClass::kAccount},
    ErrorSpan{133000, 133016, ErrorClass::kAccount},
};

std::string NameOf(const ErrorSpan& span) {
  return span.first == span.last ? absl::StrCat(span.first) : absl::StrCat(span.first, "-", span.last);
}

}  // namespace

SendOutcome JudgeAnswer(const RawAnswer& raw) {
  SendOutcome out;
  out.http = raw.http;
  out.details = raw.details;
  out.fbtrace = raw.fbtrace;
  if (!raw.whole) {
    out.result = raw.request_written ? SendResult::kAmbiguous : SendResult::kNotSent;
    return out;
  }
  if (raw.graph_json) {
    out.result = SendResult::kRefused;
    out.graph_error = true;
    out.code = raw.code;
    out.subcode = raw.subcode;
    return out;
  }
  if (raw.http >= 200 && raw.http < 300 && !raw.wamid.empty()) {
    out.result = SendResult::kAccepted;
    out.wamid = raw.wamid;
    out.wa_id = raw.wa_id;
    out.user_id = raw.user_id;
    out.held = raw.held;
    return out;
  }
  const bool refused = raw.http >= 400 && raw.http < 500 && raw.http != 408;
  out.result = refused ? SendResult::kRefused : SendResult::kAmbiguous;
  return out;
}

const ErrorClasses& ErrorClasses::Default() {
  static const auto* const classes = new ErrorClasses(std::vector<ErrorSpan>(kCodes.begin(), kCodes.end()));
  return *classes;
}

ErrorClasses ErrorClasses::With(std::vector<ErrorSpan> replaced) {
  replaced.insert(replaced.end(), kCodes.begin(), kCodes.end());
  return ErrorClasses(std::move(replaced));
}

const ErrorSpan* ErrorClasses::Find(int code) const {
  for (const ErrorSpan& span : spans_) {
    if (code >= span.first && code <= span.last) return &span;
  }
  return nullptr;
}

ErrorClass ErrorClasses::Classify(const SendOutcome& outcome) const {
  if (outcome.result == SendResult::kNotSent) return ErrorClass::kRetry;
  if (!outcome.graph_error) return outcome.http == 429 ? ErrorClass::kRetry : ErrorClass::kBug;
  const ErrorSpan* span = Find(outcome.code);
  return span == nullptr ? ErrorClass::kUnknown : span->error_class;
}

std::string ErrorClasses::Label(const SendOutcome& outcome) const {
  if (!outcome.graph_error) return "http_4xx";
  const ErrorSpan* span = Find(outcome.code);
  return span == nullptr ? "other" : NameOf(*span);
}

std::vector<std::string> ErrorClasses::Labels() const {
  std::set<std::string> names = {"http_4xx", "other"};
  for (const ErrorSpan& span : spans_) names.insert(NameOf(span));
  return {names.begin(), names.end()};
}

std::optional<ErrorClass> ParseErrorClass(absl::string_view letter) {
  static constexpr absl::string_view kLetters = "RPLXTAB";
  if (letter.size() != 1 || kLetters.find(letter[0]) == absl::string_view::npos) return std::nullopt;
  return static_cast<ErrorClass>(letter[0]);
}

bool StopsWholeChannel(int code) {
  static constexpr std::array kOthers = {0, 3, 10, 190, 131005, 368, 131031, 131064, 131042, 134011};
  return (code >= 200 && code <= 299) || std::find(kOthers.begin(), kOthers.end(), code) != kOthers.end();
}

bool IsParameterFault(int code) {
  return std::find(std::begin(kParameterFaultCodes), std::end(kParameterFaultCodes), code) !=
         std::end(kParameterFaultCodes);
}

}  // namespace vinculo::messaging
