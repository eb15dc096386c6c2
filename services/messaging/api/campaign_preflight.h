#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/preflight.h"
#include "services/messaging/store/contact_repository.h"
#include "vinculo/messaging/v1/campaign_service.pb.h"

namespace vinculo::messaging {

// What a start would do [M-59].
struct Preflight {
  AudienceSummary audience;
  std::vector<Finding> findings;
  std::vector<std::pair<PreflightSample, RenderedTemplate>> samples;
  FinishEstimate finish;
  absl::Time start;
  std::optional<int64_t> reach_left;
};

// Walks the audience with the freeze's own functions; changes nothing. `start` stands in for the campaign's own.
absl::StatusOr<Preflight> RunPreflight(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& id,
                                       const std::optional<CampaignStart>& start, absl::Time now);

void RenderPreflight(const Preflight& in, bool personal, v1::PreflightCampaignResponse* out);

}  // namespace vinculo::messaging
