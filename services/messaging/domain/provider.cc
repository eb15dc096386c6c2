#include "services/messaging/domain/provider.h"

#include <array>
#include <utility>

namespace vinculo::messaging {
namespace {

struct Span {
  int first;
  int last;
  ErrorClass error_class;
};

// WhatsApp's codes; the first that holds wins. 0 comes with a message and is a token or permission problem.
constexpr std::array kCodes = {
    Span{131048, 131048, ErrorClass::kAccount},
    Span{1, 2, ErrorClass::kRetry},
    Span{4, 4, ErrorClass::kRetry},
    Span{613, 613, ErrorClass::kRetry},
    Span{80007, 80008, ErrorClass::kRetry},
    Span{130429, 130429, ErrorClass::kRetry},
    Span{131000, 131000, ErrorClass::kRetry},
    Span{131016, 131016, ErrorClass::kRetry},
    Span{133004, 133004, ErrorClass::kRetry},
    Span{131057, 131057, ErrorClass::kRetry},
    Span{2494100, 2494100, ErrorClass::kRetry},
    Span{131056, 131056, ErrorClass::kPair},
    Span{131049, 131049, ErrorClass::kRest},
    Span{131050, 131050, ErrorClass::kRecipient},
    Span{130472, 130472, ErrorClass::kRecipient},
    Span{131026, 131026, ErrorClass::kRecipient},
    Span{130403, 130403, ErrorClass::kRecipient},
    Span{131021, 131021, ErrorClass::kRecipient},
    Span{131030, 131030, ErrorClass::kRecipient},
    Span{131047, 131047, ErrorClass::kRecipient},
    Span{137000, 137000, ErrorClass::kRecipient},
    Span{131062, 131062, ErrorClass::kRecipient},
    Span{130497, 130497, ErrorClass::kRecipient},
    Span{131051, 131053, ErrorClass::kBug},
    Span{100, 100, ErrorClass::kBug},
    Span{131008, 131009, ErrorClass::kBug},
    Span{135000, 135000, ErrorClass::kBug},
    Span{33, 33, ErrorClass::kBug},
    Span{132000, 132000, ErrorClass::kBug},
    Span{132012, 132012, ErrorClass::kBug},
    Span{132018, 132018, ErrorClass::kBug},
    Span{132001, 132001, ErrorClass::kTemplate},
    Span{132005, 132008, ErrorClass::kTemplate},
    Span{132015, 132016, ErrorClass::kTemplate},
    Span{132068, 132069, ErrorClass::kTemplate},
    Span{131063, 131063, ErrorClass::kTemplate},
    Span{131055, 131055, ErrorClass::kTemplate},
    Span{134100, 134102, ErrorClass::kTemplate},
    Span{0, 0, ErrorClass::kAccount},
    Span{3, 3, ErrorClass::kAccount},
    Span{10, 10, ErrorClass::kAccount},
    Span{190, 190, ErrorClass::kAccount},
    Span{200, 299, ErrorClass::kAccount},
    Span{131005, 131005, ErrorClass::kAccount},
    Span{368, 368, ErrorClass::kAccount},
    Span{131031, 131031, ErrorClass::kAccount},
    Span{131064, 131064, ErrorClass::kAccount},
    Span{131042, 131042, ErrorClass::kAccount},
    Span{134011, 134011, ErrorClass::kAccount},
    Span{131037, 131037, ErrorClass::kAccount},
    Span{131045, 131045, ErrorClass::kAccount},
    Span{133000, 133016, ErrorClass::kAccount},
};

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

ErrorClass Classify(const SendOutcome& outcome) {
  if (outcome.result == SendResult::kNotSent) return ErrorClass::kRetry;
  if (!outcome.graph_error) return outcome.http == 429 ? ErrorClass::kRetry : ErrorClass::kBug;
  for (const Span& span : kCodes) {
    if (outcome.code >= span.first && outcome.code <= span.last) return span.error_class;
  }
  return ErrorClass::kUnknown;
}

}  // namespace vinculo::messaging
