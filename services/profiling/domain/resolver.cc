#include "services/profiling/domain/resolver.h"

#include <algorithm>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/text/text.h"

namespace vinculo::profiling {
namespace {

Resolution Refuse(Invalid reason, absl::string_view by) {
  Resolution out;
  out.outcome = Resolved::kInvalid;
  out.reason = reason;
  out.decided_by = by;
  return out;
}

Resolution Accept(std::vector<int> options, absl::string_view by) {
  Resolution out;
  out.outcome = Resolved::kValid;
  out.options = std::move(options);
  out.decided_by = by;
  return out;
}

Resolution Say(Command command, absl::string_view by) {
  Resolution out;
  out.outcome = Resolved::kCommand;
  out.command = command;
  out.decided_by = by;
  return out;
}

std::optional<int> ExactMatch(const PromptView& prompt, const std::string& folded) {
  if (folded.empty()) return std::nullopt;
  // All options in the session's language come before any in the base language, whose names stand later in each list.
  for (size_t round = 0;; ++round) {
    bool more = false;
    for (size_t i = 0; i < prompt.options.size(); ++i) {
      if (round >= prompt.options[i].names.size()) continue;
      more = true;
      if (prompt.options[i].names[round] == folded) return static_cast<int>(i);
    }
    if (!more) return std::nullopt;
  }
}

// The number that was typed, whatever its range; nullopt when the text is no number of an option.
std::optional<int> TypedNumber(const PromptView& prompt, absl::string_view text, const std::string& folded) {
  if (!prompt.accept_ordinals) return std::nullopt;
  if (const auto number = text::ParseOrdinal(text)) return number;
  const auto words = NumberWords(prompt.language);
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == folded) return static_cast<int>(i) + 1;
  }
  if (prompt.lettered && folded.size() == 1 && folded[0] >= 'a' && folded[0] <= 'j') return folded[0] - 'a' + 1;
  return std::nullopt;
}

struct Part {
  std::optional<int> option;
  Invalid reason = Invalid::kNoMatch;
  absl::string_view by;
};

Part ResolveOne(const PromptView& prompt, absl::string_view text) {
  const std::string folded = text::Fold(text);
  if (const auto exact = ExactMatch(prompt, folded)) return {*exact, Invalid::kNone, "exact"};
  if (const auto number = TypedNumber(prompt, text, folded)) {
    if (*number < 1 || *number > static_cast<int>(prompt.options.size()))
      return {std::nullopt, Invalid::kOutOfRange, "ordinal"};
    return {*number - 1, Invalid::kNone, "ordinal"};
  }
  return {std::nullopt, Invalid::kNoMatch, "none"};
}

// Splits at `, ; / \n &` and at the language's word for "and".
std::vector<std::string> SplitParts(const PromptView& prompt, absl::string_view text) {
  std::vector<std::string> out;
  const auto ands = AndWords(prompt.language);
  for (absl::string_view piece : absl::StrSplit(text, absl::ByAnyChar(",;/\n&"))) {
    std::string current;
    for (absl::string_view word : absl::StrSplit(piece, ' ', absl::SkipEmpty())) {
      if (std::find(ands.begin(), ands.end(), text::Fold(word)) != ands.end()) {
        out.push_back(std::move(current));
        current.clear();
      } else {
        absl::StrAppend(&current, current.empty() ? "" : " ", word);
      }
    }
    out.push_back(std::move(current));
  }
  std::erase_if(out, [](const std::string& part) { return text::Trim(part).empty(); });
  return out;
}

Resolution ResolveSeveral(const PromptView& prompt, absl::string_view text) {
  std::set<int> chosen;
  absl::string_view by = "exact";
  for (const std::string& piece : SplitParts(prompt, text)) {
    const Part part = ResolveOne(prompt, piece);
    if (!part.option) {
      Resolution out = Refuse(part.reason, part.by);
      out.part = piece;
      return out;
    }
    chosen.insert(*part.option);
    by = part.by;
  }
  const int count = static_cast<int>(chosen.size());
  if (count < prompt.select_min) return Refuse(Invalid::kTooFew, by);
  if (count > prompt.select_max) return Refuse(Invalid::kTooMany, by);
  return Accept({chosen.begin(), chosen.end()}, by);
}

