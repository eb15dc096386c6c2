#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "services/profiling/domain/capture.h"
#include "services/profiling/domain/trait.h"

namespace vinculo::profiling {

enum class IdentityType { kWhatsapp = 1, kFacebookPsid, kPhone, kEmail, kExternal, kCrm };
enum class Assurance { kClaimed = 1, kVerified, kChannel };

struct Identity {
  IdentityType type = IdentityType::kExternal;
  std::string value;  // normalised, as shown
  Assurance assurance = Assurance::kClaimed;
  absl::Time first_seen;
  absl::Time last_seen;
};

// The spelling that is stored: e-mail trimmed with its domain in lower case, phones in E.164, WhatsApp numbers as
// "+digits" (user ids that are no numbers as they are), others trimmed. nullopt when it cannot be one.
std::optional<std::string> NormalizeIdentity(IdentityType type, absl::string_view value, const PhoneParser& phone);

// What two spellings of one identity have in common: e-mail addresses compare without case.
std::string IdentityKey(IdentityType type, absl::string_view normalized);

// Values that people type to get past a form; never identities.
bool IsJunkIdentity(IdentityType type, absl::string_view normalized);

enum class ProfileKind { kPerson = 1, kCompany };
enum class ProfileState { kActive = 1, kMerged, kErased };
enum class ConsentDecisionKind { kGranted = 1, kDenied, kRevoked, kExpired };
enum class TraitSource { kComputed = 1, kAnswer, kCapture, kCrm, kApi };  // by weight: at equal times the larger wins

struct StoredTrait {
  std::string key;
  TraitValue value;
  TraitCategory category = TraitCategory::kCustom;
  TraitSource source = TraitSource::kApi;
  std::string source_ref;
  absl::Time observed_at;
};

// Whether `fresh` replaces `held`: the newer observation; at equal times the weightier source, then the larger value.
bool Supersedes(const StoredTrait& fresh, const StoredTrait& held);

struct Consent {
  std::string purpose;
  ConsentDecisionKind decision = ConsentDecisionKind::kGranted;
  absl::Time at;
  std::optional<absl::Time> expires_at;
  std::string text;
  std::string text_hash;
  std::string language;
  std::string source;

  // What it is worth now: a grant past its end is EXPIRED.
  ConsentDecisionKind Now(absl::Time now) const {
    return decision == ConsentDecisionKind::kGranted && expires_at && now >= *expires_at ? ConsentDecisionKind::kExpired
                                                                                         : decision;
  }
};

inline constexpr absl::Duration kConsentLifetime = absl::Hours(24 * 730);  // 24 months

struct Profile {
  Uuid id;
  ProfileKind kind = ProfileKind::kPerson;
  std::string company_id;
  std::string name;
  std::string locale;
  std::string contact_id;  // messaging's
  int64_t revision = 1;
  absl::Time created_at;
  absl::Time last_seen_at;
  ProfileState state = ProfileState::kActive;
  std::vector<Identity> identities;
  std::vector<StoredTrait> traits;
  std::vector<Consent> consents;
};

}  // namespace vinculo::profiling
