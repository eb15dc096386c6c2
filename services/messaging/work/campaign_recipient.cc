#include "services/messaging/work/campaign_recipient.h"

#include "common/status/status_macros.h"
#include "services/messaging/contact_merge.h"
#include "services/messaging/marketing_record.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/cost_repository.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kCampaignExpiry = absl::Hours(24);

}  // namespace

CampaignRecipients::CampaignRecipients(IntentCommit& commit, Campaign& campaign, const Policy& policy)
    : c_(commit), campaign_(campaign), policy_(policy), clock_(policy, campaign, commit.request.now) {}

absl::StatusOr<CampaignRecipients::Taken> CampaignRecipients::Take(DueRecipient& due) {
  Recipient& row = due.row;
  ASSIGN_OR_RETURN(const Template* t, c_.LoadTemplate(campaign_.template_name));
  const Translation* translation = t->Find(row.language);
  if (translation == nullptr || !translation->Sendable()) {
    RETURN_IF_ERROR(Pause("TEMPLATE_UNAVAILABLE"));
    return Taken::kPassedOver;
  }
  const Category category = translation->category;
  if (due.to.contact.state == ContactState::kMerged) {
    ASSIGN_OR_RETURN(due.to, c_.FindAddressee(row.contact_id));
  }
  const Contact& contact = due.to.contact;
  std::optional<Message> tried;
  if (row.message_id) {
    ASSIGN_OR_RETURN(tried, MessageRepository::Get(c_.tx, *row.message_id));
  }
  ASSIGN_OR_RETURN(const std::string block, BlockOf(row, contact, category, tried));
  if (!block.empty()) {
    RETURN_IF_ERROR(Skip(row, block));
    return Taken::kPassedOver;
  }
  const absl::Time free = FreeAt(due.to, category);
  if (free > c_.request.now) {
    RETURN_IF_ERROR(PutOff(row, free));
    return Taken::kPassedOver;
  }
  if (!c_.ReachAllows(due.to, Lane::kBulk)) return Taken::kWaitsForReach;
  ASSIGN_OR_RETURN(std::optional<Message> m,
                   tried ? Again(*std::move(tried), contact, category) : First(row, contact, category));
  if (!m) return Taken::kPassedOver;
  RETURN_IF_ERROR(Begin(row, due.to, *std::move(m)));
  return Taken::kBegun;
}

absl::StatusOr<std::string> CampaignRecipients::BlockOf(const Recipient& row, const Contact& contact, Category category,
                                                        const std::optional<Message>& tried) {
  const SendKind kind{.is_template = true, .category = category, .needs_phone = category == Category::kAuthentication};
  const absl::string_view block = CampaignBlock(contact.permissions(), kind, policy_);
  if (!block.empty()) return std::string(block);
  if (contact.id != row.contact_id) {
    ASSIGN_OR_RETURN(const bool duplicate, IsDuplicatePerson(c_.tx, c_.contacts, row, contact.id));
    if (duplicate) return "DUPLICATE_PERSON";
  }
  if (category != Category::kMarketing) return "";
  if (contact.Rests(c_.request.now)) return "PROVIDER_CAP";
  ASSIGN_OR_RETURN(const bool within_cap, c_.CapAllows(contact));
  return within_cap || (tried && IsCounted(*tried)) ? "" : "FREQUENCY_CAP";
}

absl::Time CampaignRecipients::FreeAt(const Addressee& to, Category category) {
  const absl::Time now = c_.request.now;
  const absl::Time opens = clock_.For(to.contact, category).value_or(Never());
  return std::max(opens, PairFreeAt(to.PairDebt(now), kPairDebtCampaign, now));
}

absl::Status CampaignRecipients::Pause(const std::string& reason) {
  RETURN_IF_ERROR(AutoPause(c_.tx, campaign_.id, reason, c_.request.now));
  campaign_.state = CampaignState::kPaused;
  return absl::OkStatus();
}

