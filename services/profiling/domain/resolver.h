#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "services/profiling/domain/phrases.h"

// What a customer's message means as an answer to the prompt that waits. Pure.
namespace vinculo::profiling {

// One option as it was sent, with everything that names it, folded: the session's language first, then the base
// language.
struct PromptOption {
  std::string id;
  std::vector<std::string> names;
};

struct PromptView {
  std::string session_id;
  int seq = 0;
  std::vector<PromptOption> options;  // in the order as sent; empty for a prompt that takes text
  bool accept_ordinals = true;
  bool lettered = false;
  int select_min = 1;
  int select_max = 1;
  bool optional = false;
  absl::string_view language;
  // Command words of the session's language, folded.
  std::map<Command, std::vector<std::string>> commands;
};

struct Inbound {
  enum class Kind { kText, kReply, kUnsupported };
  Kind kind = Kind::kText;
  std::string text;                     // kText, or the title of a kReply
  std::string reply_id;                 // kReply
  bool compliance_stop = false;         // messaging marked it
  bool check_compliance_words = false;  // nobody has looked for opt-out words yet
};

enum class Resolved { kValid, kInvalid, kCommand, kStale, kStaleSession, kPremature };
enum class Invalid { kNone, kNoMatch, kEmpty, kUnsupported, kOutOfRange, kAmbiguous, kTooFew, kTooMany, kNotOptional };
absl::string_view InvalidName(Invalid reason);

struct Resolution {
  Resolved outcome = Resolved::kInvalid;
  Invalid reason = Invalid::kNone;
  std::vector<int> options;  // indices as sent, ascending; for kStale the one that was tapped
  Command command = Command::kHelp;
  int stale_seq = 0;  // of kStale
  std::string part;   // of a multi-select answer: what was not understood
  absl::string_view decided_by;
};

// The first 8 hex digits of a keyed digest over a reply id without them.
using Mac8 = absl::FunctionRef<std::string(absl::string_view)>;

// `p1.<session>.<prompt_seq>.<choice_index>.<mac8>`.
std::string MakeReplyId(absl::string_view session_id, int seq, int choice, Mac8 mac);

struct ReplyId {
  std::string session_id;
  int seq = 0;
  int choice = 0;
};
// nullopt for everything that we did not make.
std::optional<ReplyId> ParseReplyId(absl::string_view id, Mac8 mac);

// Resolves in this order, the first that decides ends the search: structured reply id, compliance words, exact match,
// ordinal, command, INVALID. For a prompt without options a text that is no command is VALID with no options: the
// caller parses it.
Resolution Resolve(const PromptView& prompt, const Inbound& inbound, Mac8 mac);

}  // namespace vinculo::profiling
