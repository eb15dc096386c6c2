#include "services/messaging/work/inbox_apply.h"

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "common/text/phone.h"
#include "services/messaging/announce.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/contact_merge.h"
#include "services/messaging/domain/media.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/reachability.h"
#include "services/messaging/route_facts.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/media_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/account_apply.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kWindow = absl::Hours(24);
constexpr absl::Duration kEntryWindow = absl::Hours(72);
constexpr int kDirect = 1;
constexpr int kInferred = 2;

bool OpensWindow(InboundKind kind) {
  return kind != InboundKind::kReaction && kind != InboundKind::kChange && kind != InboundKind::kSystem &&
         kind != InboundKind::kOther;
}

PersonRef PersonOf(const std::string& wa_id, const std::string& bsuid) {
  PersonRef who{.phone = "", .wa_id = wa_id, .bsuid = bsuid};
  if (!wa_id.empty()) {
    const absl::StatusOr<text::Phone> phone = text::ParsePhone(PhoneOfWaId(wa_id), "");
    if (phone.ok()) who.country = phone->region;
  }
  return who;
}

// A reply that names our message proves that it arrived [M-88].
absl::Status ImplyDelivered(const ApplyContext& c, const Message& named, absl::Time at) {
  Message m = named;
  if (!MergeStatus({ReportedStatus::kDelivered, at, 0}, m.progress)) return absl::OkStatus();
  c.facts.messages.erase(m.id);
  return Settle(c.tx, named, m, c.deltas, c.now);
}

// Windows, what is kept of a file, and when the person was last heard.
absl::Status Hear(const ApplyContext& c, const InboundItem& item, const Contact& contact) {
  if (item.from_advert)
    RETURN_IF_ERROR(WindowRepository::ExtendEntry(c.tx, c.object, contact.id, item.at + kEntryWindow));
  if (!OpensWindow(item.content.kind)) return absl::OkStatus();
  RETURN_IF_ERROR(WindowRepository::Extend(c.tx, c.object, contact.id, item.at + kWindow));
  if (!item.content.media_id.empty() && item.content.media_id.size() <= kMediaIdMax) {
    RETURN_IF_ERROR(MediaRepository::Put(c.tx, {.id = item.content.media_id,
                                                .sender_id = c.object,
                                                .contact_id = contact.id,
                                                .kind = ParseMediaKind(item.content.type),
                                                .mime_type = item.content.mime_type,
                                                .filename = item.content.filename,
                                                .created_at = item.at,
                                                .expire_at = item.at + kInboundMediaLife}));
  }
  return c.contacts.Heard(c.tx, contact.id, item.at);
}

// Credits a reply to a campaign, each person once and at the time of the first answer; a direct reply after an inferred
// one counts as direct.
absl::Status Credit(sql::Transaction& tx, const Message& m, int how, bool opted_out, absl::Time at,
                    CountDeltas& deltas) {
  ASSIGN_OR_RETURN(const std::optional<Recipient> row,
                   CampaignRepository::FindRecipient(tx, *m.campaign_id, m.recipient()));
  if (!row) return absl::OkStatus();
  Recipient now_is = *row;
  now_is.replied = row->replied == kDirect ? kDirect : how;
  now_is.opted_out = row->opted_out || opted_out;
  const auto earliest = [&](Figure figure, std::optional<absl::Time>& first) {
    if (first && *first <= at) return;
    if (first) deltas.figures.Add(m, {figure, "", *first}, -1);
    deltas.figures.Add(m, {figure, "", at}, 1);
    first = at;
  };
  earliest(Figure::kReplied, now_is.replied_at);
  if (opted_out) earliest(Figure::kOptedOut, now_is.opted_out_at);
  const auto counter = [](int r) {
    return r == kDirect ? RecipientState::kReplierDirect : RecipientState::kReplierInferred;
  };
  if (now_is.replied != row->replied) {
    if (row->replied != 0) deltas.Add(*m.campaign_id, counter(row->replied), "", -1);
    deltas.Add(*m.campaign_id, counter(now_is.replied), "", 1);
  }
  if (now_is.opted_out && !row->opted_out) deltas.Add(*m.campaign_id, RecipientState::kOptOut, "", 1);
  const bool same = now_is.replied == row->replied && now_is.opted_out == row->opted_out &&
                    now_is.replied_at == row->replied_at && now_is.opted_out_at == row->opted_out_at;
  return same ? absl::OkStatus() : CampaignRepository::SetReplied(tx, now_is);
}

