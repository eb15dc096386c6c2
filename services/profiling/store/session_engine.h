#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/profiling/domain/session_machine.h"
#include "services/profiling/store/published.h"
#include "services/profiling/store/secret_box.h"
#include "services/profiling/store/service_event.h"

namespace vinculo::profiling {

// Kinds of jobs that steps leave behind.
inline constexpr char kOutboundJob[] = "profiling_outbound";      // key: session/revision
inline constexpr char kTimerJob[] = "profiling_session_timer";    // key: session
inline constexpr char kDeliveryJob[] = "profiling_crm_delivery";  // key: delivery
inline constexpr char kLinkJob[] = "profiling_link_contact";      // key: contact

// One message of a customer, whichever door it came through.
struct InboundRequest {
  Channel channel = Channel::kUnspecified;
  std::string identity;  // as the channel names the customer
  std::string event_id;
  absl::Time at;
  Inbound inbound;
  std::string flow_id;     // to start when no session takes it
  std::string session_id;  // what messaging's hold named
  std::optional<int64_t> revision;
  int prompt_seq = 0;
  std::optional<absl::Time> window_until;
  std::string contact_id, sender_id, name;  // of messaging
  std::optional<Uuid> profile_id;           // known already
  Source source = Source::kMenu;
  std::string source_ref;
  bool through_messaging = false;
};

struct StartRequest {
  std::string flow_id;
  Channel channel = Channel::kUnspecified;
  std::string identity;
  std::optional<Uuid> profile_id;
  std::string language;
  Source source = Source::kApi;
  std::string source_ref;
  bool test = false;
  std::string contact_id, sender_id, name;
  std::optional<absl::Time> window_until;
  bool through_messaging = false;
};

struct EngineResult {
  bool handled = true;
  bool duplicate = false;
  std::string stored_reply;  // of a duplicate
  bool started = false;
  bool resumed = false;
  std::string reason;  // why nobody took it
  Resolution resolution;
  std::optional<Session> session;
  std::vector<OutboundMessage> messages;
};

// Renders the reply that a repetition of the event gets.
using RenderReply = std::function<std::string(const EngineResult&)>;

struct EngineOptions {
  PhoneParser phone;
  bool contract_is_basis = false;  // leads go out without consent
};

// The transaction scripts of sessions: load, decide with the session machine, save, tell, leave jobs behind. Both
// doors, the timers and the controls use them. Thread-safe; every function runs inside the caller's transaction.
class SessionEngine {
 public:
  SessionEngine(Published& published, const SecretBox& secrets, EmitEvent emit, EngineOptions options)
      : published_(published), secrets_(secrets), emit_(std::move(emit)), options_(std::move(options)) {}

  // Applies a message at most once. ABORTED `PROMPT_MOVED` when the caller's revision or prompt is not the current one.
  absl::StatusOr<EngineResult> HandleInbound(sql::Transaction& tx, const InboundRequest& request,
                                             const RenderReply& render, absl::Time now);
  // FAILED_PRECONDITION `NOT_PUBLISHED`, ALREADY_EXISTS `SESSION_CONFLICT`, NOT_FOUND `FLOW_NOT_FOUND`,
  // `PROFILE_NOT_FOUND`.
  absl::StatusOr<EngineResult> Start(sql::Transaction& tx, const StartRequest& request, absl::Time now);
  // NOT_FOUND `SESSION_NOT_FOUND`, FAILED_PRECONDITION `SESSION_ENDED`, ABORTED `ETAG_MISMATCH`.
  absl::StatusOr<EngineResult> Steer(sql::Transaction& tx, const Uuid& session, Control control,
                                     std::optional<int64_t> revision, absl::Time now);
  // Expires the session when its time has come; else says when to look again. nullopt: never again.
  absl::StatusOr<std::optional<absl::Time>> OnTimer(sql::Transaction& tx, const Uuid& session, absl::Time now);
  // The profile behind a contact of messaging, made when nobody has its identity. Emits profile.contact_linked once.
  absl::StatusOr<Uuid> LinkContact(sql::Transaction& tx, Channel channel, const std::string& identity,
                                   const std::optional<Uuid>& known, const std::string& contact_id,
                                   const std::string& name, absl::Time now);
  absl::Status PutConsent(sql::Transaction& tx, const Uuid& profile, Consent consent, bool from_messaging,
                          absl::Time now);

  const EngineOptions& options() const { return options_; }
  const SecretBox& secrets() const { return secrets_; }

 private:
  friend class EngineStep;
  absl::StatusOr<Uuid> ResolveProfile(sql::Transaction& tx, IdentityType type, const std::string& identity,
                                      const std::string& name, absl::Time now);
  absl::StatusOr<EngineResult> StartFor(sql::Transaction& tx, const StartRequest& request, const Uuid& profile,
                                        std::optional<Session> active, absl::Time now);
  absl::StatusOr<EngineResult> ApplyToActive(sql::Transaction& tx, const InboundRequest& request, Session active,
                                             absl::Time now);
  absl::StatusOr<EngineResult> WithoutSession(sql::Transaction& tx, const InboundRequest& request, const Uuid& profile,
                                              absl::Time now);
  absl::StatusOr<EngineResult> LateReplyTo(sql::Transaction& tx, const InboundRequest& request, const Session& expired,
                                           absl::Time now);
  absl::Status Expire(sql::Transaction& tx, const Session& session, absl::Time now);

  Published& published_;
  const SecretBox& secrets_;
  const EmitEvent emit_;
  const EngineOptions options_;
};

// Which identity a channel names customers by.
IdentityType IdentityOf(Channel channel);

}  // namespace vinculo::profiling