std::optional<Command> FindCommand(const PromptView& prompt, const std::string& folded) {
  for (const auto& [command, words] : prompt.commands) {
    if (std::find(words.begin(), words.end(), folded) != words.end()) return command;
  }
  return std::nullopt;
}

// Step 1: decided for ids of ours, nullopt for everything else.
std::optional<Resolution> ResolveReply(const PromptView& prompt, const Inbound& inbound, Mac8 mac) {
  const auto id = ParseReplyId(inbound.reply_id, mac);
  if (!id) return std::nullopt;
  Resolution out;
  out.decided_by = "reply_id";
  if (id->session_id != prompt.session_id) {
    out.outcome = Resolved::kStaleSession;
  } else if (id->seq != prompt.seq || id->choice >= static_cast<int>(prompt.options.size())) {
    out.outcome = Resolved::kStale;
    out.stale_seq = id->seq;
    out.options = {id->choice};
  } else {
    return Accept({id->choice}, "reply_id");
  }
  return out;
}

}  // namespace

absl::string_view InvalidName(Invalid reason) {
  switch (reason) {
    case Invalid::kNone:
      return "";
    case Invalid::kNoMatch:
      return "NO_MATCH";
    case Invalid::kEmpty:
      return "EMPTY";
    case Invalid::kUnsupported:
      return "UNSUPPORTED";
    case Invalid::kOutOfRange:
      return "OUT_OF_RANGE";
    case Invalid::kAmbiguous:
      return "AMBIGUOUS";
    case Invalid::kTooFew:
      return "TOO_FEW";
    case Invalid::kTooMany:
      return "TOO_MANY";
    case Invalid::kNotOptional:
      return "NOT_OPTIONAL";
  }
  return "";
}

std::string MakeReplyId(absl::string_view session_id, int seq, int choice, Mac8 mac) {
  std::string id = absl::StrCat("p1.", session_id, ".", seq, ".", choice);
  absl::StrAppend(&id, ".", mac(id));
  return id;
}

std::optional<ReplyId> ParseReplyId(absl::string_view id, Mac8 mac) {
  const std::vector<std::string> parts = absl::StrSplit(id, '.');
  if (parts.size() != 5 || parts[0] != "p1") return std::nullopt;
  ReplyId out;
  out.session_id = parts[1];
  if (!absl::SimpleAtoi(parts[2], &out.seq) || !absl::SimpleAtoi(parts[3], &out.choice)) return std::nullopt;
  if (out.seq < 1 || out.choice < 0) return std::nullopt;
  // Made again and compared as a whole: another spelling of the same numbers is not ours either.
  if (MakeReplyId(out.session_id, out.seq, out.choice, mac) != id) return std::nullopt;
  return out;
}

Resolution Resolve(const PromptView& prompt, const Inbound& inbound, Mac8 mac) {
  if (inbound.kind == Inbound::Kind::kReply) {
    if (auto reply = ResolveReply(prompt, inbound, mac)) return *std::move(reply);
  }
  const std::string folded = text::Fold(inbound.text);
  if (inbound.compliance_stop || (inbound.check_compliance_words && IsComplianceStop(folded))) {
    return Say(Command::kStop, "compliance");
  }
  if (inbound.kind == Inbound::Kind::kUnsupported) return Refuse(Invalid::kUnsupported, "content");
  Part part{std::nullopt, Invalid::kNoMatch, "none"};
  if (!prompt.options.empty()) {
    part = ResolveOne(prompt, inbound.text);
    if (part.option && prompt.select_min <= 1) return Accept({*part.option}, part.by);
  }
  if (!part.option && part.reason == Invalid::kNoMatch) {
    if (const auto command = FindCommand(prompt, folded)) {
      if (*command == Command::kSkip && !prompt.optional) return Refuse(Invalid::kNotOptional, "command");
      return Say(*command, "command");
    }
  }
  const bool blank = folded.empty() && text::FoldKeepingPunctuation(inbound.text).empty();
  if (prompt.options.empty()) return blank ? Refuse(Invalid::kEmpty, "content") : Accept({}, "text");
  if (blank && !part.option && part.reason == Invalid::kNoMatch) return Refuse(Invalid::kEmpty, "content");
  if (prompt.select_max > 1) return ResolveSeveral(prompt, inbound.text);
  return Refuse(part.reason, part.by);
}

}  // namespace vinculo::profiling
