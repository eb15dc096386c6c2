#include "services/messaging/work/status_effects.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/domain/cost.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/marketing_record.h"
#include "services/messaging/reachability.h"
#include "services/messaging/sender_state.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/template_repository.h"
#include "services/messaging/template_act.h"

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

absl::StatusOr<bool> QueueFallback(sql::Transaction& tx, Message& m, absl::Time now) {
  if (!m.fallback || now >= m.expire_at) return false;
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, m.sender_id));
  ASSIGN_OR_RETURN(const std::optional<Template> found,
                   TemplateRepository::Find(tx, sender.channel_id, m.fallback->name));
  const Message begun = m;
  if (!TakeFallback(m, found ? &*found : nullptr)) return false;
  KeepBegunCategory(begun, m);
  m.progress = {.phase = Phase::kQueued,
                .attempt = begun.progress.attempt,
                .error_reason = std::string(kWindowClosed),
                .error_code = kWindowClosedCode};
  m.due_at = now;
  tx.Raise(kSignalQueue);
  RETURN_IF_ERROR(MessageRepository::Update(tx, m));
  return true;
}

absl::Status CloseWindowIfTold(sql::Transaction& tx, Message& m, absl::Time now) {
  const bool reported = m.progress.phase == Phase::kAccepted || m.progress.phase == Phase::kReported;
  const bool told = m.state() == MessageState::kFailed && m.progress.error_code == kWindowClosedCode;
  if (!reported || !told || std::holds_alternative<TemplateContent>(m.content)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<Message> whole, MessageRepository::Find(tx, m.id));
  if (whole) m.fallback = whole->fallback;
  ASSIGN_OR_RETURN(const bool again, QueueFallback(tx, m, now));
  if (!again) m.progress.error_reason = std::string(kWindowClosed);
  return absl::OkStatus();
}

absl::Status StopTemplate(sql::Transaction& tx, const Message& m, int code, absl::Time now) {
  if (m.campaign_id) RETURN_IF_ERROR(AutoPause(tx, *m.campaign_id, "TEMPLATE_UNAVAILABLE", now));
  const auto* content = std::get_if<TemplateContent>(&m.content);
  if (content == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, m.sender_id));
  const TranslationKey key{sender.channel_id, content->name, content->language};
  ASSIGN_OR_RETURN(const std::optional<Template> known, TemplateRepository::Find(tx, key.channel_id, key.name));
  const Translation* is = known ? known->Find(key.language) : nullptr;
  if (is == nullptr || !is->Sendable()) return absl::OkStatus();
  const Verdict verdict{.status = absl::StrCat("PROVIDER_", code), .at = std::max(now, is->status_at)};
  RETURN_IF_ERROR(ApplyVerdict(tx, key, verdict, now).status());
  return RequestTemplateSync(tx, key.channel_id, absl::ZeroDuration(), now);
}

absl::Status OptOutTold(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& id, const PersonRef& told,
                        const std::string& reference, absl::Time at, absl::Time now) {
  ASSIGN_OR_RETURN(Contact contact, contacts.Get(tx, id));
  if (contact.state == ContactState::kErased) {
    contact.identities = IdentitiesOf(told);
    return contacts.Suppress(tx, contact, kSuppressedMarketing, std::nullopt, now);
  }
  RETURN_IF_ERROR(contacts.LoadIdentities(tx, contact));
  return ActOnCompliance(tx, contacts, contact, ComplianceAct::kStopMarketing, "PROVIDER", reference, at, now);
}

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

absl::Status FollowReported(sql::Transaction& tx, const ContactRepository& contacts, const ErrorClasses& classes,
                            const StatusItem& item, const Message& m, absl::Time now) {
  const int code = item.report.error_code;
  if (item.report.status != ReportedStatus::kFailed || code == 0) return absl::OkStatus();
  RETURN_IF_ERROR(RestAfter(tx, contacts, m, now));
  const ErrorClass is = classes.Classify({.result = SendResult::kRefused, .graph_error = true, .code = code});
  if (is == ErrorClass::kAccount) return BlockForError(tx, m.sender_id, code, now);
  if (is == ErrorClass::kTemplate) return StopTemplate(tx, m, code, now);
  if (code == kUndeliverableCode) return NoteUndeliverable(tx, contacts, m.contact_id, item.report.at, now);
  if (code != kOptedOutCode) return absl::OkStatus();
  const PersonRef told{.phone = "", .wa_id = item.recipient_wa_id, .bsuid = item.recipient_bsuid};
  return OptOutTold(tx, contacts, m.contact_id, told, item.wamid, item.report.at, now);
}

}  // namespace vinculo::messaging
