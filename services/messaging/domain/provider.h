#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace vinculo::messaging {

// How one send request ended. Exactly one of the four [M-15].
enum class SendResult {
  kAccepted = 1,   // wamid is set
  kRefused = 2,    // code (0 when there was none) and http are set
  kNotSent = 3,    // no byte of the request was written: nobody can have acted on it
  kAmbiguous = 4,  // anything else
};

struct SendOutcome {
  SendResult result = SendResult::kAmbiguous;
  std::string wamid;
  std::string wa_id;
  std::string user_id;
  bool held = false;         // WhatsApp holds it while it judges the template
  bool graph_error = false;  // `code` is Graph's
  int code = 0;
  int subcode = 0;
  int http = 0;
  std::string details;  // for the log; may hold what WhatsApp wrote
  std::string fbtrace;
};

// What came back over HTTP, as far as the rule below needs it.
struct RawAnswer {
  bool whole = false;           // a complete answer arrived
  bool request_written = true;  // at least one byte of the request left
  int http = 0;
  bool graph_json = false;  // the body is Graph's error JSON
  int code = 0;
  int subcode = 0;
  std::string details;
  std::string fbtrace;
  std::string wamid;  // messages[0].id
  std::string wa_id;
  std::string user_id;
  bool held = false;
};

// [M-17]: ambiguous are a timeout or reset after writing began, 408, 5xx without Graph's error JSON, 2xx without an id;
// refused are Graph's error JSON with any status and every other 4xx.
SendOutcome JudgeAnswer(const RawAnswer& raw);

// What an error means for the item and beyond it [M-110].
enum class ErrorClass {
  kRetry = 'R',      // again, everybody on the number waits
  kPair = 'P',       // again later, nobody else waits
  kRest = 'L',       // failed; no marketing to that contact for 24 h
  kRecipient = 'X',  // failed for this recipient
  kTemplate = 'T',   // again; the template is unsendable, campaigns pause
  kAccount = 'A',    // again; the number or account is blocked
  kBug = 'B',        // failed; the request was wrong
  kUnknown = '?',    // nobody knows the code
};

// A span of Graph's codes and what they mean; one code is a span of itself.
struct ErrorSpan {
  int first = 0;
  int last = 0;
  ErrorClass error_class = ErrorClass::kUnknown;
};

// WhatsApp's codes as data, which the operator may replace [M-110]. Copyable.
class ErrorClasses {
 public:
  // As WhatsApp documents them.
  static const ErrorClasses& Default();
  // The default with `replaced` before it.
  static ErrorClasses With(std::vector<ErrorSpan> replaced);

  // By Graph's code, and by HTTP status only where there is none. Never by the text. [M-112]
  ErrorClass Classify(const SendOutcome& outcome) const;
  // The name of a code as a label of few values: the code or span of the table, "http_4xx" for a refusal without
  // Graph's JSON, else "other" [M-111].
  std::string Label(const SendOutcome& outcome) const;
  std::vector<std::string> Labels() const;

 private:
  explicit ErrorClasses(std::vector<ErrorSpan> spans) : spans_(std::move(spans)) {}
  const ErrorSpan* Find(int code) const;

  std::vector<ErrorSpan> spans_;
};

// "X" for kRecipient and so on; nullopt for anything that is not one of R, P, L, X, T, A, B.
std::optional<ErrorClass> ParseErrorClass(absl::string_view letter);

// The limit of a spam report: bulk stops, transactional messages trickle.
inline constexpr int kSpamCode = 131048;
inline constexpr absl::string_view kSpamReason = "PROVIDER_131048";
inline constexpr int kOptedOutCode = 131050;
inline constexpr int kHealthCode = 131049;  // the person got enough marketing
inline constexpr int kThroughputCode = 130429;

// True for codes of token, policy and payment, which stop every number of the account and not just one.
bool StopsWholeChannel(int code);
// Faults of the parameters: of one recipient, or of the template when everybody has them [M-112].
inline constexpr int kParameterFaultCodes[] = {132000, 132012, 132018};
bool IsParameterFault(int code);

}  // namespace vinculo::messaging