struct Received {
  const InboundItem& item;
  const Contact& contact;
  const Uuid& sender;
  const RouteFacts& facts;
  const RouteDecision& decision;
  ComplianceAct act;
  const Message* credited;
  std::optional<absl::Time> window;
};

absl::Status Announce(sql::Transaction& tx, const Received& r, absl::Time now) {
  v1::MessageReceived e;
  e.set_route(static_cast<v1::Route>(r.decision.to.route));
  e.set_ref(r.decision.to.ref);
  e.set_wamid(r.item.wamid);
  api::SetTimestamp(r.item.at, e.mutable_at());
  RenderInbound(r.item.content, e.mutable_content());
  e.set_in_reply_to_wamid(r.item.names_wamid);
  if (r.facts.named) {
    e.set_in_reply_to_message_id(r.facts.named->id.ToString());
    e.mutable_in_reply_to_labels()->insert(r.facts.named->labels.begin(), r.facts.named->labels.end());
  }
  if (r.credited != nullptr) {
    e.set_campaign_id(r.credited->campaign_id->ToString());
    e.set_campaign_direct(r.facts.named && r.credited->id == r.facts.named->id);
  }
  if (r.act != ComplianceAct::kNone)
    e.set_compliance(r.act == ComplianceAct::kStart ? v1::COMPLIANCE_OPT_IN : v1::COMPLIANCE_OPT_OUT);
  if (r.window) api::SetTimestamp(*r.window, e.mutable_window_expires_at());
  e.set_contact_id(r.contact.id.ToString());
  e.set_customer_id(r.contact.customer_id);
  e.set_sender_id(r.sender.ToString());
  RenderIdentities(r.contact.identities, e.mutable_identities());
  e.set_profile_name(r.item.profile_name);
  return AnnounceReceived(tx, e, r.item.at, now);
}

}  // namespace

absl::StatusOr<Contact> ContactOf(sql::Transaction& tx, const ContactRepository& contacts, const std::string& wa_id,
                                  const std::string& bsuid, const std::string& name, absl::Time now) {
  const PersonRef who = PersonOf(wa_id, bsuid);
  ASSIGN_OR_RETURN(std::optional<Contact> contact, contacts.Find(tx, who));
  if (contact) {
    RETURN_IF_ERROR(contacts.LoadIdentities(tx, *contact));
    ASSIGN_OR_RETURN(*contact, LearnIdentities(tx, contacts, *std::move(contact), who, now));
  } else {
    ASSIGN_OR_RETURN(contact, contacts.Create(tx, who, now));
  }
  if (contact->name.empty() && !name.empty()) {
    contact->name = name;
    RETURN_IF_ERROR(contacts.Update(tx, *contact, now));
  }
  return *std::move(contact);
}

absl::StatusOr<ItemResult> ApplyInbound(const ApplyContext& c, const InboundItem& item) {
  sql::Transaction& tx = c.tx;
  const Uuid& sender = c.object;
  ASSIGN_OR_RETURN(const bool seen, InboundRepository::Seen(tx, sender, item.wamid));
  if (seen) return ItemResult::kDuplicate;
  ASSIGN_OR_RETURN(Contact contact, ContactOf(tx, c.contacts, item.wa_id, item.bsuid, item.profile_name, c.now));
  if (!item.new_wa_id.empty() || !item.new_bsuid.empty()) {
    const PersonRef fresh = PersonOf(item.new_wa_id, item.new_bsuid.empty() ? item.bsuid : item.new_bsuid);
    RETURN_IF_ERROR(ChangeNumber(tx, c.contacts, contact, fresh, c.now));
  }
  c.facts.messages.clear();  // a merge may have moved them
  if (contact.suppressed & kSuppressedUnreachable) RETURN_IF_ERROR(LiftUnreachable(tx, c.contacts, contact));
  RETURN_IF_ERROR(Hear(c, item, contact));
  if (!c.facts.routing) {
    ASSIGN_OR_RETURN(c.facts.routing, LoadRoutingBasis(tx));
  }
  ASSIGN_OR_RETURN(RouteFacts facts, LoadRouteFacts(tx, c.contacts, *c.facts.routing, contact.id, sender,
                                                    item.names_wamid, item.at, c.now));
  facts.input.content = item.content;
  const RouteDecision decision = DecideRoute(facts.input);
  const ComplianceAct act = ParseCompliance(item.content, c.words);
  const Message* credited = facts.named && facts.named->campaign_id ? &*facts.named
                            : facts.inferred                        ? &*facts.inferred
                                                                    : nullptr;
  if (facts.named) RETURN_IF_ERROR(ImplyDelivered(c, *facts.named, item.at));
  if (credited != nullptr && OpensWindow(item.content.kind)) {
    const bool out = act == ComplianceAct::kStopMarketing || act == ComplianceAct::kStopAll;
    RETURN_IF_ERROR(Credit(tx, *credited, facts.named && credited->id == facts.named->id ? kDirect : kInferred, out,
                           item.at, c.deltas));
  }
  const std::string source = item.content.kind == InboundKind::kText ? "WORD" : "BUTTON";
  RETURN_IF_ERROR(ActOnCompliance(tx, c.contacts, contact, act, source, item.wamid, item.at, c.now));
  if (act == ComplianceAct::kStopMarketing || act == ComplianceAct::kStopAll)
    RETURN_IF_ERROR(ConfirmOptOut(tx, sender, contact, c.now));
  if (decision.step != "NO_ANSWER")
    RETURN_IF_ERROR(c.contacts.SetLastRoute(tx, contact.id, static_cast<int>(decision.to.route), decision.to.ref));
  InboundEvent event{.sender_id = sender,
                     .wamid = item.wamid,
                     .contact_id = contact.id,
                     .received_at = item.at,
                     .content = item.content,
                     .to = decision.to};
  if (credited != nullptr) event.campaign_id = credited->campaign_id;
  if (facts.named) event.message_id = facts.named->id;
  RETURN_IF_ERROR(InboundRepository::Insert(tx, event));
  ASSIGN_OR_RETURN(const Window window, WindowRepository::Get(tx, sender, contact.id));
  RETURN_IF_ERROR(Announce(tx, {item, contact, sender, facts, decision, act, credited, window.open_until}, c.now));
  return ItemResult::kApplied;
}