absl::Status CampaignRecipients::Skip(Recipient& row, absl::string_view reason) {
  return SkipRow(c_.tx, row, std::string(reason), c_.deltas, c_.request.now);
}

absl::Status CampaignRecipients::PutOff(Recipient& row, absl::Time until) {
  row.not_before = until;
  return CampaignRepository::UpdateRecipient(c_.tx, row);
}

absl::StatusOr<bool> CampaignRecipients::Reserve(const Contact& contact, Category category, Message& m) {
  if (!campaign_.guards.max_cost) return true;
  const MaxCost& max = *campaign_.guards.max_cost;
  const int64_t held = m.currency == max.currency ? m.reserved : 0;
  const absl::CivilDay day = absl::ToCivilDay(c_.request.now, absl::UTCTimeZone());
  ASSIGN_OR_RETURN(const std::optional<CostRate> rate,
                   c_.deltas.Rate(c_.tx, contact.country, std::string(CategoryName(category)), day));
  if (!used_) {
    ASSIGN_OR_RETURN(const CostShares costs, CostRepository::OfCampaign(c_.tx, campaign_.id));
    used_ = UsedOf(costs, max.currency);
  }
  if (!Affords(max, *used_ - held, rate)) {
    RETURN_IF_ERROR(Pause("BUDGET"));
    return false;
  }
  *used_ += rate->micros - held;
  m.currency = rate->currency;
  m.reserved = rate->micros;
  return true;
}

absl::StatusOr<std::optional<Message>> CampaignRecipients::Again(Message tried, const Contact& contact,
                                                                 Category category) {
  Message m = tried;
  const bool changed = category != tried.category;
  m.category = category;
  if (changed) {
    ASSIGN_OR_RETURN(const bool affordable, Reserve(contact, category, m));
    if (!affordable) return std::nullopt;
    RETURN_IF_ERROR(c_.RecountMarketing(contact, tried, m));
  }
  c_.MarkSending(m);
  RETURN_IF_ERROR(changed ? MessageRepository::Update(c_.tx, m) : MessageRepository::UpdateProgress(c_.tx, m));
  c_.deltas.AddCost(campaign_.id, SharesOf(tried), SharesOf(m));
  return m;
}

absl::StatusOr<std::optional<Message>> CampaignRecipients::First(const Recipient& row, const Contact& contact,
                                                                 Category category) {
  const absl::Time now = c_.request.now;
  Message m{.id = Uuid::New(now),
            .contact_id = contact.id,
            .customer_id = contact.customer_id,
            .sender_id = campaign_.sender_id,
            .campaign_id = campaign_.id,
            .ledger_contact_id = contact.id == row.contact_id ? std::nullopt : std::optional(row.contact_id),
            .lane = Lane::kBulk,
            .expire_at = now + kCampaignExpiry,
            .content = TemplateContent{campaign_.template_name, row.language, row.params},
            .version = row.version,
            .category = category,
            .caller = campaign_.caller,
            .created_at = now,
            .country = contact.country};
  ASSIGN_OR_RETURN(const bool affordable, Reserve(contact, category, m));
  if (!affordable) return std::nullopt;
  c_.MarkSending(m);
  RETURN_IF_ERROR(MessageRepository::Insert(c_.tx, m));
  c_.deltas.AddCost(campaign_.id, {}, SharesOf(m));
  RETURN_IF_ERROR(c_.RecountMarketing(contact, {}, m));
  return m;
}

absl::Status CampaignRecipients::Begin(Recipient& row, const Addressee& to, Message m) {
  row.state = RecipientState::kSending;
  row.reason = "";
  row.message_id = m.id;
  row.tries = m.progress.attempt;
  row.updated_at = c_.request.now;
  RETURN_IF_ERROR(CampaignRepository::UpdateRecipient(c_.tx, row));
  c_.deltas.Move(campaign_.id, RecipientState::kQueued, "", RecipientState::kSending, "");
  RETURN_IF_ERROR(c_.Charge(to, m));
  return c_.Begin(std::move(m), to.contact);
}

}  // namespace vinculo::messaging
