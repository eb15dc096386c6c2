#include "services/messaging/work/status_effects.h"

#include <algorithm>

#include "common/status/status_macros.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/domain/cost.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/marketing_record.h"
#include "services/messaging/reachability.h"
#include "services/messaging/store/inbound_repository.h"

namespace vinculo::messaging {
namespace {

// What is not told leaves what is known. No time says which of two is the newer, so the greater is kept and the order
// does not matter: what was once billed is.
bool MergePricing(const StatusItem& item, Message& m) {
  if (!item.has_pricing) return false;
  const std::string category = std::max(m.billing_category, BillingCategory(item.billing_category));
  const std::optional<bool> billable = std::max(m.billable, item.billable);
  if (m.billing_category == category && m.billable == billable) return false;
  m.billing_category = category;
  m.billable = billable;
  return true;
}

}  // namespace

bool MergeReported(const StatusItem& item, Message& m) {
  bool changed = MergeStatus(item.report, m.progress);
  if (MergePricing(item, m)) changed = true;
  return changed;
}

absl::Status MergeParked(sql::Transaction& tx, Message& m, std::vector<StatusItem>& fresh) {
  ASSIGN_OR_RETURN(std::vector<StatusItem> parked, InboundRepository::TakeParked(tx, m.wamid));
  for (StatusItem& item : parked) {
    if (MergeReported(item, m)) fresh.push_back(std::move(item));
  }
  return absl::OkStatus();
}

absl::Status FollowReported(sql::Transaction& tx, const ContactRepository& contacts, const StatusItem& item,
                            const Message& m, absl::Time now) {
  if (item.report.status != ReportedStatus::kFailed) return absl::OkStatus();
  RETURN_IF_ERROR(RestAfter(tx, contacts, m, now));
  if (item.report.error_code == kUndeliverableCode)
    return NoteUndeliverable(tx, contacts, m.contact_id, item.report.at, now);
  if (item.report.error_code != kOptedOutCode) return absl::OkStatus();
  ASSIGN_OR_RETURN(Contact contact, contacts.Get(tx, m.contact_id));
  RETURN_IF_ERROR(contacts.LoadIdentities(tx, contact));
  return ActOnCompliance(tx, contacts, contact, ComplianceAct::kStopMarketing, "PROVIDER", item.wamid, item.report.at,
                         now);
}

}  // namespace vinculo::messaging