absl::StatusOr<ItemResult> ApplyPreference(sql::Transaction& tx, const ContactRepository& contacts,
                                           const PreferenceItem& item, absl::Time now) {
  if (item.wa_id.empty() && item.bsuid.empty()) return ItemResult::kIgnored;
  ASSIGN_OR_RETURN(Contact contact, ContactOf(tx, contacts, item.wa_id, item.bsuid, "", now));
  const ComplianceAct act = item.stop ? ComplianceAct::kStopMarketing : ComplianceAct::kStart;
  ASSIGN_OR_RETURN(const std::vector<Consent> known, contacts.Evidence(tx, contact.id));
  const Decision decision = item.stop ? Decision::kRevoked : Decision::kGranted;
  for (const Consent& c : known) {
    const bool same = c.by_person && c.decision == decision && c.at == item.at && c.source == "PROVIDER";
    if (same) return ItemResult::kDuplicate;
  }
  RETURN_IF_ERROR(ActOnCompliance(tx, contacts, contact, act, "PROVIDER", "user_preferences", item.at, now));
  return ItemResult::kApplied;
}

namespace {

struct Applier {
  const ApplyContext& c;
  using Result = absl::StatusOr<ItemResult>;

  Result operator()(const InboundItem& item) const { return ApplyInbound(c, item); }
  Result operator()(const StatusItem& item) const { return ApplyStatus(c, item); }
  Result operator()(const TemplateItem& item) const { return ApplyTemplate(c.tx, c.object, item, c.now); }
  Result operator()(const PreferenceItem& item) const {
    c.facts.messages.clear();  // a merge may have moved them
    return ApplyPreference(c.tx, c.contacts, item, c.now);
  }
  Result operator()(const NumberItem& item) const { return ApplyNumber(c.tx, c.object, item, c.rules.levels, c.now); }
  Result operator()(const CapabilityItem& item) const {
    return ApplyCapability(c.tx, c.object, item, c.rules.levels, c.now);
  }
  Result operator()(const AccountItem& item) const { return ApplyAccount(c.tx, c.object, item, c.now); }
  Result operator()(const NoticeItem& item) const {
    log::Warning("a notice from WhatsApp", {{"field", item.field}, {"waba_id", item.waba_id}, {"what", item.summary}});
    return ItemResult::kApplied;
  }
  Result operator()(const AccountErrorItem& item) const {
    log::Warning("WhatsApp reports a problem with a number", {{"phone_number_id", item.phone_number_id},
                                                              {"code", absl::StrCat(item.code)},
                                                              {"title", item.title},
                                                              {"details", item.details}});
    return ApplyAccountError(c.tx, c.object, item, c.rules.errors, c.now);
  }
  Result operator()(const EchoItem& item) const { return ApplyEcho(c, item); }
};

}  // namespace

absl::StatusOr<ItemResult> ApplyItem(const ApplyContext& context, const WebhookItem& item) {
  return std::visit(Applier{context}, item);
}

}  // namespace vinculo::messaging
