#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "services/messaging/domain/content.h"
#include "services/messaging/domain/policy.h"
#include "services/messaging/domain/template.h"

namespace vinculo::messaging {

enum class Purpose { kMarketing = 1, kTransactional = 2 };
// kNone: there is no evidence.
enum class Decision { kNone = 0, kGranted = 1, kRevoked = 2 };

// Append-only evidence.
struct Consent {
  Uuid id;
  Uuid contact_id;
  Purpose purpose = Purpose::kMarketing;
  Decision decision = Decision::kNone;
  absl::Time at;
  std::string source;
  std::string text_version;
  std::string reference;
  std::string actor;
  bool by_person = false;                // an act of the person's own
  std::optional<absl::Time> expires_at;  // of a grant: from then on it is none
};

// The evidence with the latest time decides; a revocation wins a tie. The order of arrival does not matter [M-38]. A
// grant that has expired at `now` is kNone.
Decision Decide(const std::vector<Consent>& evidence, Purpose purpose, absl::Time now);
// When the grants that decide now expire: the earliest; nullopt when none does.
std::optional<absl::Time> NextExpiry(const std::vector<Consent>& evidence, absl::Time now);

// True when the person's own revocation stands and `grant` is not an act of their own, later than it [M-39].
bool BlockedByPerson(const std::vector<Consent>& evidence, const Consent& grant);

// What keeps messages from a contact: scope and reason in one, as a bit set. Stored as these numbers.
enum Suppressed : int {
  kSuppressedMarketing = 1,    // by the person
  kSuppressedInitiated = 2,    // by the person
  kSuppressedBlocked = 4,      // everything, by the operator
  kSuppressedUnreachable = 8,  // what we start, while WhatsApp cannot deliver
  kOperatorMarketing = 16,
  kOperatorInitiated = 32
};
// Acts of the person's own; only the person lifts them.
inline constexpr int kSuppressedByPerson = kSuppressedMarketing | kSuppressedInitiated;
inline constexpr int kSuppressionFlags[] = {1, 2, 4, 8, 16, 32};

// What a decision to send needs to know about a contact.
struct Permissions {
  bool live = true;  // neither merged away nor erased
  Decision marketing = Decision::kNone;
  Decision transactional = Decision::kNone;
  int suppressed = 0;
  bool has_phone = true;
  std::string country;
  bool tester = false;
};

// What is to be sent.
struct SendKind {
  bool is_template = false;
  Category category = Category::kUnspecified;
  bool needs_phone = false;  // one-time codes
  bool test = false;         // of SendTest: a tester's mark counts as consent [M-54]
};

// "" when it may be sent, else the reason, from a closed list: CONTACT_ERASED, CONTACT_BLOCKED, WINDOW_CLOSED,
// OPTED_OUT, UNREACHABLE, NO_CONSENT, COUNTRY, PHONE_REQUIRED. [M-37]
absl::string_view SendBlock(const Permissions& contact, const SendKind& kind, const Policy& policy, bool window_open);

// The first reason in the order of exclusions of a campaign [M-60], "" for none.
absl::string_view CampaignBlock(const Permissions& contact, const SendKind& kind, const Policy& policy);

// What an inbound message asks for.
enum class ComplianceAct { kNone = 0, kStopMarketing = 1, kStopAll = 2, kStart = 3 };

// What people write in one language to opt out or in again.
struct LanguageWords {
  std::vector<std::string> stop_marketing;
  std::vector<std::string> stop_all;
  std::vector<std::string> start;
  int64_t revision = 0;  // 0: ours, never stored
};
inline constexpr int kMaxComplianceWords = 100;  // of one language
inline constexpr int kMaxComplianceLanguages = 50;

// Ours, by language, for whoever never set that language's own.
const std::map<std::string, LanguageWords>& DefaultComplianceWords();

// The words of a tenant, ready to be matched: those of every language, folded. Where two languages disagree about a
// word the stronger act counts, opting out before opting in.
class ComplianceWords {
 public:
  ComplianceWords() : ComplianceWords(DefaultComplianceWords()) {}
  explicit ComplianceWords(const std::map<std::string, LanguageWords>& by_language);

  // kNone unless the whole text is one of the words, whatever case, accents, width and punctuation around it.
  ComplianceAct ActOf(absl::string_view text) const;

 private:
  absl::flat_hash_map<std::string, ComplianceAct> acts_;
};

// Words match only the whole text, folded; payloads `STOP`, `STOP:marketing`, `STOP:all` match byte for byte [M-40].
ComplianceAct ParseCompliance(const InboundContent& content, const ComplianceWords& words);

}  // namespace vinculo::messaging
