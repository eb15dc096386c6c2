#include "services/messaging/work/template_submit.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/domain/template_content.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/template_account_repository.h"
#include "services/messaging/template_act.h"

namespace vinculo::messaging {
namespace {

// A submission that has not got through for so long is given back as a draft.
constexpr absl::Duration kPatience = absl::Hours(24);
constexpr absl::Duration kThrottled = absl::Minutes(10);
constexpr absl::Duration kSyncAfterEdit = absl::Seconds(5);
// Graph's subcodes.
constexpr int kTooManyTemplates = 2388019;
constexpr int kNameExists = 2388024;

absl::Status GiveBack(sql::Transaction& tx, const jobs::Job& job, const TranslationKey& key, const std::string& why,
                      absl::Time now) {
  RETURN_IF_ERROR(TemplateRepository::FailSubmission(tx, key, why, now));
  ASSIGN_OR_RETURN(const Template t, TemplateRepository::Get(tx, key.channel_id, key.name));
  RETURN_IF_ERROR(AnnounceTemplate(tx, t, *t.Find(key.language), "template.status_changed", now));
  return jobs::Complete(tx, job);
}

absl::Status RecordRefusal(sql::Transaction& tx, const jobs::Job& job, const Submission& s,
                           const TemplateAnswer& answer, absl::Time now) {
  if (!s.edit() && answer.subcode == kTooManyTemplates) {
    ASSIGN_OR_RETURN(TemplateSync sync, TemplateAccountRepository::GetSync(tx, s.key.channel_id));
    ASSIGN_OR_RETURN(sync.full_at, TemplateAccountRepository::CountTranslations(tx, s.key.channel_id));
    RETURN_IF_ERROR(TemplateAccountRepository::PutSync(tx, s.key.channel_id, sync));
  }
  // It knows something that we do not.
  if (answer.subcode == kNameExists || answer.subcode == kTooManyTemplates || s.edit())
    RETURN_IF_ERROR(RequestTemplateSync(tx, s.key.channel_id, absl::ZeroDuration(), now));
  const std::string why =
      answer.code != 0 ? absl::StrCat("PROVIDER_", answer.code, ": ", answer.message) : "PROVIDER_UNAVAILABLE";
  return GiveBack(tx, job, s.key, why, now);
}

}  // namespace

absl::StatusOr<TranslationKey> ReadTemplatePayload(const jobs::Job& job) {
  const std::vector<std::string> parts = absl::StrSplit(job.payload, '\n');
  if (parts.size() != 3) return absl::DataLossError("a template job without its three lines");
  return TranslationKey{Uuid::Parse(parts[0]).value_or(Uuid()), parts[1], parts[2]};
}

absl::StatusOr<Account> OpenAccount(sql::Transaction& tx, const DataKey& key, const Uuid& channel) {
  ASSIGN_OR_RETURN(Channel found, ChannelRepository::GetChannel(tx, channel));
  absl::StatusOr<std::string> token = key.Open(found.token_sealed, absl::StrCat("waba:", found.waba_id));
  if (!token.ok()) return absl::UnknownError("the access token cannot be opened");
  return Account{std::move(found), *std::move(token)};
}

absl::Time NextTry(const jobs::Job& job, const ManagementAnswer& answer, absl::Time now) {
  return now + jobs::Backoff(job.attempt, answer.throttled ? kThrottled : absl::Seconds(1), absl::Minutes(30), 0.5);
}

std::string Submission::Body() const {
  const TemplateVersion& version = *translation.submitted;
  if (!edit()) return TemplateBody(key.name, key.language, version.category, format, version.components);
  if (approved()) return EditBody(std::nullopt, translation.category, format, version.components);
  return EditBody(version.category, version.category, format, version.components);
}

absl::StatusOr<std::optional<Submission>> BeginSubmission(sql::Transaction& tx, const jobs::Job& job,
                                                          const DataKey& key, const ManagementLimits& limits,
                                                          absl::Time now) {
  const auto over = [&](absl::Status done) -> absl::StatusOr<std::optional<Submission>> {
    RETURN_IF_ERROR(done);
    return std::nullopt;
  };
  Submission s;
  const absl::StatusOr<TranslationKey> named = ReadTemplatePayload(job);
  if (!named.ok()) return over(jobs::Bury(tx, job, std::string(named.status().message()), now));
  s.key = *named;
  ASSIGN_OR_RETURN(const std::optional<Template> t, TemplateRepository::Find(tx, s.key.channel_id, s.key.name));
  const Translation* found = t ? t->Find(s.key.language) : nullptr;
  if (found == nullptr || found->state != TranslationState::kSubmitting || !found->submitted)
    return over(jobs::Complete(tx, job));
  s.translation = *found;
  s.format = t->variable_format;
  absl::StatusOr<Account> account = OpenAccount(tx, key, s.key.channel_id);
  if (!account.ok()) return over(GiveBack(tx, job, s.key, std::string(account.status().message()), now));
  s.account = *std::move(account);
  if (now > found->submitted_at + kPatience) return over(GiveBack(tx, job, s.key, "PROVIDER_UNAVAILABLE", now));
  s.look = found->posts > 0;
  const ManagementCost cost{.calls = s.look ? 2 : 1, .creations = s.edit() ? 0 : 1};
  ASSIGN_OR_RETURN(const std::optional<absl::Time> room,
                   TemplateAccountRepository::TakeCalls(tx, s.key.channel_id, cost, limits, now));
  if (room) return over(jobs::RetryAt(tx, job, *room, "WhatsApp's limit for this hour is reached"));
  RETURN_IF_ERROR(TemplateRepository::CountPost(tx, s.key));
  return s;
}

std::optional<TemplateAnswer> AnswerOfListing(const Submission& s, const TemplatePage& page) {
  TemplateAnswer answer;
  static_cast<ManagementAnswer&>(answer) = page;
  if (page.result != ManagementAnswer::Result::kDone) return answer;
  for (const ListedTemplate& item : page.items) {
    if (item.name != s.key.name || item.language != s.key.language) continue;
    const TemplateComponents& ours = s.translation.submitted->components;
    const bool same = ContentOf(CompleteListed(item.components, ours, item.ttl_known)) == ContentOf(ours);
    if (s.edit() && !same) return std::nullopt;
    answer.graph_id = item.graph_id;
    answer.status = item.status;
    answer.category = std::string(CategoryName(item.category));
    return answer;
  }
  // Not on this page; whether on another nobody knows.
  if (!page.next.empty()) answer.result = ManagementAnswer::Result::kAgain;
  return page.next.empty() ? std::nullopt : std::optional<TemplateAnswer>(answer);
}

absl::Status RecordSubmission(sql::Transaction& tx, const jobs::Job& job, const Submission& s,
                              const TemplateAnswer& answer, absl::Time now) {
  if (answer.result == ManagementAnswer::Result::kAgain)
    return jobs::RetryAt(tx, job, NextTry(job, answer, now), answer.message);
  if (answer.result == ManagementAnswer::Result::kRefused) return RecordRefusal(tx, job, s, answer, now);
  // As old as the last word before the request, so that no webhook about it is taken for older.
  Verdict verdict{.graph_id = answer.graph_id,
                  .status = answer.status.empty() ? "PENDING" : answer.status,
                  .quality = std::nullopt,
                  .category = ParseCategory(answer.category),
                  .at = s.translation.status_at,
                  .answer = true};
  if (s.edit()) {
    if (verdict.category == Category::kUnspecified && !s.approved())
      verdict.category = s.translation.submitted->category;
    if (s.approved()) RETURN_IF_ERROR(TemplateAccountRepository::AddEdit(tx, s.key, now));
    RETURN_IF_ERROR(RequestTemplateSync(tx, s.key.channel_id, kSyncAfterEdit, now));
  } else if (s.look) {
    RETURN_IF_ERROR(RequestTemplateSync(tx, s.key.channel_id, kSyncAfterEdit, now));
  }
  ASSIGN_OR_RETURN(const Template t, TemplateRepository::Get(tx, s.key.channel_id, s.key.name));
  const Translation* is = t.Find(s.key.language);
  // A webhook may have told the outcome before this answer was recorded.
  if (is != nullptr && is->state == TranslationState::kSubmitting) {
    RETURN_IF_ERROR(ApplyVerdict(tx, s.key, verdict, now).status());
  } else if (is != nullptr && is->provider_id.empty()) {
    RETURN_IF_ERROR(ApplyVerdict(tx, s.key, {.graph_id = answer.graph_id, .at = now}, now).status());
  }
  return jobs::Complete(tx, job);
}

}  // namespace vinculo::messaging
