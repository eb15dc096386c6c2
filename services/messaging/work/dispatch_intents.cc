#include "services/messaging/work/dispatch_intents.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kCampaignExpiry = absl::Hours(24);
constexpr int kSkipPage = 64;

// One commit of intents in progress.
class Committer {
 public:
  Committer(sql::Transaction& tx, const ContactRepository& contacts, const IntentRequest& request)
      : tx_(tx), contacts_(contacts), request_(request), busy_(request.busy_contacts) {}

  absl::StatusOr<IntentBatch> Run() {
    RETURN_IF_ERROR(ChannelRepository::CheckDispatcher(tx_, request_.sender_id, request_.token));
    ASSIGN_OR_RETURN(batch_.sender, ChannelRepository::GetSender(tx_, request_.sender_id));
    batch_.last_campaign = request_.last_campaign;
    if (batch_.sender.state == SenderState::kBlocked) return std::move(batch_);
    RETURN_IF_ERROR(TakeQueued(Lane::kTransactional, request_.limit));
    if (batch_.sender.state == SenderState::kActive) {
      RETURN_IF_ERROR(TakeQueued(Lane::kBulk, BulkLeft()));
      RETURN_IF_ERROR(TakeCampaigns());
    }
    RETURN_IF_ERROR(deltas_.Flush(tx_));
    ASSIGN_OR_RETURN(std::optional<absl::Time> due, MessageRepository::NextDue(tx_, request_.sender_id));
    if (due && (!batch_.next_due || *due < *batch_.next_due)) batch_.next_due = due;
    return std::move(batch_);
  }

 private:
  int BulkLeft() const {
    return std::min(request_.bulk_limit - bulk_, request_.limit - static_cast<int>(batch_.intents.size()));
  }

  // The template's components by name, language and version; nullptr when it may not be sent now.
  absl::StatusOr<const Template*> LoadTemplate(const std::string& name) {
    const auto it = templates_.find(name);
    if (it != templates_.end()) return &it->second;
    ASSIGN_OR_RETURN(std::optional<Template> found, TemplateRepository::Find(tx_, batch_.sender.channel_id, name));
    return &templates_.emplace(name, found ? *std::move(found) : Template()).first->second;
  }

  absl::StatusOr<SendTarget> Target(const Contact& contact, const Message& m) {
    SendTarget target{.phone = contact.phone, .bsuid = contact.bsuid, .components = std::nullopt};
    const auto* content = std::get_if<TemplateContent>(&m.content);
    if (content == nullptr) return target;
    ASSIGN_OR_RETURN(const Template* t, LoadTemplate(content->name));
    target.format = t->variable_format;
    const Translation* translation = t->Find(content->language);
    if (translation != nullptr && translation->submitted && translation->submitted->version == m.version) {
      target.components = translation->submitted->components;
    } else {
      ASSIGN_OR_RETURN(
          target.components,
          TemplateRepository::GetVersion(tx_, {batch_.sender.channel_id, content->name, content->language}, m.version));
    }
    return target;
  }

  absl::Status Begin(Message m, const Contact& contact) {
    ASSIGN_OR_RETURN(SendTarget target, Target(contact, m));
    if (m.lane == Lane::kTransactional) busy_.insert(contact.id);
    if (m.lane == Lane::kBulk) ++bulk_;
    batch_.intents.push_back({std::move(m), std::move(target)});
    return absl::OkStatus();
  }

  void MarkSending(Message& m) const {
    m.progress.phase = Phase::kSending;
    ++m.progress.attempt;
    m.progress.failed_at = std::nullopt;
    m.progress.error_reason = "";
    m.progress.error_code = 0;
    m.token = request_.token;
    m.due_at = request_.now;
  }

  absl::Status GiveUp(const Message& before, absl::string_view reason) {
    Message m = before;
    m.progress.phase = Phase::kGivenUp;
    m.progress.failed_at = request_.now;
    m.progress.error_reason = std::string(reason);
    return Settle(tx_, before, m, deltas_, request_.now);
  }

  // Messages of SendMessage.
  absl::Status TakeQueued(Lane lane, int limit) {
    if (limit <= 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<Message> due,
                     MessageRepository::Due(tx_, request_.sender_id, lane, request_.now, limit));
    batch_.more = batch_.more || static_cast<int>(due.size()) == limit;
    for (Message& m : due) RETURN_IF_ERROR(TakeOne(m));
    return absl::OkStatus();
  }

