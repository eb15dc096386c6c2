#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "services/profiling/domain/capture.h"
#include "services/profiling/domain/compiled_flow.h"
#include "services/profiling/domain/outbound.h"
#include "services/profiling/domain/resolver.h"
#include "services/profiling/domain/session.h"

// How a session moves: (session, event) -> (session', effects). Pure; the caller saves the one and carries out the
// other in one transaction.
namespace vinculo::profiling {

// What is known of the customer.
struct Customer {
  std::string profile_id;
  std::string name;
  std::string email;
  std::string phone;
  TraitMap traits;
};

// Everything a step may look at besides the session.
struct Environment {
  absl::Time now;
  const CompiledFlow& flow;
  // Loaded at most once per step, and only by steps that need it.
  absl::FunctionRef<const Customer&()> customer;
  // The products of a matrix that may be recommended now, by the live catalogue.
  absl::FunctionRef<Bits(const CompiledMatrix&)> available;
  Mac8 mac;
  // Digest in hex, for hashes that are shown.
  absl::FunctionRef<std::string(absl::string_view)> digest;
  const PhoneParser& phone;
};

struct Fact {
  enum class Kind {
    kPromptShown = 1,
    kAnswered,
    kInvalid,
    kSkipped,
    kWentBack,
    kRecommended,
    kProductShown,
    kProductSelected,
    kDeclined,
    kCaptureShown,
    kCaptureAnswered,
    kLeadCreated,
    kEnded,
    kRestarted
  };
  Kind kind;
  std::string node_id;
  std::string detail;  // choices, reason, product
  int rank = 0;        // of a product
};

struct Handoff {
  std::string target;
  std::string reason;  // AGENT_COMMAND, RETRIES_EXHAUSTED, END_NODE, API
};

struct ConsentDecision {
  bool granted = false;
  std::string text;
  std::string language;
};

// What a step leads to outside the session.
struct Effects {
  std::vector<OutboundMessage> messages;
  std::vector<Fact> facts;
  bool started = false;
  bool ended = false;
  std::optional<ShownRecommendation> snapshot;  // a recommendation was made
  bool selected = false;                        // a product was chosen
  bool make_lead = false;
  std::optional<Handoff> handoff;
  std::optional<ConsentDecision> consent;
  bool revoke_marketing = false;
  std::vector<TraitWrite> traits;       // to be written to the profile now
  std::vector<CapturedField> captures;  // the same
};

struct Step {
  Session session;
  Resolution resolution;
  Effects effects;
};

// An event of the customer.
struct CustomerEvent {
  Inbound inbound;
  absl::Time at;  // the provider's time
};

// Begins at the flow's entry. `session` carries identity, channel, language, flow, version, source; the rest is set
// here.
Step StartSession(const Environment& env, Session session);

// Applies a message to an active session that has not expired. A message older than the last applied one, or typed
// before the prompt was made, is PREMATURE and changes nothing but the count of events.
Step ApplyEvent(const Environment& env, Session session, const CustomerEvent& event);

// What a caller may do to an active session.
enum class Control { kBack, kRestart, kStop, kHandoff, kExpire };
Step ApplyControl(const Environment& env, Session session, Control control);

// Shows the current prompt again.
Step ShowAgain(const Environment& env, Session session);

// Another session takes its place, or its version is taken away.
Step Supersede(const Environment& env, Session session);

// Continues an expired session as `fresh` (identity and times as for StartSession) with its answers. With `offer` the
// customer is asked first whether to continue or to start over.
Step ResumeSession(const Environment& env, Session fresh, const Session& expired, bool offer);

// The traits that the answers on the final path set, later ones first.
std::vector<TraitWrite> PendingTraits(const CompiledFlow& flow, const Session& session);

// "Question: choice" lines of the final path in the session's language.
std::string AnswersSummary(const CompiledFlow& flow, const Session& session);

// The value of a placeholder for a session; "" when it is missing.
std::string ReferenceValue(const Environment& env, const Session& session, const Reference& reference);

}  // namespace vinculo::profiling
