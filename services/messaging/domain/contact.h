#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "services/messaging/domain/audience.h"
#include "services/messaging/domain/consent.h"

namespace vinculo::messaging {

enum class IdentityKind { kPhone = 1, kWaId = 2, kBsuid = 3 };
absl::string_view IdentityKindName(IdentityKind kind);  // "PHONE", "WA_ID", "BSUID"

struct Identity {
  IdentityKind kind = IdentityKind::kPhone;
  std::string value;
  friend bool operator==(const Identity&, const Identity&) = default;
};

// True for WhatsApp's business-scoped user ids, wherever they appear: `AR.99887766`.
bool IsBsuid(absl::string_view value);

// The E.164 number of a wa_id, which is its digits.
inline std::string PhoneOfWaId(absl::string_view wa_id) { return absl::StrCat("+", wa_id); }

enum class ContactState { kActive = 1, kMerged = 2, kErased = 3 };

struct Contact {
  Uuid id;
  ContactState state = ContactState::kActive;
  std::string name;
  std::string first_name;
  std::string language;
  std::string time_zone;
  std::string country;  // of the phone, or the prefix of the BSUID
  std::string customer_id;
  std::string phone;  // E.164 sent to; "" when only a BSUID is known
  std::string bsuid;
  std::vector<std::string> tags;
  std::map<std::string, std::string> attributes;
  std::vector<Identity> identities;  // loaded only where asked for
  Decision marketing = Decision::kNone;
  Decision transactional = Decision::kNone;
  int suppressed = 0;
  bool tester = false;  // may get tests of templates and campaigns
  std::optional<absl::Time> last_inbound_at;
  std::vector<absl::Time> recent_marketing;        // begun lately, oldest first; whole seconds
  std::optional<absl::Time> marketing_rest_until;  // WhatsApp asked to leave the person alone; read for sends only
  int64_t revision = 1;
  absl::Time created_at;
  absl::Time updated_at;

  Permissions permissions() const;
  // Granted, and not opted out, blocked or unreachable; wherever the person is.
  bool marketing_allowed() const;
  // WhatsApp asked for a day without marketing [M-110].
  bool Rests(absl::Time now) const { return marketing_rest_until && now < *marketing_rest_until; }
};

// Marketing that began within the policy's window: how much, one more, and one less because it was refused [M-68]. The
// record is bounded by the largest cap there is.
inline constexpr size_t kMaxRecentMarketing = 100;
int MarketingWithin(const Contact& contact, absl::Duration window, absl::Time now);
void NoteMarketing(Contact& contact, absl::Duration window, absl::Time now);
void ForgetMarketing(Contact& contact, absl::Time begun);

// What a change to a contact may set; empty fields change nothing.
struct ContactPatch {
  std::string name;
  std::string first_name;
  std::string language;
  std::string time_zone;
  std::string customer_id;
  std::vector<std::string> add_tags;
  std::map<std::string, std::string> attributes;
};

inline constexpr int kMaxIdentities = 10;
inline constexpr int kMaxTags = 50;
inline constexpr int kMaxAttributes = 100;

// Applies the patch; true when anything changed.
bool ApplyPatch(const ContactPatch& patch, Contact& contact);

// Of two contacts that are one person the older survives, then the one with the smaller id [M-08].
bool Survives(const Contact& one, const Contact& other);
// What the survivor takes over: whatever it does not have itself, tags and attributes up to their bounds, the later
// inbound time, and every suppression. Identities and consent are the store's to move.
void Unite(const Contact& loser, Contact& survivor);

// "+5491122334455" -> "+54*******4455": what callers without the right to personal data see.
std::string MaskIdentity(absl::string_view value);

}  // namespace vinculo::messaging
