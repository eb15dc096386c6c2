#include "services/messaging/work/template_sync.h"

#include <algorithm>

#include "common/status/status_macros.h"
#include "services/messaging/domain/template_content.h"
#include "services/messaging/store/template_account_repository.h"
#include "services/messaging/template_act.h"

namespace vinculo::messaging {
namespace {

constexpr int kUnseenPage = 500;
// Six thousand templates are sixty pages; an account that goes on for ever is not followed.
constexpr int kMaxPages = 1000;

// Another version in the account than the one we hold: true when a version was added or adopted.
absl::Status ApplyContent(sql::Transaction& tx, const TranslationKey& key, const Template* t, const Translation* is,
                          const ListedTemplate& item, absl::Time now) {
  const VariableFormat format = t != nullptr ? t->variable_format : item.format;
  if (is == nullptr) return TemplateRepository::AddSynced(tx, key, format, item.category, item.components, now);
  // A draft that was never submitted may be what WhatsApp has: an answer was lost.
  const bool draft = is->state == TranslationState::kDraft;
  const std::optional<TemplateVersion>& live = draft ? is->draft : is->submitted;
  if (!live) return TemplateRepository::AddSynced(tx, key, format, item.category, item.components, now);
  const TemplateComponents listed = CompleteListed(item.components, live->components, item.ttl_known);
  if (ContentOf(listed) != ContentOf(live->components))
    return TemplateRepository::AddSynced(tx, key, format, item.category, listed, now);
  return draft ? TemplateRepository::AdoptDraft(tx, key, now) : absl::OkStatus();
}

// The next run: soon when one is wanted.
absl::Status EndSync(sql::Transaction& tx, const jobs::Job& job, const Uuid& channel, TemplateSync sync,
                     absl::Duration interval, absl::Time now) {
  sync.running = false;
  sync.ended_at = now;
  sync.next_page.clear();
  RETURN_IF_ERROR(TemplateAccountRepository::PutSync(tx, channel, sync));
  return jobs::RetryAt(tx, job, now + (sync.wanted_at ? kSyncAfterWebhook : interval), sync.error);
}

}  // namespace

absl::StatusOr<std::optional<SyncPage>> BeginSyncPage(sql::Transaction& tx, const jobs::Job& job, const DataKey& key,
                                                      const ManagementLimits& limits, absl::Time now) {
  const Uuid channel = Uuid::Parse(job.payload).value_or(Uuid());
  const absl::StatusOr<Account> account = OpenAccount(tx, key, channel);
  if (!account.ok()) {
    RETURN_IF_ERROR(jobs::RetryAt(tx, job, now + absl::Hours(1), std::string(account.status().message())));
    return std::nullopt;
  }
  ASSIGN_OR_RETURN(const std::optional<absl::Time> room,
                   TemplateAccountRepository::TakeCalls(tx, channel, {.background = true}, limits, now));
  if (room) {
    RETURN_IF_ERROR(jobs::RetryAt(tx, job, *room, "WhatsApp's limit for this hour is reached"));
    return std::nullopt;
  }
  ASSIGN_OR_RETURN(TemplateSync sync, TemplateAccountRepository::GetSync(tx, channel));
  if (!sync.running) {
    sync.running = true;
    sync.wanted_at = std::nullopt;
    sync.started_at = now;
    sync.next_page.clear();
    sync.pages = 0;
    RETURN_IF_ERROR(TemplateAccountRepository::PutSync(tx, channel, sync));
  }
  return SyncPage{*account, sync.next_page, sync.started_at.value_or(now), now};
}

absl::Status RecordSyncPage(sql::Transaction& tx, const jobs::Job& job, const SyncPage& asked, const TemplatePage& page,
                            absl::Duration interval, absl::Time now) {
  if (page.result == ManagementAnswer::Result::kAgain) {
    const absl::Time next = NextTry(job, page, now);
    return jobs::RetryAt(tx, job, next, page.message);
  }
  const Uuid channel = asked.account.channel.id;
  ASSIGN_OR_RETURN(TemplateSync sync, TemplateAccountRepository::GetSync(tx, channel));
  if (page.result == ManagementAnswer::Result::kRefused) {
    sync.error = page.message;
    return EndSync(tx, job, channel, std::move(sync), interval, now);
  }
  for (const ListedTemplate& item : page.items)
    RETURN_IF_ERROR(ApplyListed(tx, channel, item, asked.began, asked.at, now));
  ++sync.pages;
  if (!page.next.empty() && page.next != asked.address && sync.pages < kMaxPages) {
    sync.next_page = page.next;
    RETURN_IF_ERROR(TemplateAccountRepository::PutSync(tx, channel, sync));
    return jobs::RetryAt(tx, job, now, "");
  }
  sync.error = page.next.empty() ? "" : "the listing does not end";
  if (page.next.empty()) {
    RETURN_IF_ERROR(MarkUnlisted(tx, channel, asked.began, now));
    sync.complete_at = asked.began;
    ASSIGN_OR_RETURN(const int held, TemplateAccountRepository::CountTranslations(tx, channel));
    if (sync.full_at && held > *sync.full_at) sync.full_at = std::nullopt;
  }
  return EndSync(tx, job, channel, std::move(sync), interval, now);
}

absl::Status ApplyListed(sql::Transaction& tx, const Uuid& channel, const ListedTemplate& item, absl::Time began,
                         absl::Time at, absl::Time now) {
  const TranslationKey key{channel, item.name, item.language};
  ASSIGN_OR_RETURN(const std::optional<Template> t, TemplateRepository::Find(tx, channel, item.name));
  const Translation* is = t ? t->Find(item.language) : nullptr;
  if (is != nullptr && is->state == TranslationState::kSubmitting) return TemplateRepository::MarkSeen(tx, key, began);
  // Content that was submitted after the listing was asked for is newer than it.
  if (is == nullptr || is->submitted_at < at) RETURN_IF_ERROR(ApplyContent(tx, key, t ? &*t : nullptr, is, item, now));
  Verdict verdict{.graph_id = item.graph_id,
                  .status = item.status,
                  .reason = item.rejected_reason,
                  .quality = std::nullopt,
                  .category = item.category,
                  .at = at,
                  .listing = true};
  if (!item.quality.empty()) verdict.quality = item.quality;
  RETURN_IF_ERROR(ApplyVerdict(tx, key, verdict, now).status());
  return TemplateRepository::MarkSeen(tx, key, began);
}

absl::Status MarkUnlisted(sql::Transaction& tx, const Uuid& channel, absl::Time began, absl::Time now) {
  std::vector<TranslationKey> page;
  TranslationKey after{channel, "", ""};
  do {
    ASSIGN_OR_RETURN(page, TemplateRepository::Unseen(tx, after, began, kUnseenPage));
    for (const TranslationKey& key : page) {
      const Verdict gone{.status = "DELETED", .quality = std::nullopt, .at = began, .listing = true};
      RETURN_IF_ERROR(ApplyVerdict(tx, key, gone, now).status());
      after = key;
    }
  } while (page.size() == kUnseenPage);
  return absl::OkStatus();
}

}  // namespace vinculo::messaging