  absl::Status TakeOne(Message& m) {
    if (m.lane == Lane::kTransactional && busy_.contains(m.contact_id)) return absl::OkStatus();
    if (request_.now >= m.expire_at) return GiveUp(m, "QUEUE_EXPIRED");
    ASSIGN_OR_RETURN(const Contact contact, contacts_.Get(tx_, m.contact_id));
    ASSIGN_OR_RETURN(const Window window, WindowRepository::Get(tx_, m.sender_id, m.contact_id));
    const Message before = m;
    absl::string_view block = Check(contact, m, window.IsOpen(request_.now));
    if (block == "WINDOW_CLOSED" && m.fallback) {
      ASSIGN_OR_RETURN(const bool replaced, UseFallback(m));
      block = replaced ? Check(contact, m, false) : "TEMPLATE_NOT_SENDABLE";
    }
    if (block.empty()) {
      if (const auto* content = std::get_if<TemplateContent>(&m.content)) {
        ASSIGN_OR_RETURN(const Template* t, LoadTemplate(content->name));
        const Translation* translation = t->Find(content->language);
        // Waits for its own expiry: the template may be approved again.
        if (translation == nullptr || !translation->Sendable()) return Postpone(m, absl::Seconds(30));
      }
    }
    if (!block.empty()) return GiveUp(before, block);
    MarkSending(m);
    RETURN_IF_ERROR(MessageRepository::Update(tx_, m));
    return Begin(std::move(m), contact);
  }

  static absl::string_view Check(const Contact& contact, const Message& m, bool window_open) {
    const bool is_template = std::holds_alternative<TemplateContent>(m.content);
    return SendBlock(
        contact.permissions(),
        {.is_template = is_template, .category = m.category, .needs_phone = m.category == Category::kAuthentication},
        window_open);
  }

  absl::StatusOr<bool> UseFallback(Message& m) {
    ASSIGN_OR_RETURN(const Template* t, LoadTemplate(m.fallback->name));
    const Translation* translation = t->Find(m.fallback->language);
    if (translation == nullptr || !translation->Sendable()) return false;
    m.version = translation->submitted->version;
    m.category = translation->category;
    m.content = *std::move(m.fallback);
    m.fallback.reset();
    return true;
  }

  absl::Status Postpone(Message m, absl::Duration by) {
    m.due_at = request_.now + by;
    return MessageRepository::UpdateProgress(tx_, m);
  }

  absl::Status TakeCampaigns() {
    ASSIGN_OR_RETURN(std::vector<Campaign> running, CampaignRepository::Running(tx_, request_.sender_id));
    batch_.running_campaigns = !running.empty();
    const auto turn =
        std::find_if(running.begin(), running.end(), [&](const Campaign& c) { return c.id > request_.last_campaign; });
    std::rotate(running.begin(), turn, running.end());
    for (Campaign& campaign : running) {
      if (campaign.rate_per_second > 0) batch_.campaign_rates[campaign.id] = campaign.rate_per_second;
      const auto free = request_.campaign_free.find(campaign.id);
      const int limit = free == request_.campaign_free.end() ? BulkLeft() : std::min(BulkLeft(), free->second);
      RETURN_IF_ERROR(TakeCampaign(campaign, limit));
    }
    return absl::OkStatus();
  }

  absl::Status TakeCampaign(Campaign& campaign, int limit) {
    if (campaign.deadline && request_.now >= *campaign.deadline) {
      return jobs::Enqueue(tx_, {.kind = kJobSkip,
                                 .key = campaign.id.ToString(),
                                 .due_at = request_.now,
                                 .payload = absl::StrCat(campaign.id.ToString(), "\nDEADLINE")});
    }
    if (limit <= 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<Recipient> due,
                     CampaignRepository::Due(tx_, campaign.id, request_.now, std::max(limit, kSkipPage)));
    int taken = 0;
    for (Recipient& row : due) {
      if (taken == limit) break;
      ASSIGN_OR_RETURN(const bool begun, TakeRecipient(campaign, row));
      if (campaign.state != CampaignState::kRunning) return absl::OkStatus();
      taken += begun ? 1 : 0;
    }
    if (taken > 0) batch_.last_campaign = campaign.id;
    batch_.more = batch_.more || taken == limit || static_cast<int>(due.size()) == kSkipPage;
    if (due.empty()) return FinishOrWait(campaign);
    return absl::OkStatus();
  }

