#include "common/status/status_macros.h"
#include "services/messaging/template_act.h"
#include "services/messaging/work/inbox_apply.h"

namespace vinculo::messaging {

absl::StatusOr<ItemResult> ApplyTemplate(sql::Transaction& tx, const Uuid& channel, const TemplateItem& item,
                                         absl::Time now) {
  // Whatever it says, and however old it is: the listing has the last word.
  RETURN_IF_ERROR(RequestTemplateSync(tx, channel, kSyncAfterWebhook, now));
  std::optional<TranslationKey> key;
  if (!item.graph_id.empty()) {
    ASSIGN_OR_RETURN(key, TemplateRepository::FindByGraphId(tx, item.graph_id));
  }
  if (!key) key = TranslationKey{channel, item.name, item.language};
  ASSIGN_OR_RETURN(const std::optional<Template> known, TemplateRepository::Find(tx, key->channel_id, key->name));
  const Translation* translation = known ? known->Find(key->language) : nullptr;
  // A draft of the same name is not what WhatsApp speaks of.
  if (translation == nullptr || translation->state == TranslationState::kDraft) return ItemResult::kIgnored;
  Verdict verdict{.graph_id = item.graph_id,
                  .status = std::nullopt,
                  .reason = item.reason.empty() ? item.rejection_reason : item.reason,
                  .title = item.other_title,
                  .quality = std::nullopt,
                  .category = ParseCategory(item.category),
                  .announced_category = ParseCategory(item.announced_category),
                  .at = item.at};
  if (!item.status.empty()) verdict.status = item.status;
  if (!item.quality.empty()) verdict.quality = item.quality;
  ASSIGN_OR_RETURN(const bool changed, ApplyVerdict(tx, *key, verdict, now));
  return changed ? ItemResult::kApplied : ItemResult::kDuplicate;
}

}  // namespace vinculo::messaging
