#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/contact_merge.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/intent_commit.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kCampaignExpiry = absl::Hours(24);
constexpr int kPages = 8;  // of rows passed over, in one commit

class CampaignLane {
 public:
  explicit CampaignLane(IntentCommit& commit) : c_(commit) {}

  absl::Status Take() {
    ASSIGN_OR_RETURN(std::vector<Campaign> running, CampaignRepository::Running(c_.tx, c_.request.sender_id));
    c_.batch.running_campaigns = !running.empty();
    const auto turn = std::find_if(running.begin(), running.end(),
                                   [&](const Campaign& c) { return c.id > c_.request.last_campaign; });
    std::rotate(running.begin(), turn, running.end());
    for (Campaign& campaign : running) {
      if (campaign.rate_per_second > 0) c_.batch.campaign_rates[campaign.id] = campaign.rate_per_second;
      const auto free = c_.request.campaign_free.find(campaign.id);
      const int limit = free == c_.request.campaign_free.end() ? c_.BulkLeft() : std::min(c_.BulkLeft(), free->second);
      RETURN_IF_ERROR(TakeCampaign(campaign, limit));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status TakeCampaign(Campaign& campaign, int limit) {
    if (campaign.deadline && c_.request.now >= *campaign.deadline) {
      return jobs::Enqueue(c_.tx, {.kind = kJobSkip,
                                   .key = campaign.id.ToString(),
                                   .due_at = c_.request.now,
                                   .payload = absl::StrCat(campaign.id.ToString(), "\nDEADLINE")});
    }
    if (limit <= 0) return absl::OkStatus();
    int taken = 0;
    for (int page = 0; page < kPages && taken < limit; ++page) {
      const int asked = limit - taken;
      // One message per pair: whoever got a campaign's within the last six seconds waits.
      ASSIGN_OR_RETURN(std::vector<DueRecipient> due,
                       LimitRepository::Due(c_.tx, c_.scope, campaign.id, c_.request.now, c_.Begun(kPairCost), asked));
      if (due.empty() && page == 0) return FinishOrWait(campaign);
      bool waits = false;
      for (DueRecipient& one : due) {
        ASSIGN_OR_RETURN(const Taken what, TakeRecipient(campaign, one));
        if (campaign.state != CampaignState::kRunning) return absl::OkStatus();
        taken += what == Taken::kBegun ? 1 : 0;
        waits = waits || what == Taken::kWaitsForReach;
      }
      if (taken > 0) c_.batch.last_campaign = campaign.id;
      if (waits) return WaitForReach();
      if (static_cast<int>(due.size()) < asked) return absl::OkStatus();
    }
    c_.batch.more = true;
    return absl::OkStatus();
  }

  absl::Status WaitForReach() {
    ASSIGN_OR_RETURN(const absl::Time free, c_.ReachFreeAt());
    c_.WakeAt(free);
    return absl::OkStatus();
  }

  absl::Status FinishOrWait(Campaign& campaign) {
    ASSIGN_OR_RETURN(const std::optional<absl::Time> next, CampaignRepository::NextDue(c_.tx, campaign.id));
    if (next) return c_.WakeAt(next), absl::OkStatus();
    RETURN_IF_ERROR(c_.deltas.Flush(c_.tx));
    ASSIGN_OR_RETURN(const RecipientCounts counts, CampaignRepository::Counts(c_.tx, campaign.id));
    const Funnel funnel = MakeFunnel(counts);
    if (funnel.of(RecipientState::kQueued) != 0 || funnel.of(RecipientState::kSending) != 0) return absl::OkStatus();
    if (funnel.of(RecipientState::kUnknown) != 0) {
      ASSIGN_OR_RETURN(const bool waiting,
                       MessageRepository::UnknownWaiting(c_.tx, c_.request.sender_id, campaign.id, Never()));
      if (waiting) return absl::OkStatus();
    }
    campaign.state = CampaignState::kCompleted;
    campaign.ended_at = c_.request.now;
    RETURN_IF_ERROR(CampaignRepository::Update(c_.tx, campaign));
    return AnnounceCampaign(c_.tx, campaign, "campaign.completed", c_.request.now);
  }

  absl::Status Skip(Recipient& row, absl::string_view reason) {
    row.state = RecipientState::kSkipped;
    row.reason = std::string(reason);
    row.updated_at = c_.request.now;
    RETURN_IF_ERROR(CampaignRepository::UpdateRecipient(c_.tx, row));
    c_.deltas.Move(row.campaign_id, RecipientState::kQueued, "", row.state, row.reason);
    return absl::OkStatus();
  }

  enum class Taken { kBegun, kPassedOver, kWaitsForReach };
  absl::StatusOr<Taken> TakeRecipient(Campaign& campaign, DueRecipient& due) {
    Recipient& row = due.row;
    ASSIGN_OR_RETURN(const Template* t, c_.LoadTemplate(campaign.template_name));
    const Translation* translation = t->Find(row.language);
    if (translation == nullptr || !translation->Sendable()) {
      RETURN_IF_ERROR(AutoPause(c_.tx, campaign.id, "TEMPLATE_UNAVAILABLE", c_.request.now));
      campaign.state = CampaignState::kPaused;
      return Taken::kPassedOver;
    }
    if (due.to.contact.state == ContactState::kMerged) {
      ASSIGN_OR_RETURN(due.to, c_.FindAddressee(row.contact_id));
    }
    const Contact& contact = due.to.contact;
    ASSIGN_OR_RETURN(const Policy* policy, c_.LoadPolicy());
    absl::string_view block = CampaignBlock(contact.permissions(),
                                            {.is_template = true,
                                             .category = translation->category,
                                             .needs_phone = translation->category == Category::kAuthentication},
                                            *policy);
    if (block.empty() && contact.id != row.contact_id) {
      ASSIGN_OR_RETURN(const bool duplicate, IsDuplicatePerson(c_.tx, c_.contacts, row, contact.id));
      if (duplicate) block = "DUPLICATE_PERSON";
    }
    if (block.empty() && translation->category == Category::kMarketing && contact.Rests(c_.request.now))
      block = "PROVIDER_CAP";
    if (!block.empty()) {
      RETURN_IF_ERROR(Skip(row, block));
      return Taken::kPassedOver;
    }
    const absl::Time pair = PairFreeAt(due.to.PairDebt(c_.request.now), kPairDebtCampaign, c_.request.now);
    if (pair > c_.request.now) {
      row.not_before = pair;
      RETURN_IF_ERROR(CampaignRepository::UpdateRecipient(c_.tx, row));
      return Taken::kPassedOver;
    }
    if (!c_.ReachAllows(due.to, Lane::kBulk)) return Taken::kWaitsForReach;
    RETURN_IF_ERROR(Begin(campaign, row, due.to));
    return Taken::kBegun;
  }

  absl::Status Begin(const Campaign& campaign, Recipient& row, const Addressee& to) {
    ASSIGN_OR_RETURN(Message m, MessageFor(campaign, row, to.contact));
    row.state = RecipientState::kSending;
    row.reason = "";
    row.message_id = m.id;
    row.tries = m.progress.attempt;
    row.updated_at = c_.request.now;
    RETURN_IF_ERROR(CampaignRepository::UpdateRecipient(c_.tx, row));
    c_.deltas.Move(campaign.id, RecipientState::kQueued, "", RecipientState::kSending, "");
    RETURN_IF_ERROR(c_.Charge(to, m));
    return c_.Begin(std::move(m), to.contact);
  }

  // A new message, or the one of an attempt that is to be made again.
  absl::StatusOr<Message> MessageFor(const Campaign& campaign, const Recipient& row, const Contact& contact) {
    if (row.message_id) {
      ASSIGN_OR_RETURN(Message m, MessageRepository::Get(c_.tx, *row.message_id));
      c_.MarkSending(m);
      RETURN_IF_ERROR(MessageRepository::UpdateProgress(c_.tx, m));
      return m;
    }
    Message m{.id = Uuid::New(c_.request.now),
              .contact_id = contact.id,
              .customer_id = contact.customer_id,
              .sender_id = campaign.sender_id,
              .campaign_id = campaign.id,
              .ledger_contact_id = contact.id == row.contact_id ? std::nullopt : std::optional(row.contact_id),
              .lane = Lane::kBulk,
              .expire_at = c_.request.now + kCampaignExpiry,
              .content = TemplateContent{campaign.template_name, row.language, row.params},
              .version = row.version,
              .category = row.category,
              .caller = campaign.caller,
              .created_at = c_.request.now};
    c_.MarkSending(m);
    RETURN_IF_ERROR(MessageRepository::Insert(c_.tx, m));
    return m;
  }

  IntentCommit& c_;
};

}  // namespace

absl::Status TakeCampaigns(IntentCommit& commit) { return CampaignLane(commit).Take(); }

}  // namespace vinculo::messaging
