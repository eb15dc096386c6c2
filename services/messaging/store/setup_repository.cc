#include "services/messaging/store/setup_repository.h"

#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

struct StepQuery {
  const char* name;
  sql::Query query;
};

constexpr StepQuery kSteps[] = {
    {"CHANNEL_CONNECTED", {"setup_channel", "SELECT 1 FROM sender WHERE tenant_id = ? LIMIT 1"}},
    {"WEBHOOK_SEEN", {"setup_webhook", "SELECT 1 FROM channel WHERE tenant_id = ? AND webhook_at IS NOT NULL LIMIT 1"}},
    {"TEMPLATE_APPROVED",
     {"setup_template",
      "SELECT 1 FROM translation WHERE tenant_id = ? AND status IN ('APPROVED', 'REINSTATED', 'FLAGGED') LIMIT 1"}},
    {"CONTACTS_IMPORTED", {"setup_contact", "SELECT 1 FROM contact WHERE tenant_id = ? AND state = 1 LIMIT 1"}},
    {"CONSENT_RECORDED", {"setup_consent", "SELECT 1 FROM consent WHERE tenant_id = ? AND decision = 1 LIMIT 1"}},
    {"TEST_RECEIVED", {"setup_test", "SELECT 1 FROM message WHERE tenant_id = ? AND delivered_at IS NOT NULL LIMIT 1"}},
    {"CAMPAIGN_LAUNCHED",
     {"setup_campaign", "SELECT 1 FROM campaign WHERE tenant_id = ? AND started_at IS NOT NULL LIMIT 1"}},
};

}  // namespace

absl::StatusOr<std::vector<SetupStep>> SetupRepository::Steps(sql::Transaction& tx) {
  std::vector<SetupStep> out;
  for (const StepQuery& step : kSteps) {
    ASSIGN_OR_RETURN(const std::optional<int64_t> found,
                     tx.Find(
                         step.query, [](const sql::Row& r) { return r.Int(0); }, tx.tenant()));
    out.push_back({step.name, found.has_value()});
  }
  return out;
}

std::vector<sql::Query> SetupRepository::Queries() {
  std::vector<sql::Query> out;
  for (const StepQuery& step : kSteps) out.push_back(step.query);
  return out;
}

}  // namespace vinculo::messaging