  absl::Status FinishOrWait(Campaign& campaign) {
    ASSIGN_OR_RETURN(const std::optional<absl::Time> next, CampaignRepository::NextDue(tx_, campaign.id));
    if (next) {
      if (!batch_.next_due || *next < *batch_.next_due) batch_.next_due = next;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(deltas_.Flush(tx_));
    ASSIGN_OR_RETURN(const RecipientCounts counts, CampaignRepository::Counts(tx_, campaign.id));
    const Funnel funnel = MakeFunnel(counts);
    if (funnel.of(RecipientState::kQueued) != 0 || funnel.of(RecipientState::kSending) != 0) return absl::OkStatus();
    if (funnel.of(RecipientState::kUnknown) != 0) {
      ASSIGN_OR_RETURN(const bool waiting,
                       MessageRepository::UnknownWaiting(tx_, request_.sender_id, campaign.id, Never()));
      if (waiting) return absl::OkStatus();
    }
    campaign.state = CampaignState::kCompleted;
    campaign.ended_at = request_.now;
    RETURN_IF_ERROR(CampaignRepository::Update(tx_, campaign));
    return AnnounceCampaign(tx_, campaign, "campaign.completed", request_.now);
  }

  absl::Status Skip(Recipient& row, absl::string_view reason) {
    row.state = RecipientState::kSkipped;
    row.reason = std::string(reason);
    row.updated_at = request_.now;
    RETURN_IF_ERROR(CampaignRepository::UpdateRecipient(tx_, row));
    deltas_.Move(row.campaign_id, RecipientState::kQueued, "", row.state, row.reason);
    return absl::OkStatus();
  }

  // True when an intent was committed for the row.
  absl::StatusOr<bool> TakeRecipient(Campaign& campaign, Recipient& row) {
    ASSIGN_OR_RETURN(const Template* t, LoadTemplate(campaign.template_name));
    const Translation* translation = t->Find(row.language);
    if (translation == nullptr || !translation->Sendable()) {
      RETURN_IF_ERROR(AutoPause(tx_, campaign.id, "TEMPLATE_UNAVAILABLE", request_.now));
      campaign.state = CampaignState::kPaused;
      return false;
    }
    ASSIGN_OR_RETURN(const Contact contact, contacts_.Get(tx_, row.contact_id));
    const absl::string_view block =
        CampaignBlock(contact.permissions(), {.is_template = true,
                                              .category = translation->category,
                                              .needs_phone = translation->category == Category::kAuthentication});
    if (!block.empty()) {
      RETURN_IF_ERROR(Skip(row, block));
      return false;
    }
    ASSIGN_OR_RETURN(Message m, MessageFor(campaign, row, contact));
    row.state = RecipientState::kSending;
    row.reason = "";
    row.message_id = m.id;
    row.tries = m.progress.attempt;
    row.updated_at = request_.now;
    RETURN_IF_ERROR(CampaignRepository::UpdateRecipient(tx_, row));
    deltas_.Move(campaign.id, RecipientState::kQueued, "", RecipientState::kSending, "");
    RETURN_IF_ERROR(Begin(std::move(m), contact));
    return true;
  }

  // A new message, or the one of an attempt that is to be made again.
  absl::StatusOr<Message> MessageFor(const Campaign& campaign, const Recipient& row, const Contact& contact) {
    if (row.message_id) {
      ASSIGN_OR_RETURN(Message m, MessageRepository::Get(tx_, *row.message_id));
      MarkSending(m);
      RETURN_IF_ERROR(MessageRepository::UpdateProgress(tx_, m));
      return m;
    }
    Message m{.id = Uuid::New(request_.now),
              .contact_id = contact.id,
              .customer_id = contact.customer_id,
              .sender_id = campaign.sender_id,
              .campaign_id = campaign.id,
              .lane = Lane::kBulk,
              .expire_at = request_.now + kCampaignExpiry,
              .content = TemplateContent{campaign.template_name, row.language, row.params},
              .version = row.version,
              .category = row.category,
              .caller = campaign.caller,
              .created_at = request_.now};
    MarkSending(m);
    RETURN_IF_ERROR(MessageRepository::Insert(tx_, m));
    return m;
  }

  sql::Transaction& tx_;
  const ContactRepository& contacts_;
  const IntentRequest& request_;
  std::set<Uuid> busy_;
  std::map<std::string, Template> templates_;
  CountDeltas deltas_;
  IntentBatch batch_;
  int bulk_ = 0;
};

}  // namespace

absl::StatusOr<IntentBatch> CommitIntents(sql::Transaction& tx, const ContactRepository& contacts,
                                          const IntentRequest& request) {
  return Committer(tx, contacts, request).Run();
}

}  // namespace vinculo::messaging
