#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/domain/template_lint.h"

namespace vinculo::messaging {

// What one pass over the audience found. The same counts come out of a freeze when nothing changes in between [M-59].
struct AudienceSummary {
  int64_t matched = 0;
  int64_t reachable = 0;
  std::map<std::string, int64_t> excluded;
  std::map<std::string, int64_t> by_language;
  std::map<std::string, int64_t> by_country;

  void Add(const RecipientPlan& plan, const Contact& contact);
};

// What stands in the way of a start (errors) and what should be known (warnings) [M-61]. `message_template` is null
// when there is none.
std::vector<Finding> CheckCampaign(const Campaign& campaign, const Template* message_template, const Sender& sender,
                                   const AudienceSummary& audience, absl::Time now);

}  // namespace vinculo::messaging
