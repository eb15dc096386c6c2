#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "services/profiling/domain/flow.h"
#include "services/profiling/domain/product.h"

namespace vinculo::profiling {

enum class SessionState { kPending = 1, kActive, kCompleted, kExpired, kStopped, kSuperseded, kFailed };
enum class Stage { kQuestions = 1, kRecommended1, kRecommended2, kCapture, kDone };
enum class Source { kMenu = 1, kHsm, kApi };

inline bool IsFinal(SessionState state) { return state > SessionState::kActive; }

// What waits for the customer.
struct Prompt {
  enum class Kind { kNone, kQuestion, kCapture, kConsent, kOffer, kRecommendation, kResume };
  Kind kind = Kind::kNone;
  int seq = 0;
  std::string node_id;
  absl::Time sent_at;
  std::vector<std::string> options;  // ids in the order as sent
};

struct SessionAnswer {
  std::string question_id;
  std::vector<std::string> choice_ids;  // empty: skipped
  std::string raw;
  bool truncated = false;
  absl::Time at;
};

struct CapturedField {
  CaptureField field = CaptureField::kUnspecified;
  std::string node_id;
  std::string value;  // empty: refused or skipped; consent: "GRANTED" or "DENIED"
  std::string text;   // consent: the exact text shown
  absl::Time at;
};

// A step that the customer can go back to.
struct PathStep {
  enum class Kind { kQuestion, kCapture, kRecommendation };
  Kind kind;
  std::string node_id;
};

// A product as it was shown, and why.
struct ShownProduct {
  std::string product_id;
  std::string name;
  std::string short_description;
  std::string image_url;
  std::optional<int64_t> price_minor;
  std::string currency;
  int64_t score_micro = 0;
  int match_percent = 0;
  bool fallback = false;
  bool pinned = false;
  struct Part {
    std::string question_id;
    std::vector<std::string> choice_ids;
    int64_t points = 0;
    int64_t score_micro = 0;
    std::string reason;
  };
  std::vector<Part> parts;
};

struct ShownRuledOut {
  std::string product_id;
  int cause = 0;
  std::string question_id;
  std::string choice_id;
};

struct ShownRecommendation {
  std::string node_id;
  int outcome = 0;
  std::vector<ShownProduct> products;
  std::string first_over_second;
  std::string second_over_third;
  bool group_relaxed = false;
  bool no_signal = false;
  std::string matrix_id;
  int matrix_version = 0;
  std::string matrix_hash;
  std::string inputs;  // canonical; its hash is shown
  absl::Time evaluated_at;
  std::vector<ShownRuledOut> ruled_out;
};

// One customer's way through one version of a flow. Changed only by the functions of session_machine.h.
struct Session {
  Uuid id;
  Uuid profile_id;
  Channel channel = Channel::kUnspecified;
  std::string channel_identity;
  std::string contact_id;  // messaging's
  std::string sender_id;   // messaging's
  std::string flow_id;
  int version = 0;
  std::string language;  // one of the flow's
  Source source = Source::kApi;
  std::string source_ref;
  SessionState state = SessionState::kActive;
  Stage stage = Stage::kQuestions;
  int64_t revision = 0;
  Prompt prompt;
  std::vector<SessionAnswer> answers;   // the final path, in order
  std::vector<CapturedField> captures;  // the final path, in order
  std::vector<PathStep> path;
  int invalid_count = 0;
  int event_count = 0;
  int restarts = 0;
  int shown_rank = 0;  // of the recommendation in front of the customer
  std::optional<ShownRecommendation> recommendation;
  std::string selected_product_id;
  int selected_rank = 0;
  absl::Time started_at;
  absl::Time last_user_at;
  absl::Time last_event_at = absl::UnixEpoch();  // provider time of the last applied event
  absl::Time expires_at;
  absl::Time absolute_expires_at;
  std::optional<absl::Time> ended_at;
  std::optional<absl::Time> window_until;
  std::string end_reason;
  std::string outcome;
  std::optional<Uuid> lead_id;
  std::optional<Uuid> resumed_from;
  bool test = false;
};

}  // namespace vinculo::profiling
