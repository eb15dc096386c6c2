#include "services/messaging/api/parse.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/store/channel_repository.h"

namespace vinculo::messaging {
namespace {

PlaceValues ToMap(const google::protobuf::Map<std::string, std::string>& in) {
  return PlaceValues(in.begin(), in.end());
}

std::string Text(absl::string_view field, const std::string& value, int64_t max, FieldViolations& bad) {
  return text::ParseText(field, value, {.min = 0, .max = max, .trim = false}, bad);
}

template <class T>
void CheckEnum(absl::string_view field, T value, bool required, bool (*valid)(int), FieldViolations& bad) {
  if (!valid(value)) {
    bad.Add(std::string(field), "is not a known value");
  } else if (required && value == 0) {
    bad.Add(std::string(field), "is required");
  }
}

std::vector<SupportedApp> ParseApps(const v1::TemplateButton& in, absl::string_view field, FieldViolations& bad) {
  std::vector<SupportedApp> out;
  text::CheckCount(field, in.supported_apps_size(), 64, bad);
  for (int i = 0; i < in.supported_apps_size() && i < 64; ++i) {
    const v1::SupportedApp& app = in.supported_apps(i);
    out.push_back({Text(text::Indexed(field, i, "package_name"), app.package_name(), 1024, bad),
                   Text(text::Indexed(field, i, "signature_hash"), app.signature_hash(), 64, bad)});
  }
  return out;
}

}  // namespace

namespace {

MediaContent ParseMedia(const v1::MediaContent& in) {
  const MediaKind kind = v1::MediaKind_IsValid(in.kind()) ? static_cast<MediaKind>(in.kind()) : MediaKind::kUnspecified;
  return {kind, {in.media_id(), in.link()}, in.caption(), in.filename()};
}

}  // namespace

TemplateContent ParseTemplateContent(const v1::TemplateContent& in) {
  return {in.name(), in.language(), ToMap(in.values())};
}

Content ParseContent(const v1::Content& in, absl::string_view field, FieldViolations& bad) {
  Content out;
  switch (in.kind_case()) {
    case v1::Content::kTemplate:
      out = ParseTemplateContent(in.template_());
      break;
    case v1::Content::kText:
      out = TextContent{in.text().body(), in.text().preview_url()};
      break;
    case v1::Content::kButtons: {
      ButtonsContent c{in.buttons().body(), in.buttons().header(), in.buttons().footer(), {}, std::nullopt};
      if (in.buttons().has_media_header()) c.media_header = ParseMedia(in.buttons().media_header());
      for (const v1::ReplyButton& b : in.buttons().buttons()) c.buttons.push_back({b.id(), b.title()});
      out = std::move(c);
      break;
    }
    case v1::Content::kList: {
      ListContent c{in.list().body(), in.list().header(), in.list().footer(), in.list().menu_label(), {}};
      for (const v1::ListSection& s : in.list().sections()) {
        ListSection section{s.title(), {}};
        for (const v1::ListRow& r : s.rows()) section.rows.push_back({r.id(), r.title(), r.description()});
        c.sections.push_back(std::move(section));
      }
      out = std::move(c);
      break;
    }
    case v1::Content::kMedia:
      out = ParseMedia(in.media());
      break;
    case v1::Content::kLink: {
      LinkContent c{in.link().body(),  in.link().header(), in.link().footer(),
                    in.link().label(), in.link().url(),    std::nullopt};
      if (in.link().has_media_header()) c.media_header = ParseMedia(in.link().media_header());
      out = std::move(c);
      break;
    }
    case v1::Content::kAskLocation:
      out = AskContent{AskContent::Kind::kLocation, in.ask_location().body()};
      break;
    case v1::Content::kAskPhone:
      out = AskContent{AskContent::Kind::kPhone, in.ask_phone().body()};
      break;
    case v1::Content::kLocation:
      out = LocationContent{in.location().latitude(), in.location().longitude(), in.location().name(),
                            in.location().address()};
      break;
    case v1::Content::kReaction:
      out = ReactionContent{in.reaction().wamid(), in.reaction().emoji()};
      break;
    case v1::Content::KIND_NOT_SET:
      break;
  }
  ValidateContent(out, field, bad);
  return out;
}

ReplyRoute ParseReplyRoute(const v1::ReplyRoute& in, absl::string_view field, bool required, FieldViolations& bad) {
  CheckEnum(absl::StrCat(field, ".route"), in.route(), required, v1::Route_IsValid, bad);
  return {static_cast<Route>(in.route()), Text(absl::StrCat(field, ".ref"), in.ref(), 256, bad)};
}

absl::StatusOr<Uuid> ResolveSenderId(sql::Transaction& tx, const std::optional<Uuid>& named) {
  if (named) {
    ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, *named));
    return sender.id;
  }
  ASSIGN_OR_RETURN(const std::optional<Sender> fallback, ChannelRepository::DefaultSender(tx));
  if (!fallback) return NotFound("sender", "the tenant has none");
  return fallback->id;
}

