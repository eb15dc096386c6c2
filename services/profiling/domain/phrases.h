#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// What the service says and understands by itself, in Spanish, Portuguese and English; other languages get English.
namespace vinculo::profiling {

enum class Phrase {
  kInvalidHint,   // "I did not understand that."
  kChooseNumber,  // "Please answer with one of these numbers:"
  kOutOfRange,    // "That number is not on the list."
  kUnsupported,   // "I can only read text here."
  kAmbiguous,     // "I found more than one."
  kTooFew,        // "Please choose more."
  kTooMany,       // "Please choose fewer."
  kNotOptional,   // "I do need an answer to this one."
  kListButton,    // label that opens a list
  kYes,
  kNo,
  kChoose,           // "I want this one"
  kAnother,          // "Show me another"
  kBackToFirst,      // "Back to the first"
  kNone,             // "None of these"
  kWhy,              // "Why?"
  kOnlyOne,          // "There is only this one."
  kAtFirstQuestion,  // "This is the first question."
  kMultiHint,        // "You may choose several, separated by commas."
  kUseKnown,         // "Shall we use ...?"
  kStopped,          // "All right, we stop here."
  kHandoff,          // "A person will take over."
  kFailed,           // "Let us leave it here."
  kResumeOffer,      // "Continue where we stopped, or start over?"
  kContinue,
  kStartOver,
  kHelp,            // "Answer with a number or with the words..."
  kClosedFlow,      // "This conversation was closed."
  kCaptureInvalid,  // "That does not look right."
};

// Never empty.
absl::string_view Say(Phrase phrase, absl::string_view language);

// The numbers one to ten in words: index 0 is "one". Empty for a language without built-in words.
absl::Span<const absl::string_view> NumberWords(absl::string_view language);

// Words for "and" between parts of an answer.
absl::Span<const absl::string_view> AndWords(absl::string_view language);

enum class Command { kRestart, kBack, kSkip, kHelp, kAgent, kStop };
absl::Span<const absl::string_view> CommandWordsFor(Command command, absl::string_view language);

// Messaging's opt-out words, for channels that it does not carry: compared folded, with the whole text.
bool IsComplianceStop(absl::string_view folded);

}  // namespace vinculo::profiling
