#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "common/status/error.h"
#include "services/messaging/domain/consent.h"

namespace vinculo::messaging {

enum class AttributeOperator { kEquals = 1, kNotEquals = 2, kIn = 3, kLess = 4, kGreater = 5, kMissing = 6 };

// What came of a campaign to a contact.
enum class CampaignOutcome { kSent = 1, kDelivered = 2, kRead = 3, kReplied = 4, kNotReplied = 5, kFailed = 6 };

// What the ledger says of a contact, as far as outcomes ask.
struct OutcomeFacts {
  bool sent = false;  // WhatsApp took it, whatever came after
  bool delivered = false;
  bool read = false;
  bool replied = false;
  bool failed = false;
};

// A tree of conditions.
struct AudienceFilter {
  enum class Kind {
    kEmpty = 0,
    kAllContacts = 1,
    kList = 2,
    kTag = 3,
    kLanguage = 4,
    kCountry = 5,
    kAttribute = 6,
    kAll = 7,
    kAny = 8,
    kNot = 9,
    kConsent = 10,
    kLastInbound = 11,
    kOutcome = 12,
    kSegment = 13
  };
  Kind kind = Kind::kEmpty;
  Uuid list_id;
  std::string text;  // tag, language, country, attribute key, segment
  AttributeOperator op = AttributeOperator::kEquals;
  std::vector<std::string> values;
  std::vector<AudienceFilter> children;  // one for kNot
  Purpose purpose = Purpose::kMarketing;
  Decision decision = Decision::kNone;
  absl::Duration within;  // kLastInbound
  Uuid campaign_id;
  CampaignOutcome outcome = CampaignOutcome::kSent;
};

inline constexpr int kMaxFilterNodes = 128;
inline constexpr int kMaxFilterDepth = 8;
inline constexpr int kMaxFilterValues = 1000;

// AUDIENCE_NOT_EXPLICIT when the filter is empty; INVALID_FIELDS with every violation under `field` otherwise.
absl::Status ValidateFilter(const AudienceFilter& filter, absl::string_view field);

// What a filter is matched against.
struct AudienceFacts {
  std::vector<std::string> tags;
  std::map<std::string, std::string> attributes;
  std::string language;
  std::string country;
  absl::flat_hash_set<Uuid> lists;
  Decision marketing = Decision::kNone;
  Decision transactional = Decision::kNone;
  std::optional<absl::Time> last_inbound_at;
  absl::Time now;
  std::map<Uuid, OutcomeFacts> outcomes;  // of the campaigns that the filter names
};

// A missing attribute makes every comparison false except kMissing [M-36].
bool Matches(const AudienceFilter& filter, const AudienceFacts& facts);

// The lists, campaigns and segments a filter names.
std::vector<Uuid> ListsOf(const AudienceFilter& filter);
std::vector<Uuid> CampaignsOf(const AudienceFilter& filter);
std::vector<std::string> SegmentsOf(const AudienceFilter& filter);
// The filter with each segment replaced by what it stands for; one that is not among `segments` matches nobody.
AudienceFilter ExpandSegments(const AudienceFilter& filter, const std::map<std::string, AudienceFilter>& segments);

}  // namespace vinculo::messaging
