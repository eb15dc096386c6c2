#include "services/messaging/announce.h"

#include "common/api/time.h"
#include "common/events/event_log.h"

namespace vinculo::messaging {
namespace {

absl::Status Append(sql::Transaction& tx, const char* type, std::string subject,
                    const google::protobuf::Message& payload, absl::Time at, absl::Time now) {
  return events::Append(
      tx, events::Event{.type = type, .subject = std::move(subject), .occurred_at = at, .payload = payload}, now);
}

void FillRef(const Message& m, v1::MessageRef* ref) {
  ref->set_message_id(m.id.ToString());
  ref->set_wamid(m.wamid);
  ref->set_contact_id(m.contact_id.ToString());
  ref->set_customer_id(m.customer_id);
  ref->set_sender_id(m.sender_id.ToString());
  if (m.campaign_id) ref->set_campaign_id(m.campaign_id->ToString());
  ref->set_caller(m.caller);
  ref->mutable_labels()->insert(m.labels.begin(), m.labels.end());
}

template <class Event>
absl::Status AppendRef(sql::Transaction& tx, const char* type, const Message& m, absl::Time at, absl::Time now) {
  Event event;
  FillRef(m, event.mutable_message());
  return Append(tx, type, m.id.ToString(), event, at, now);
}

}  // namespace

void RenderIdentities(const std::vector<Identity>& identities,
                      google::protobuf::RepeatedPtrField<v1::ContactIdentity>* out) {
  for (const Identity& id : identities) {
    v1::ContactIdentity* added = out->Add();
    added->set_kind(std::string(IdentityKindName(id.kind)));
    added->set_value(id.value);
  }
}

void RenderInbound(const InboundContent& c, v1::InboundContent* out) {
  out->set_kind(static_cast<v1::InboundKind>(c.kind));
  out->set_type(c.type);
  out->set_text(c.text);
  out->set_reply_id(c.reply_id);
  out->set_target_wamid(c.target_wamid);
  out->set_data(c.data);
  if (c.kind == InboundKind::kMedia) {
    out->mutable_media()->set_media_id(c.media_id);
    out->mutable_media()->set_mime_type(c.mime_type);
    out->mutable_media()->set_filename(c.filename);
  }
  if (c.kind == InboundKind::kLocation) {
    out->mutable_location()->set_latitude(c.latitude);
    out->mutable_location()->set_longitude(c.longitude);
    out->mutable_location()->set_name(c.place_name);
    out->mutable_location()->set_address(c.place_address);
  }
}

absl::Status AnnounceMessage(sql::Transaction& tx, const Message& m, absl::Time now) {
  const Progress& p = m.progress;
  switch (m.state()) {
    case MessageState::kSent:
      return AppendRef<v1::MessageSent>(tx, "message.sent", m, p.sent_at.value_or(now), now);
    case MessageState::kDelivered:
      return AppendRef<v1::MessageDelivered>(tx, "message.delivered", m, p.delivered_at.value_or(now), now);
    case MessageState::kRead:
      return AppendRef<v1::MessageRead>(tx, "message.read", m, p.read_at.value_or(now), now);
    case MessageState::kFailed: {
      v1::MessageFailed event;
      FillRef(m, event.mutable_message());
      event.set_reason(p.error_reason);
      event.set_code(p.error_code);
      return Append(tx, "message.failed", m.id.ToString(), event, p.failed_at.value_or(now), now);
    }
    default:
      return absl::OkStatus();
  }
}

absl::Status AnnounceUnknown(sql::Transaction& tx, const Message& m, absl::Time now) {
  return AppendRef<v1::MessageUnknown>(tx, "message.unknown", m, now, now);
}

absl::Status AnnounceEchoed(sql::Transaction& tx, const Message& m, const InboundContent& content, absl::Time at,
                            absl::Time now) {
  v1::MessageEchoed event;
  FillRef(m, event.mutable_message());
  RenderInbound(content, event.mutable_content());
  api::SetTimestamp(at, event.mutable_at());
  return Append(tx, "message.echoed", m.id.ToString(), event, at, now);
}

absl::Status AnnounceReceived(sql::Transaction& tx, const v1::MessageReceived& received, absl::Time at,
                              absl::Time now) {
  return Append(tx, "message.received", received.contact_id(), received, at, now);
}

absl::Status AnnounceCampaign(sql::Transaction& tx, const Campaign& campaign, const char* type, absl::Time now) {
  v1::CampaignChanged event;
  event.set_campaign_id(campaign.id.ToString());
  event.set_display_name(campaign.display_name);
  return Append(tx, type, event.campaign_id(), event, now, now);
}

absl::Status AnnouncePaused(sql::Transaction& tx, const Campaign& campaign, absl::Time now) {
  v1::CampaignPaused event;
  event.set_campaign_id(campaign.id.ToString());
  event.set_display_name(campaign.display_name);
  event.set_reason(campaign.pause_reason);
  return Append(tx, "campaign.paused", event.campaign_id(), event, now, now);
}

absl::Status AnnounceTemplate(sql::Transaction& tx, const Template& t, const Translation& translation, const char* type,
                              absl::Time now) {
  v1::TemplateChanged event;
  event.set_channel_id(t.channel_id.ToString());
  event.set_name(t.name);
  event.set_language(translation.language);
  event.set_status(translation.status);
  event.set_rejected_reason(translation.rejected_reason);
  return Append(tx, type, t.name, event, now, now);
}

absl::Status AnnounceCategory(sql::Transaction& tx, const Template& t, const Translation& translation, Category before,
                              absl::Time now) {
  v1::TemplateCategoryChanged event;
  event.set_channel_id(t.channel_id.ToString());
  event.set_name(t.name);
  event.set_language(translation.language);
  event.set_previous_category(std::string(CategoryName(before)));
  event.set_category(std::string(CategoryName(translation.category)));
  return Append(tx, "template.category_changed", t.name, event, now, now);
}

absl::Status AnnounceQuality(sql::Transaction& tx, const Template& t, const Translation& translation, absl::Time now) {
  v1::TemplateQualityChanged event;
  event.set_channel_id(t.channel_id.ToString());
  event.set_name(t.name);
  event.set_language(translation.language);
  event.set_quality(translation.quality);
  return Append(tx, "template.quality_changed", t.name, event, now, now);
}

absl::Status AnnounceOptOut(sql::Transaction& tx, const Contact& contact, const char* scope, const std::string& source,
                            absl::Time now) {
  v1::ContactOptedOut event;
  event.set_contact_id(contact.id.ToString());
  event.set_customer_id(contact.customer_id);
  event.set_scope(scope);
  event.set_source(source);
  RenderIdentities(contact.identities, event.mutable_identities());
  return Append(tx, "contact.opted_out", event.contact_id(), event, now, now);
}

absl::Status AnnounceOptIn(sql::Transaction& tx, const Contact& contact, const std::string& source, absl::Time now) {
  v1::ContactOptedIn event;
  event.set_contact_id(contact.id.ToString());
  event.set_customer_id(contact.customer_id);
  event.set_source(source);
  RenderIdentities(contact.identities, event.mutable_identities());
  return Append(tx, "contact.opted_in", event.contact_id(), event, now, now);
}

absl::Status AnnounceUnreachable(sql::Transaction& tx, const Contact& contact, absl::Time until, absl::Time now) {
  v1::ContactUnreachable event;
  event.set_contact_id(contact.id.ToString());
  event.set_customer_id(contact.customer_id);
  api::SetTimestamp(until, event.mutable_until());
  return Append(tx, "contact.unreachable", event.contact_id(), event, now, now);
}

absl::Status AnnounceMerged(sql::Transaction& tx, const Contact& survivor, const Uuid& loser, absl::Time now) {
  v1::ContactMerged event;
  event.set_contact_id(survivor.id.ToString());
  event.set_customer_id(survivor.customer_id);
  event.set_merged_contact_id(loser.ToString());
  return Append(tx, "contact.merged", event.contact_id(), event, now, now);
}

absl::Status AnnounceErased(sql::Transaction& tx, const Uuid& contact, const std::string& customer_id, absl::Time now) {
  v1::ContactErased event;
  event.set_contact_id(contact.ToString());
  event.set_customer_id(customer_id);
  return Append(tx, "contact.erased", event.contact_id(), event, now, now);
}

absl::Status AnnounceSender(sql::Transaction& tx, const Uuid& sender, SenderState state, const std::string& reason,
                            absl::Time now) {
  v1::SenderStateChanged event;
  event.set_sender_id(sender.ToString());
  event.set_state(std::string(SenderStateName(state)));
  event.set_reason(reason);
  return Append(tx, "sender.state_changed", event.sender_id(), event, now, now);
}

absl::Status AnnounceLimit(sql::Transaction& tx, const Sender& sender, absl::Time now) {
  v1::SenderLimitChanged event;
  event.set_sender_id(sender.id.ToString());
  event.set_throughput(sender.throughput);
  event.set_daily_reach(sender.daily_reach);
  event.set_tier(sender.tier);
  event.set_quality(sender.quality);
  return Append(tx, "sender.limit_changed", event.sender_id(), event, now, now);
}

absl::Status AnnounceImport(sql::Transaction& tx, const v1::ImportFinished& finished, absl::Time now) {
  return Append(tx, "import.finished", finished.import_id(), finished, now, now);
}

}  // namespace vinculo::messaging
