#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/messaging/domain/allowed_hours.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/domain/cost.h"
#include "services/messaging/domain/finish_estimate.h"
#include "services/messaging/domain/money.h"
#include "services/messaging/domain/template_lint.h"

namespace vinculo::messaging {

// One example of what people would read, or whom a parameter problem leaves out.
struct PreflightSample {
  Uuid contact;
  int64_t position = 0;
  int64_t length = 0;
  std::string why;  // FIRST, SHORTEST, LONGEST, PARAMETER_MISSING, PARAMETER_INVALID
  RecipientPlan plan;
};

// What a preflight and a freeze count. Preflight fills all of it; with no change in between its counts are the freeze's
// [M-59].
class AudienceSummary {
 public:
  // `price` is unset for a recipient without a rate; `free` when an open window makes it so.
  void Add(const RecipientPlan& plan, const Contact& contact, const ZoneClock::Opening& opening);
  void AddCost(const std::optional<CostRate>& rate, bool free);
  void AddSample(PreflightSample sample);
  // The first positions, the shortest and longest, one for each parameter problem, and more of the first: at most ten.
  std::vector<PreflightSample> Samples() const;
  std::vector<ZoneGroup> Groups() const;

  int64_t matched = 0;
  int64_t reachable = 0;
  std::map<std::string, int64_t> excluded;     // by reason
  std::map<std::string, int64_t> by_language;  // reachable
  std::map<std::string, int64_t> by_country;   // reachable
  std::map<std::string, int64_t> billed;       // by currency
  std::map<std::string, int64_t> free;         // by currency
  MoneySums cost;
  int64_t without_rate = 0;
  int64_t at_frequency_cap = 0;
  int64_t never_open = 0;

 private:
  std::map<std::pair<std::string, bool>, ZoneGroup> groups_;  // by zone, marketing or not
  std::vector<PreflightSample> first_;
  std::optional<PreflightSample> shortest_, longest_;
  std::map<std::string, PreflightSample> problems_;  // by place and reason
};

// What is known beside the audience.
struct PreflightFacts {
  const Campaign& campaign;
  const Template* message_template = nullptr;
  const Sender& sender;
  const Policy& policy;
  absl::Time now;
  absl::Time start;
  std::string ended_media;  // a file of the template that ends before the last message; "" for none
};

// What stands in the way (errors block the launch) or should be known (warnings), in that order [M-61].
std::vector<Finding> CheckCampaign(const PreflightFacts& facts, const AudienceSummary& audience,
                                   const FinishEstimate& finish);
// Those that need no walk over the audience: at the start and at a resume.
std::vector<Finding> CheckStart(const PreflightFacts& facts);

}  // namespace vinculo::messaging
