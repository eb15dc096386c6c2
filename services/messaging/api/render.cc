#include "services/messaging/api/render.h"

#include "absl/strings/escaping.h"
#include "common/api/etag.h"
#include "common/api/time.h"
#include "services/messaging/announce.h"

namespace vinculo::messaging {
namespace {

using api::SetTimestamp;

template <class Set>
void SetOptional(const std::optional<absl::Time>& t, Set mutable_field) {
  if (t) SetTimestamp(*t, mutable_field());
}

void RenderMedia(const MediaContent& in, v1::MediaContent* out) {
  out->set_kind(static_cast<v1::MediaKind>(in.kind));
  if (!in.file.id.empty()) out->set_media_id(in.file.id);
  if (!in.file.link.empty()) out->set_link(in.file.link);
  out->set_caption(in.caption);
  out->set_filename(in.filename);
}

struct ContentRenderer {
  v1::Content* out;
  void operator()(const std::monostate&) const {}
  void operator()(const TemplateContent& c) const {
    out->mutable_template_()->set_name(c.name);
    out->mutable_template_()->set_language(c.language);
    out->mutable_template_()->mutable_values()->insert(c.values.begin(), c.values.end());
  }
  void operator()(const TextContent& c) const {
    out->mutable_text()->set_body(c.body);
    out->mutable_text()->set_preview_url(c.preview_url);
  }
  void operator()(const ButtonsContent& c) const {
    v1::ButtonsContent* b = out->mutable_buttons();
    b->set_body(c.body);
    b->set_header(c.header);
    b->set_footer(c.footer);
    if (c.media_header) RenderMedia(*c.media_header, b->mutable_media_header());
    for (const ReplyButton& button : c.buttons) {
      v1::ReplyButton* added = b->add_buttons();
      added->set_id(button.id);
      added->set_title(button.title);
    }
  }
  void operator()(const ListContent& c) const {
    v1::ListContent* l = out->mutable_list();
    l->set_body(c.body);
    l->set_header(c.header);
    l->set_footer(c.footer);
    l->set_menu_label(c.menu_label);
    for (const ListSection& s : c.sections) {
      v1::ListSection* section = l->add_sections();
      section->set_title(s.title);
      for (const ListRow& r : s.rows) {
        v1::ListRow* row = section->add_rows();
        row->set_id(r.id);
        row->set_title(r.title);
        row->set_description(r.description);
      }
    }
  }
  void operator()(const MediaContent& c) const { RenderMedia(c, out->mutable_media()); }
  void operator()(const LinkContent& c) const {
    v1::LinkContent* l = out->mutable_link();
    l->set_body(c.body);
    l->set_header(c.header);
    l->set_footer(c.footer);
    l->set_label(c.label);
    l->set_url(c.url);
    if (c.media_header) RenderMedia(*c.media_header, l->mutable_media_header());
  }
  void operator()(const AskContent& c) const {
    if (c.kind == AskContent::Kind::kPhone) return out->mutable_ask_phone()->set_body(c.body);
    out->mutable_ask_location()->set_body(c.body);
  }
  void operator()(const LocationContent& c) const {
    v1::LocationContent* l = out->mutable_location();
    l->set_latitude(c.latitude);
    l->set_longitude(c.longitude);
    l->set_name(c.name);
    l->set_address(c.address);
  }
  void operator()(const ReactionContent& c) const {
    out->mutable_reaction()->set_wamid(c.wamid);
    out->mutable_reaction()->set_emoji(c.emoji);
  }
};

}  // namespace

void RenderContent(const Content& in, v1::Content* out) { std::visit(ContentRenderer{out}, in); }

void RenderMessage(const Message& m, bool personal, v1::Message* out) {
  const Progress& p = m.progress;
  out->set_id(m.id.ToString());
  out->set_contact_id(m.contact_id.ToString());
  out->set_customer_id(m.customer_id);
  out->set_sender_id(m.sender_id.ToString());
  out->set_state(static_cast<v1::MessageState>(m.state()));
  if (personal) RenderContent(m.content, out->mutable_content());
  out->set_lane(static_cast<v1::Lane>(m.lane));
  out->set_wamid(m.wamid);
  out->set_attempts(p.attempt);
  if (m.state() == MessageState::kFailed) {
    out->mutable_error()->set_reason(p.error_reason);
    out->mutable_error()->set_provider_code(p.error_code);
  }
  if (m.campaign_id) out->set_campaign_id(m.campaign_id->ToString());
  out->mutable_labels()->insert(m.labels.begin(), m.labels.end());
  out->set_caller(m.caller);
  SetTimestamp(m.created_at, out->mutable_create_time());
  SetTimestamp(m.expire_at, out->mutable_expire_time());
  SetOptional(p.accepted_at, [&] { return out->mutable_accept_time(); });
  SetOptional(p.sent_at, [&] { return out->mutable_sent_time(); });
  SetOptional(p.delivered_at, [&] { return out->mutable_delivered_time(); });
  SetOptional(p.read_at, [&] { return out->mutable_read_time(); });
  SetOptional(p.failed_at, [&] { return out->mutable_failed_time(); });
  SetOptional(p.expired_at, [&] { return out->mutable_expired_time(); });
  out->set_origin(static_cast<v1::MessageOrigin>(m.origin));
}

void RenderHold(const Hold& in, v1::Hold* out) {
  out->set_route(static_cast<v1::Route>(in.to.route));
  out->set_ref(in.to.ref);
  SetTimestamp(in.until, out->mutable_until());
}

void RenderReplyRoute(const ReplyRoute& in, v1::ReplyRoute* out) {
  out->set_route(static_cast<v1::Route>(in.route));
  out->set_ref(in.ref);
}

void RenderRule(const RoutingRule& in, v1::RoutingRule* out) {
  out->set_id(in.id);
  out->set_priority(in.priority);
  for (const std::string& k : in.keywords) out->add_keywords(k);
  for (const std::string& p : in.payload_prefixes) out->add_payload_prefixes(p);
  RenderReplyRoute(in.reply_route, out->mutable_reply_route());
  out->set_pre_empt(in.pre_empt);
  out->set_etag(api::FormatEtag(in.revision));
}

void RenderComponents(const TemplateComponents& in, v1::TemplateComponents* out) {
  if (in.header.format != HeaderFormat::kNone) {
    out->mutable_header()->set_format(static_cast<v1::TemplateHeader::Format>(in.header.format));
    out->mutable_header()->set_text(in.header.text);
    out->mutable_header()->set_sample_handle(in.header.sample_handle);
  }
  out->set_body(in.body);
  out->set_footer(in.footer);
  for (const TemplateButton& b : in.buttons) {
    v1::TemplateButton* added = out->add_buttons();
    added->set_kind(static_cast<v1::TemplateButton::Kind>(b.kind));
    added->set_label(b.label);
    added->set_url(b.url);
    added->set_phone_number(b.phone_number);
    added->set_coupon_code(b.coupon_code);
    added->set_opt_out(b.opt_out);
    for (const SupportedApp& app : b.supported_apps) {
      added->add_supported_apps()->set_package_name(app.package_name);
      added->mutable_supported_apps()->rbegin()->set_signature_hash(app.signature_hash);
    }
    added->set_zero_tap_terms_accepted(b.zero_tap_terms_accepted);
  }
  out->mutable_examples()->insert(in.examples.begin(), in.examples.end());
  out->set_ttl_seconds(in.ttl_seconds);
  out->set_add_security_recommendation(in.add_security_recommendation);
  out->set_code_expiration_minutes(in.code_expiration_minutes);
}

void RenderVersion(const TemplateVersion& in, v1::TemplateVersion* out) {
  out->set_version(in.version);
  RenderComponents(in.components, out->mutable_components());
  out->set_category(static_cast<v1::TemplateCategory>(in.category));
  out->set_origin(static_cast<v1::VersionOrigin>(in.origin));
  SetTimestamp(in.created_at, out->mutable_create_time());
}

void RenderTemplate(const Template& in, v1::Template* out) {
  out->set_channel_id(in.channel_id.ToString());
  out->set_name(in.name);
  out->set_variable_format(static_cast<v1::VariableFormat>(in.variable_format));
  for (const Translation& t : in.translations) {
    v1::Translation* added = out->add_translations();
    added->set_language(t.language);
    added->set_category(static_cast<v1::TemplateCategory>(t.category));
    added->set_state(static_cast<v1::TranslationState>(t.state));
    added->set_status(t.status);
    added->set_quality(t.quality);
    added->set_provider_id(t.provider_id);
    added->set_rejected_reason(t.rejected_reason);
    added->set_sendable(t.Sendable());
    if (t.submitted) RenderVersion(*t.submitted, added->mutable_submitted());
    if (t.draft) RenderVersion(*t.draft, added->mutable_draft());
    SetTimestamp(t.updated_at, added->mutable_update_time());
    added->set_pause_title(t.pause_title);
    if (t.paused_at) SetTimestamp(*t.paused_at, added->mutable_pause_time());
    added->set_announced_category(static_cast<v1::TemplateCategory>(t.announced_category));
    if (t.locked_until) SetTimestamp(*t.locked_until, added->mutable_name_locked_until());
  }
  out->set_etag(api::FormatEtag(in.revision));
  SetTimestamp(in.created_at, out->mutable_create_time());
}

void RenderFindings(const std::vector<Finding>& in, google::protobuf::RepeatedPtrField<v1::Finding>* out) {
  for (const Finding& f : in) {
    v1::Finding* added = out->Add();
    added->set_code(f.code);
    added->set_severity(static_cast<v1::Severity>(f.severity));
    added->set_field(f.field);
    added->set_message(f.message);
    added->set_fix(f.fix);
    added->set_suggestion(f.suggestion);
    added->set_link(f.link);
  }
}

void RenderRendered(const RenderedTemplate& in, v1::RenderedTemplate* out) {
  out->set_header(in.header);
  out->set_body(in.body);
  out->set_footer(in.footer);
  for (const RenderedButton& b : in.buttons) {
    v1::RenderedButton* added = out->add_buttons();
    added->set_label(b.label);
    added->set_target(b.target);
  }
}

void RenderContact(const Contact& in, bool personal, v1::Contact* out) {
  out->set_id(in.id.ToString());
  out->set_language(in.language);
  out->set_time_zone(in.time_zone);
  out->set_country(in.country);
  out->set_customer_id(in.customer_id);
  for (const std::string& tag : in.tags) out->add_tags(tag);
  RenderIdentities(in.identities, out->mutable_identities());
  if (personal) {
    out->set_name(in.name);
    out->set_first_name(in.first_name);
    out->mutable_attributes()->insert(in.attributes.begin(), in.attributes.end());
  } else {
    for (v1::ContactIdentity& id : *out->mutable_identities()) id.set_value(MaskIdentity(id.value()));
  }
  out->set_marketing_allowed(in.marketing_allowed());
  out->set_tester(in.tester);
  out->set_erased(in.state == ContactState::kErased);
  SetOptional(in.last_inbound_at, [&] { return out->mutable_last_inbound_time(); });
  SetTimestamp(in.created_at, out->mutable_create_time());
  SetTimestamp(in.updated_at, out->mutable_update_time());
  out->set_etag(api::FormatEtag(in.revision));
}

void RenderConsent(const Consent& in, v1::Consent* out) {
  out->set_id(in.id.ToString());
  out->set_contact_id(in.contact_id.ToString());
  out->set_purpose(static_cast<v1::ConsentPurpose>(in.purpose));
  out->set_decision(static_cast<v1::ConsentDecision>(in.decision));
  SetTimestamp(in.at, out->mutable_at());
  out->set_source(in.source);
  out->set_text_version(in.text_version);
  out->set_reference(in.reference);
  out->set_actor(in.actor);
  out->set_by_person(in.by_person);
  SetOptional(in.expires_at, [&] { return out->mutable_expire_time(); });
}

void RenderSuppression(const Uuid& contact, const Suppression& in, v1::Suppression* out) {
  using S = v1::Suppression;
  const bool marketing = in.flag == kSuppressedMarketing || in.flag == kOperatorMarketing;
  out->set_scope(in.flag == kSuppressedBlocked ? S::SCOPE_BLOCKED
                 : marketing                   ? S::SCOPE_MARKETING
                                               : S::SCOPE_INITIATED);
  out->set_reason((in.flag & kSuppressedByPerson) != 0 ? S::REASON_PERSON
                  : in.flag == kSuppressedUnreachable  ? S::REASON_UNREACHABLE
                                                       : S::REASON_OPERATOR);
  SetOptional(in.until, [&] { return out->mutable_until(); });
  SetTimestamp(in.created_at, out->mutable_create_time());
  if (contact.is_nil()) {
    out->set_identity_hash(absl::BytesToHexString(in.hash));
  } else {
    out->set_contact_id(contact.ToString());
  }
}

void RenderList(const ContactList& in, v1::ContactList* out) {
  out->set_id(in.id.ToString());
  out->set_display_name(in.display_name);
  out->set_members(in.members);
  out->set_etag(api::FormatEtag(in.revision));
  SetTimestamp(in.created_at, out->mutable_create_time());
}

void RenderImport(const Import& in, v1::Import* out) {
  out->set_id(in.id.ToString());
  out->set_state(static_cast<v1::Import::State>(in.state));
  out->set_dry_run(in.dry_run);
  out->set_rows(in.counts.rows);
  out->set_created(in.counts.created);
  out->set_updated(in.counts.updated);
  out->set_unchanged(in.counts.unchanged);
  out->set_duplicates(in.counts.duplicates);
  out->set_rejected(in.counts.rejected);
  out->set_warnings(in.counts.warnings);
  for (const std::string& c : in.ignored_columns) out->add_ignored_columns(c);
  SetTimestamp(in.started_at, out->mutable_create_time());
  SetOptional(in.ended_at, [&] { return out->mutable_end_time(); });
}

void RenderImportRow(const ImportRowReport& in, v1::ImportRow* out) {
  out->set_line(in.line);
  out->set_outcome(static_cast<v1::ImportRow::Outcome>(in.outcome));
  out->set_code(in.note.code);
  out->set_column(in.note.column);
  out->set_fix(in.note.fix);
  out->set_duplicate_of_line(in.duplicate_of);
}

void RenderChannel(const Channel& in, v1::Channel* out) {
  out->set_id(in.id.ToString());
  out->set_display_name(in.display_name);
  out->set_waba_id(in.waba_id);
  out->set_portfolio_id(in.portfolio_id);
  out->set_app(in.app);
  out->set_access_token_tail(in.token_tail);
  out->set_state(in.state == ChannelState::kActive ? "ACTIVE" : "BLOCKED");
  out->set_block_reason(in.block_reason);
  SetTimestamp(in.created_at, out->mutable_create_time());
  if (in.blocked_until) SetTimestamp(*in.blocked_until, out->mutable_blocked_until());
  if (in.webhook_at) SetTimestamp(*in.webhook_at, out->mutable_webhook_time());
  out->set_etag(api::FormatEtag(in.revision));
}

void RenderSender(const Sender& in, v1::Sender* out) {
  out->set_id(in.id.ToString());
  out->set_channel_id(in.channel_id.ToString());
  out->set_phone_number_id(in.phone_number_id);
  out->set_phone_number(in.phone_number);
  out->set_display_name(in.display_name);
  out->set_throughput(in.throughput);
  out->set_daily_reach(in.daily_reach);
  out->set_state(std::string(SenderStateName(in.state)));
  out->set_block_reason(in.block_reason);
  out->set_is_default(in.is_default);
  SetTimestamp(in.created_at, out->mutable_create_time());
  if (in.blocked_until) SetTimestamp(*in.blocked_until, out->mutable_blocked_until());
  out->set_tier(in.tier);
  out->set_quality(in.quality);
  if (in.read_at) SetTimestamp(*in.read_at, out->mutable_read_time());
  out->set_etag(api::FormatEtag(in.revision));
}

}  // namespace vinculo::messaging
