#include "services/messaging/template_act.h"

#include "absl/strings/str_cat.h"
#include "common/jobs/job_queue.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

// Beyond the number of campaigns that a tenant may have under way.
constexpr int kMaxCampaigns = 1000;

bool SendsIn(const Campaign& campaign, const std::string& language) {
  return language.empty() || campaign.language.by_contact || campaign.language.language == language;
}

absl::Status PauseCampaigns(sql::Transaction& tx, const TranslationKey& key, const std::string& reason,
                            absl::Time now) {
  ASSIGN_OR_RETURN(std::vector<Campaign> campaigns,
                   CampaignRepository::OfTemplate(tx, key.channel_id, key.name, kMaxCampaigns));
  for (Campaign& c : campaigns) {
    if (!SendsIn(c, key.language)) continue;
    if (c.state == CampaignState::kRunning) {
      RETURN_IF_ERROR(AutoPause(tx, c.id, reason, now));
    } else if (c.state == CampaignState::kFreezing && !c.pause_when_frozen) {
      c.pause_when_frozen = true;
      c.pause_reason = reason;
      RETURN_IF_ERROR(CampaignRepository::Update(tx, c));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> ApplyVerdict(sql::Transaction& tx, const TranslationKey& key, const Verdict& verdict,
                                  absl::Time now) {
  ASSIGN_OR_RETURN(const Template t, TemplateRepository::Get(tx, key.channel_id, key.name));
  const Translation* found = t.Find(key.language);
  if (found == nullptr) return NotFound("template", absl::StrCat(key.name, " in ", key.language));
  const Translation& was = *found;
  Translation is = was;
  const bool changed = MergeVerdict(verdict, is);
  RETURN_IF_ERROR(TemplateRepository::SaveVerdict(tx, key, is, changed, now));
  if (!changed) return false;
  if (is.status != was.status || is.state != was.state)
    RETURN_IF_ERROR(AnnounceTemplate(tx, t, is, "template.status_changed", now));
  if (is.category != was.category) RETURN_IF_ERROR(AnnounceCategory(tx, t, is, was.category, now));
  if (is.quality != was.quality) RETURN_IF_ERROR(AnnounceQuality(tx, t, is, now));
  const std::string pause(EffectsOf(was, is).PauseReason());
  if (!pause.empty()) RETURN_IF_ERROR(PauseCampaigns(tx, key, pause, now));
  tx.Raise(kSignalQueue);
  return true;
}

absl::Status RequestTemplateSync(sql::Transaction& tx, const Uuid& channel, absl::Duration wait, absl::Time now) {
  ASSIGN_OR_RETURN(TemplateSync sync, TemplateAccountRepository::GetSync(tx, channel));
  const bool waits = sync.wanted_at.has_value();
  if (waits && (sync.running || wait > absl::ZeroDuration())) return absl::OkStatus();
  if (!waits) {
    sync.wanted_at = now;
    RETURN_IF_ERROR(TemplateAccountRepository::PutSync(tx, channel, sync));
  }
  if (sync.running) return absl::OkStatus();
  const std::string id = channel.ToString();
  return jobs::Enqueue(tx, {.kind = kJobSyncTemplates, .key = id, .due_at = now + wait, .payload = id});
}

absl::Status CheckUnused(sql::Transaction& tx, const TranslationKey& key, bool paused) {
  ASSIGN_OR_RETURN(const std::vector<Campaign> campaigns,
                   CampaignRepository::OfTemplate(tx, key.channel_id, key.name, kMaxCampaigns));
  for (const Campaign& c : campaigns) {
    if (!SendsIn(c, key.language) || (c.state == CampaignState::kPaused && !paused)) continue;
    return Error(absl::StatusCode::kFailedPrecondition, "TEMPLATE_IN_USE",
                 absl::StrCat("The campaign \"", c.display_name, "\" is ", CampaignStateName(c.state),
                              " and sends this template; let it end, or cancel it."),
                 {{"campaign_id", c.id.ToString()}});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Finding>> LintLive(sql::Transaction& tx, const Template& t, const std::string& language,
                                              absl::Time now) {
  const Translation* is = t.Find(language);
  if (is == nullptr || !is->submitted) return std::vector<Finding>();
  const TemplateComponents& c = is->submitted->components;
  ASSIGN_OR_RETURN(const AccountFacts all, TemplateAccountRepository::Facts(tx, {t.channel_id, t.name, language}, c,
                                                                            /*as_new=*/false, now));
  // What stands in the way of submitting does not stand in the way of sending.
  const AccountFacts facts{.same_text = all.same_text};
  std::vector<Finding> findings = LintTemplate({t.name, language, is->category, t.variable_format, c}, facts);
  for (Finding& f : findings) {
    f.severity = Severity::kWarning;
    f.field = absl::StrCat("campaign.template.", f.field);
  }
  return findings;
}

}  // namespace vinculo::messaging