Hold ParseHold(const v1::Hold& in, absl::string_view field, absl::Time now, FieldViolations& bad) {
  CheckEnum(absl::StrCat(field, ".route"), in.route(), true, v1::Route_IsValid, bad);
  Hold hold{{static_cast<Route>(in.route()),
             text::ParseText(absl::StrCat(field, ".ref"), in.ref(), {.min = 1, .max = 256}, bad)},
            now + kDefaultHold,
            now};
  if (in.has_until()) {
    const std::string until = absl::StrCat(field, ".until");
    hold.until = api::ParseTimestamp(until, in.until(), bad);
    if (hold.until <= now || hold.until > now + kMaxHold) bad.Add(until, "must lie within the next 30 days");
  }
  return hold;
}

TemplateComponents ParseComponents(const v1::TemplateComponents& in, absl::string_view field, FieldViolations& bad) {
  const auto at = [&](absl::string_view name) { return absl::StrCat(field, ".", name); };
  TemplateComponents c;
  if (in.has_header()) {
    CheckEnum(at("header.format"), in.header().format(), true, v1::TemplateHeader_Format_IsValid, bad);
    c.header = {static_cast<HeaderFormat>(in.header().format()), Text(at("header.text"), in.header().text(), 4096, bad),
                Text(at("header.sample_handle"), in.header().sample_handle(), 4096, bad)};
  }
  c.body = Text(at("body"), in.body(), 16384, bad);
  c.footer = Text(at("footer"), in.footer(), 4096, bad);
  text::CheckCount(at("buttons"), in.buttons_size(), 64, bad);
  for (int i = 0; i < in.buttons_size() && i < 64; ++i) {
    const v1::TemplateButton& b = in.buttons(i);
    const std::string button = text::Indexed(at("buttons"), i);
    CheckEnum(absl::StrCat(button, ".kind"), b.kind(), true, v1::TemplateButton_Kind_IsValid, bad);
    if (b.opt_out() && b.kind() != v1::TemplateButton::KIND_QUICK_REPLY)
      bad.Add(absl::StrCat(button, ".opt_out"), "is for quick replies only: nothing else tells us of a tap");
    c.buttons.push_back({static_cast<ButtonKind>(b.kind()), Text(absl::StrCat(button, ".label"), b.label(), 1024, bad),
                         Text(absl::StrCat(button, ".url"), b.url(), 4096, bad),
                         Text(absl::StrCat(button, ".phone_number"), b.phone_number(), 64, bad),
                         Text(absl::StrCat(button, ".coupon_code"), b.coupon_code(), 64, bad), b.opt_out(),
                         ParseApps(b, absl::StrCat(button, ".supported_apps"), bad), b.zero_tap_terms_accepted()});
  }
  text::CheckCount(at("examples"), in.examples_size(), 64, bad);
  for (const auto& [place, value] : in.examples())
    c.examples[place] = Text(absl::StrCat(at("examples"), "[", place, "]"), value, 1024, bad);
  c.ttl_seconds = in.ttl_seconds();
  c.add_security_recommendation = in.add_security_recommendation();
  c.code_expiration_minutes = in.code_expiration_minutes();
  return c;
}

Category ParseCategory(v1::TemplateCategory in, absl::string_view field, bool required, FieldViolations& bad) {
  CheckEnum(field, in, required, v1::TemplateCategory_IsValid, bad);
  return static_cast<Category>(in);
}

VariableFormat ParseFormat(v1::VariableFormat in, FieldViolations& bad) {
  CheckEnum("variable_format", in, false, v1::VariableFormat_IsValid, bad);
  return in == v1::VARIABLE_FORMAT_NAMED ? VariableFormat::kNamed : VariableFormat::kPositional;
}

