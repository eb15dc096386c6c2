#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "services/profiling/domain/trait.h"

// A flow as its author writes it. Plain values; what the fields mean stands in the contract.
namespace vinculo::profiling {

enum class Channel { kUnspecified, kWhatsapp, kFacebook, kWebchat, kText };

struct Condition {
  enum class Kind { kAll, kAny, kNot, kAnswered, kTrait };
  enum class Operator { kUnspecified, kEq, kNe, kGt, kGte, kLt, kLte, kIn, kNin, kExists, kMissing };
  Kind kind = Kind::kAll;
  std::vector<Condition> children;      // all, any; one for not
  std::string question_id;              // answered
  std::vector<std::string> choice_ids;  // answered
  std::string key;                      // trait
  Operator op = Operator::kUnspecified;
  std::vector<TraitValue> values;
};

struct OnExhausted {
  enum class Action { kUnspecified, kRoute, kSkip, kHandoff, kEnd };
  Action action = Action::kUnspecified;
  std::string node;
};

struct Choice {
  std::string choice_id;
  std::string label_key;
  std::string description_key;
  std::map<std::string, std::vector<std::string>> synonyms;
  std::string value;
  std::string next;
  std::vector<TraitWrite> sets_traits;
};

struct Question {
  std::string level_label;
  std::string text_key;
  std::string image_url;
  std::vector<Choice> choices;
  int select_min = 1;
  int select_max = 1;
  bool optional = false;
  bool shuffle = false;
  int weight_milli = 1000;
  bool accept_ordinals = true;
  int max_invalid = 2;
  OnExhausted on_exhausted;
  std::string default_next;
  std::vector<TraitWrite> sets_traits;
  bool multi() const { return select_max > 1; }
};

enum class CaptureField { kUnspecified, kName, kEmail, kPhone, kFreeText, kNumber, kDate, kConsent };
enum class Prefill { kNever, kOffer, kSilent };

struct Capture {
  CaptureField field = CaptureField::kUnspecified;
  std::string text_key;
  bool required = false;
  Prefill prefill = Prefill::kNever;
  std::string next;
  int max_invalid = 2;
  OnExhausted on_exhausted;
  std::string trait_key;
};

struct Message {
  std::string text_key;
  std::string image_url;
  std::string next;
};

struct BranchCase {
  Condition condition;
  std::string next;
};

struct Branch {
  std::vector<BranchCase> cases;
  std::string default_next;
};

struct Recommend {
  std::string matrix_id;
  std::string text_key;
  std::string second_text_key;
  std::string choose_label_key;
  std::string another_label_key;
  std::string back_label_key;
  std::string none_label_key;
  bool allow_second = true;
  bool ask_why = false;
  std::string next_selected;
  std::string next_declined;
  std::string next_none;
  bool silent = false;
};

struct End {
  std::string outcome_label;
  std::string text_key;
  std::string handoff;
  bool lead = true;
};

struct Node {
  std::string node_id;
  std::variant<std::monostate, Question, Capture, Message, Branch, Recommend, End> kind;
};

enum class OnConflict { kUnspecified, kResume, kSupersede, kReject };
enum class StaleReply { kReprompt, kRevise };
enum class LateReply { kOfferResume, kResume, kRestart, kIgnore };

struct CommandWords {
  std::vector<std::string> restart, back, skip, help, agent;
};

struct Nudge {
  absl::Duration after;
  std::string text_key;
};

struct FlowSettings {
  absl::Duration idle_timeout = absl::Hours(24);
  absl::Duration absolute_ttl = absl::Hours(24 * 30);
  absl::Duration resume_grace = absl::Hours(24 * 7);
  std::vector<Nudge> nudges;
  absl::Duration pending_ttl = absl::Hours(72);
  StaleReply stale_reply = StaleReply::kReprompt;
  OnConflict on_conflict = OnConflict::kUnspecified;
  LateReply late_reply = LateReply::kOfferResume;
  std::map<std::string, CommandWords> commands;
  bool commit_partial_traits = false;
  bool reuse_known_capture = false;
  absl::Duration dedupe_window = absl::Hours(24);
  std::vector<std::string> languages_required;
  std::vector<Channel> channels;
  bool require_native = false;
  std::string handoff_target;
};

struct FlowDefinition {
  std::string entry_node;
  std::vector<Node> nodes;
  std::map<std::string, std::map<std::string, std::string>> texts;  // language -> key -> text
  FlowSettings settings;
};

// What surrounds a definition and is frozen with it.
struct FlowHead {
  std::string flow_id;
  std::string name;
  std::string purpose_text;
  std::vector<std::string> objectives;
  std::string consent_purpose;
  std::string base_language;
};

struct LintFinding {
  enum class Severity { kError, kWarning };
  Severity severity = Severity::kError;
  std::string rule;
  std::string path;
  std::string message;
  friend bool operator==(const LintFinding&, const LintFinding&) = default;
};

// Collects what checks find.
class LintFindings {
 public:
  void Error(std::string rule, std::string path, std::string message) {
    findings_.push_back({LintFinding::Severity::kError, std::move(rule), std::move(path), std::move(message)});
    ++errors_;
  }
  void Warning(std::string rule, std::string path, std::string message) {
    findings_.push_back({LintFinding::Severity::kWarning, std::move(rule), std::move(path), std::move(message)});
  }
  bool has_errors() const { return errors_ > 0; }
  int errors() const { return errors_; }
  int warnings() const { return static_cast<int>(findings_.size()) - errors_; }
  const std::vector<LintFinding>& all() const { return findings_; }

 private:
  std::vector<LintFinding> findings_;
  int errors_ = 0;
};

}  // namespace vinculo::profiling
