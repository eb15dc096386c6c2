#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "services/messaging/domain/content.h"
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
  bool by_person = false;  // an act of the person's own
};

// The evidence with the latest time decides; a revocation wins a tie. The order of arrival does not matter [M-38].
Decision Decide(const std::vector<Consent>& evidence, Purpose purpose);

// True when the person's own revocation stands and `grant` is not an act of their own, later than it [M-39].
bool BlockedByPerson(const std::vector<Consent>& evidence, const Consent& grant);

// What keeps messages from a contact. A bit set.
enum Suppressed : int {
  kSuppressedMarketing = 1,
  kSuppressedInitiated = 2,
  kSuppressedBlocked = 4,
  kSuppressedUnreachable = 8
};

// What a decision to send needs to know about a contact.
struct Permissions {
  bool live = true;  // neither merged away nor erased
  Decision marketing = Decision::kNone;
  Decision transactional = Decision::kNone;
  int suppressed = 0;
  bool has_phone = true;
  std::string country;
};

// What is to be sent.
struct SendKind {
  bool is_template = false;
  Category category = Category::kUnspecified;
  bool needs_phone = false;  // one-time codes
};

// "" when it may be sent, else the reason, from a closed list: CONTACT_ERASED, CONTACT_BLOCKED, WINDOW_CLOSED,
// OPTED_OUT, UNREACHABLE, NO_CONSENT, COUNTRY, PHONE_REQUIRED. [M-37]
absl::string_view SendBlock(const Permissions& contact, const SendKind& kind, bool window_open);

// The first reason in the order of exclusions of a campaign [M-60], "" for none.
absl::string_view CampaignBlock(const Permissions& contact, const SendKind& kind);

// What an inbound message asks for.
enum class ComplianceAct { kNone = 0, kStopMarketing = 1, kStopAll = 2, kStart = 3 };

struct ComplianceWords {
  std::vector<std::string> stop_marketing = {"BAJA", "SALIR",    "PARAR",       "STOP",
                                             "SAIR", "CANCELAR", "UNSUBSCRIBE", "NO RECIBIR MAS"};
  std::vector<std::string> stop_all = {"BAJA TOTAL", "STOP ALL"};
  std::vector<std::string> start = {"ALTA", "START"};
};

// Words match only the whole text, folded; payloads `STOP`, `STOP:marketing`, `STOP:all` match byte for byte [M-40].
ComplianceAct ParseCompliance(const InboundContent& content, const ComplianceWords& words);

}  // namespace vinculo::messaging