AudienceFilter ParseFilter(const v1::AudienceFilter& in, absl::string_view field, FieldViolations& bad, int depth) {
  AudienceFilter f;
  if (depth > kMaxFilterDepth + 1) return f;  // ValidateFilter says so
  const auto children = [&](const v1::AudienceFilters& filters) {
    for (int i = 0; i < filters.filters_size() && i <= kMaxFilterNodes; ++i) {
      f.children.push_back(
          ParseFilter(filters.filters(i), text::Indexed(absl::StrCat(field, ".filters"), i), bad, depth + 1));
    }
  };
  using Kind = AudienceFilter::Kind;
  switch (in.condition_case()) {
    case v1::AudienceFilter::kAllContacts:
      f.kind = Kind::kAllContacts;
      if (!in.all_contacts()) bad.Add(absl::StrCat(field, ".all_contacts"), "must be true");
      break;
    case v1::AudienceFilter::kListId:
      f.kind = Kind::kList;
      f.list_id = text::ParseUuid(absl::StrCat(field, ".list_id"), in.list_id(), bad);
      break;
    case v1::AudienceFilter::kTag:
      f.kind = Kind::kTag;
      f.text = Text(absl::StrCat(field, ".tag"), in.tag(), 64, bad);
      break;
    case v1::AudienceFilter::kLanguage:
      f.kind = Kind::kLanguage;
      f.text = text::ParseLanguage(absl::StrCat(field, ".language"), in.language(), bad);
      break;
    case v1::AudienceFilter::kCountry:
      f.kind = Kind::kCountry;
      f.text = Text(absl::StrCat(field, ".country"), in.country(), 2, bad);
      break;
    case v1::AudienceFilter::kAttribute:
      f.kind = Kind::kAttribute;
      f.text = in.attribute().key();
      CheckEnum(absl::StrCat(field, ".attribute.operator"), in.attribute().operator_(), true,
                v1::AttributeFilter_Operator_IsValid, bad);
      f.op = static_cast<AttributeOperator>(in.attribute().operator_());
      f.values.assign(in.attribute().values().begin(), in.attribute().values().end());
      break;
    case v1::AudienceFilter::kAll:
      f.kind = Kind::kAll;
      children(in.all());
      break;
    case v1::AudienceFilter::kAny:
      f.kind = Kind::kAny;
      children(in.any());
      break;
    case v1::AudienceFilter::kNot:
      f.kind = Kind::kNot;
      f.children.push_back(ParseFilter(in.not_(), absl::StrCat(field, ".not"), bad, depth + 1));
      break;
    case v1::AudienceFilter::kConsent:
      f.kind = Kind::kConsent;
      CheckEnum(absl::StrCat(field, ".consent.purpose"), in.consent().purpose(), true,
                v1::ConsentFilter::Purpose_IsValid, bad);
      CheckEnum(absl::StrCat(field, ".consent.decision"), in.consent().decision(), true,
                v1::ConsentFilter::Decision_IsValid, bad);
      f.purpose = static_cast<Purpose>(in.consent().purpose());
      f.decision = in.consent().decision() == v1::ConsentFilter::DECISION_NONE
                       ? Decision::kNone
                       : static_cast<Decision>(in.consent().decision());
      break;
    case v1::AudienceFilter::kLastInboundWithin:
      f.kind = Kind::kLastInbound;
      f.within = api::ParseDuration(absl::StrCat(field, ".last_inbound_within"), in.last_inbound_within(),
                                    absl::Minutes(1), absl::Hours(24 * 3660), bad);
      break;
    case v1::AudienceFilter::kCampaignOutcome:
      f.kind = Kind::kOutcome;
      f.campaign_id = text::ParseUuid(absl::StrCat(field, ".campaign_outcome.campaign_id"),
                                      in.campaign_outcome().campaign_id(), bad);
      CheckEnum(absl::StrCat(field, ".campaign_outcome.outcome"), in.campaign_outcome().outcome(), true,
                v1::CampaignOutcomeFilter::Outcome_IsValid, bad);
      f.outcome = static_cast<CampaignOutcome>(in.campaign_outcome().outcome());
      break;
    case v1::AudienceFilter::kSegmentId:
      f.kind = Kind::kSegment;
      f.text = in.segment_id();
      break;
    case v1::AudienceFilter::CONDITION_NOT_SET:
      break;
  }
  return f;
}

RoutingRule ParseRule(const v1::RoutingRule& in, FieldViolations& bad) {
  RoutingRule rule{
      .id = text::ParseSlug("rule.id", in.id(), bad), .priority = in.priority(), .pre_empt = in.pre_empt()};
  text::CheckCount("rule.keywords", in.keywords_size(), 50, bad);
  text::CheckCount("rule.payload_prefixes", in.payload_prefixes_size(), 50, bad);
  for (int i = 0; i < in.keywords_size() && i < 50; ++i) {
    rule.keywords.push_back(text::ParseText(text::Indexed("rule.keywords", i), in.keywords(i),
                                            {.min = 1, .max = 64, .single_line = true}, bad));
  }
  for (int i = 0; i < in.payload_prefixes_size() && i < 50; ++i) {
    rule.payload_prefixes.push_back(text::ParseText(text::Indexed("rule.payload_prefixes", i), in.payload_prefixes(i),
                                                    {.min = 1, .max = 256, .trim = false}, bad));
  }
  if (rule.keywords.empty() && rule.payload_prefixes.empty())
    bad.Add("rule", "a keyword or a payload prefix is required");
  rule.reply_route = ParseReplyRoute(in.reply_route(), "rule.reply_route", true, bad);
  return rule;
}

}  // namespace vinculo::messaging
