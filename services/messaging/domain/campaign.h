#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "services/messaging/domain/audience.h"
#include "services/messaging/domain/contact.h"
#include "services/messaging/domain/content.h"
#include "services/messaging/domain/message_state.h"
#include "services/messaging/domain/policy.h"
#include "services/messaging/domain/template.h"
#include "services/messaging/domain/template_render.h"

namespace vinculo::messaging {

// Stored as these numbers, which are those of the contract; never renumbered.
enum class CampaignState {
  kDraft = 1,
  kScheduled = 2,
  kFreezing = 3,
  kRunning = 4,
  kPaused = 5,
  kCompleted = 6,
  kCancelled = 7
};
enum class RecipientState {
  kExcluded = 1,
  kQueued = 2,
  kSkipped = 3,
  kSending = 4,
  kUnknown = 5,
  kAccepted = 6,
  kHeld = 7,
  kSent = 8,
  kDelivered = 9,
  kRead = 10,
  kFailed = 11,
  kExpired = 12,
  // Counters beside the states: people, not rows.
  kReplierDirect = 101,
  kReplierInferred = 102,
  kOptOut = 103
};

absl::string_view CampaignStateName(CampaignState state);
// What a recipient shows for the state of its message.
RecipientState RecipientStateOf(MessageState state);

// Where a value of a template comes from.
struct ParameterSource {
  enum class Kind { kFixed = 1, kContactField = 2, kAttribute = 3, kListVariable = 4 };
  Kind kind = Kind::kFixed;
  std::string text;  // the value, field, attribute or variable
  std::string default_value;
};

struct CampaignLanguage {
  bool by_contact = false;
  std::string language;  // fixed, or the fallback
};

// When it starts [M-65].
struct CampaignStart {
  enum class Kind { kNow = 0, kInstant = 1, kTenantTime = 2, kContactTime = 3 };
  Kind kind = Kind::kNow;
  absl::Time instant;
  absl::CivilSecond local;
};

// A limit in millionths of the currency's unit.
struct MaxCost {
  std::string currency;
  int64_t micros = 0;
};

// The first slice [M-69].
struct Canary {
  int count = 0;    // 0 and percent 0: the larger of 50 and 1 %
  int percent = 0;  // of those who are written to
  absl::Duration wait = absl::Minutes(15);

  int64_t SizeOf(int64_t recipients) const;
};

// When it stops by itself. Parts that are unset or 0 leave it to the policy.
struct CampaignGuards {
  std::optional<MaxCost> max_cost;
  std::optional<Canary> canary;
  std::optional<WeeklyHours> allowed_hours;
  Protection protection = kUnsetProtection;
};

// The thresholds of a campaign: its own where set, else the policy's.
Protection ProtectionOf(const Policy& policy, const CampaignGuards& guards);

// Stored as these numbers; never renumbered.
enum class CanaryPhase { kNone = 0, kSlice = 1, kWaiting = 2, kPassed = 3 };

// What a RUNNING campaign waits for; an empty reason: nothing [M-73].
struct CampaignWait {
  // RATE, REACH, HOURS, CANARY, PROVIDER, ANSWERS or SENDER_BLOCKED; each has an entry in the help.
  std::string reason;
  std::optional<absl::Time> until;
  friend bool operator==(const CampaignWait&, const CampaignWait&) = default;
};

struct Campaign {
  Uuid id;
  std::string display_name;
  Uuid sender_id;
  Uuid channel_id;
  std::string template_name;
  CampaignLanguage language;
  std::map<std::string, ParameterSource> parameters;
  AudienceFilter audience;
  ReplyRoute reply_route;
  int rate_per_second = 0;
  std::optional<absl::Time> deadline;
  CampaignStart start;
  CampaignGuards guards;
  CampaignState state = CampaignState::kDraft;
  std::string pause_reason;
  bool pause_when_frozen = false;
  Uuid freeze_cursor;   // the last contact frozen
  bool frozen = false;  // the ledger is complete
  // The variables of each language's translation at the freeze, by language, joined.
  std::map<std::string, std::string> frozen_places;
  CanaryPhase canary_phase = CanaryPhase::kNone;
  int64_t canary_size = 0;
  std::optional<absl::Time> canary_until;
  CampaignWait wait;
  std::optional<absl::Time> started_at;
  std::optional<absl::Time> ended_at;
  std::string caller;
  int64_t revision = 1;
  absl::Time created_at;
};

// What people do to campaigns.
enum class CampaignAct { kEdit, kTune, kDelete, kSchedule, kUnschedule, kPause, kResume, kCancel, kRetry };

// OK, or FAILED_PRECONDITION CAMPAIGN_STATE naming the state [M-56]. kTune is a change of rate, guards and deadline
// only.
absl::Status CheckAct(const Campaign& campaign, CampaignAct act);
inline constexpr int kMaxLiveCampaigns = 100;       // scheduled or running
inline constexpr int64_t kMaxAudience = 5'000'000;  // of one campaign
inline constexpr absl::Duration kMaxAhead = absl::Hours(24 * 366);
inline constexpr absl::Duration kMaxDuration = absl::Hours(24 * 30);  // from the start to the deadline

// Everything shared by all recipients of one freeze or preflight.
struct CampaignPlan {
  const Campaign* campaign = nullptr;
  const Template* message_template = nullptr;
  const Policy* policy = nullptr;
  bool test = false;  // for testers: their mark counts as consent
};

// The variables of a translation, joined: what must not change between freeze and resume [M-72].
std::string JoinedPlaces(const Translation& translation);

// What one matched contact would get: excluded for a reason, or language, version and frozen values.
struct RecipientPlan {
  std::string excluded;       // "" when it goes out
  std::string problem_place;  // for PARAMETER_*
  std::string language;
  int version = 0;
  Category category = Category::kUnspecified;
  PlaceValues values;
};

// The same function at preflight and freeze, so that both count the same. `variables` are those of the list member
// [M-60].
RecipientPlan PlanRecipient(const CampaignPlan& plan, const Contact& contact,
                            const std::map<std::string, std::string>& variables);

// The translation a contact is written to in: exact, then language part, then the fallback; nullptr when none is
// sendable [M-57].
const Translation* ChooseTranslation(const CampaignPlan& plan, absl::string_view contact_language);

// Position of a contact in a campaign: a hash, so that any first n are a random sample [M-64].
int64_t RecipientPosition(const Uuid& campaign, const Uuid& contact);

// Counters of a campaign by (state, reason).
using RecipientCounts = std::map<std::pair<RecipientState, std::string>, int64_t>;

// The funnel [M-116] [M-117].
struct Funnel {
  std::map<RecipientState, int64_t> by_state;
  int64_t audience = 0;
  int64_t refused = 0;
  int64_t failed_later = 0;
  int64_t attempted = 0;
  int64_t accepted_ever = 0;
  int64_t delivered_ever = 0;
  int64_t of(RecipientState state) const;
};
// Reasons of FAILED that begin with LATER_ came after acceptance.
inline constexpr absl::string_view kFailedLater = "LATER_";
Funnel MakeFunnel(const RecipientCounts& counts);

}  // namespace vinculo::messaging
