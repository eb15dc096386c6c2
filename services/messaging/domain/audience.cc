#include "services/messaging/domain/audience.h"

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/text/validate.h"

namespace vinculo::messaging {
namespace {

using Kind = AudienceFilter::Kind;

std::optional<double> AsNumber(const std::string& value) {
  double number = 0;
  if (!absl::SimpleAtod(value, &number)) return std::nullopt;
  return number;
}

std::optional<absl::Time> AsDate(const std::string& value) {
  absl::Time t;
  std::string error;
  for (const char* format : {"%Y-%m-%d", absl::RFC3339_full}) {
    if (absl::ParseTime(format, value, &t, &error)) return t;
  }
  return std::nullopt;
}

// -1, 0 or 1; nullopt when the two cannot be compared.
std::optional<int> Compare(const std::string& have, const std::string& want) {
  const auto order = [](const auto& a, const auto& b) { return a < b ? -1 : a > b ? 1 : 0; };
  const auto number = AsNumber(want);
  const auto other = AsNumber(have);
  if (number) return other ? std::optional(order(*other, *number)) : std::nullopt;
  const auto date = AsDate(want);
  const auto day = AsDate(have);
  return date && day ? std::optional(order(*day, *date)) : std::nullopt;
}

struct Walk {
  FieldViolations& bad;
  int nodes = 0;

  void Visit(const AudienceFilter& f, const std::string& field, int depth) {
    if (++nodes == kMaxFilterNodes + 1)
      bad.Add(field, absl::StrCat("a filter has at most ", kMaxFilterNodes, " conditions"));
    if (nodes > kMaxFilterNodes) return;
    if (depth > kMaxFilterDepth) return bad.Add(field, absl::StrCat("a filter is at most ", kMaxFilterDepth, " deep"));
    switch (f.kind) {
      case Kind::kEmpty:
        return bad.Add(field, "a condition is required");
      case Kind::kAll:
      case Kind::kAny:
        if (f.children.empty()) bad.Add(field, "at least one condition is required");
        for (size_t i = 0; i < f.children.size(); ++i)
          Visit(f.children[i], text::Indexed(absl::StrCat(field, ".filters"), i), depth + 1);
        return;
      case Kind::kNot:
        return Visit(f.children.at(0), absl::StrCat(field, ".not"), depth + 1);
      case Kind::kAttribute:
        return Attribute(f, field);
      case Kind::kTag:
      case Kind::kLanguage:
      case Kind::kCountry:
        if (f.text.empty()) bad.Add(field, "must not be empty");
        return;
      case Kind::kLastInbound:
        if (f.within < absl::Minutes(1) || f.within > absl::Hours(24 * 3660))
          bad.Add(absl::StrCat(field, ".last_inbound_within"), "must be 1 minute to 10 years");
        return;
      case Kind::kSegment:
        (void)text::ParseSlug(absl::StrCat(field, ".segment_id"), f.text, bad);
        return;
      case Kind::kAllContacts:
      case Kind::kList:
      case Kind::kConsent:
      case Kind::kOutcome:
        return;
    }
  }

  void Attribute(const AudienceFilter& f, const std::string& field) {
    (void)text::ParseSlug(absl::StrCat(field, ".attribute.key"), f.text, bad);
    const size_t n = f.values.size();
    const bool one = f.op != AttributeOperator::kIn && f.op != AttributeOperator::kMissing;
    if ((one && n != 1) || (f.op == AttributeOperator::kMissing && n != 0) ||
        (f.op == AttributeOperator::kIn && (n == 0 || n > kMaxFilterValues))) {
      bad.Add(absl::StrCat(field, ".attribute.values"), "one value is required; 1 to 1,000 for IN, none for MISSING");
    }
    for (size_t i = 0; i < n && i < static_cast<size_t>(kMaxFilterValues); ++i)
      (void)text::ParseText(text::Indexed(absl::StrCat(field, ".attribute.values"), i), f.values[i],
                            {.max = 1024, .trim = false}, bad);
    const bool ordered = f.op == AttributeOperator::kLess || f.op == AttributeOperator::kGreater;
    if (ordered && n == 1 && !AsNumber(f.values[0]) && !AsDate(f.values[0]))
      bad.Add(absl::StrCat(field, ".attribute.values"), "must be a number, or a date such as 2026-05-31");
  }
};

bool MatchesAttribute(const AudienceFilter& f, const AudienceFacts& facts) {
  const auto it = facts.attributes.find(f.text);
  if (it == facts.attributes.end()) return f.op == AttributeOperator::kMissing;
  const std::string& value = it->second;
  switch (f.op) {
    case AttributeOperator::kMissing:
      return false;
    case AttributeOperator::kEquals:
      return value == f.values[0];
    case AttributeOperator::kNotEquals:
      return value != f.values[0];
    case AttributeOperator::kIn:
      return absl::c_linear_search(f.values, value);
    case AttributeOperator::kLess:
      return Compare(value, f.values[0]) == -1;
    case AttributeOperator::kGreater:
      return Compare(value, f.values[0]) == 1;
  }
  return false;
}

bool MatchesOutcome(const AudienceFilter& f, const AudienceFacts& facts) {
  const auto it = facts.outcomes.find(f.campaign_id);
  if (it == facts.outcomes.end()) return false;
  const OutcomeFacts& o = it->second;
  switch (f.outcome) {
    case CampaignOutcome::kSent:
      return o.sent;
    case CampaignOutcome::kDelivered:
      return o.delivered;
    case CampaignOutcome::kRead:
      return o.read;
    case CampaignOutcome::kReplied:
      return o.replied;
    case CampaignOutcome::kNotReplied:
      return o.sent && !o.replied;
    case CampaignOutcome::kFailed:
      return o.failed;
  }
  return false;
}

// `of` appended for every node of `kind`.
template <class T, class Of>
void Collect(const AudienceFilter& f, Kind kind, Of of, std::vector<T>& out) {
  if (f.kind == kind) out.push_back(of(f));
  for (const AudienceFilter& child : f.children) Collect(child, kind, of, out);
}

}  // namespace

absl::Status ValidateFilter(const AudienceFilter& filter, absl::string_view field) {
  if (filter.kind == Kind::kEmpty) {
    return Error(absl::StatusCode::kInvalidArgument, "AUDIENCE_NOT_EXPLICIT",
                 "Say who: everybody is all_contacts = true.");
  }
  FieldViolations bad;
  Walk{bad}.Visit(filter, std::string(field), 1);
  return bad.ToStatus();
}

bool Matches(const AudienceFilter& f, const AudienceFacts& facts) {
  const auto matches = [&](const AudienceFilter& child) { return Matches(child, facts); };
  switch (f.kind) {
    case Kind::kEmpty:
      return false;
    case Kind::kAllContacts:
      return true;
    case Kind::kList:
      return facts.lists.contains(f.list_id);
    case Kind::kTag:
      return absl::c_linear_search(facts.tags, f.text);
    case Kind::kLanguage:
      return facts.language == f.text || absl::StartsWith(facts.language, absl::StrCat(f.text, "_"));
    case Kind::kCountry:
      return facts.country == f.text;
    case Kind::kAttribute:
      return MatchesAttribute(f, facts);
    case Kind::kAll:
      return absl::c_all_of(f.children, matches);
    case Kind::kAny:
      return absl::c_any_of(f.children, matches);
    case Kind::kNot:
      return !Matches(f.children[0], facts);
    case Kind::kConsent:
      return f.decision == (f.purpose == Purpose::kMarketing ? facts.marketing : facts.transactional);
    case Kind::kLastInbound:
      return facts.last_inbound_at && *facts.last_inbound_at >= facts.now - f.within;
    case Kind::kOutcome:
      return MatchesOutcome(f, facts);
    case Kind::kSegment:
      return false;  // expanded before it is matched
  }
  return false;
}

std::vector<Uuid> ListsOf(const AudienceFilter& filter) {
  std::vector<Uuid> out;
  Collect(
      filter, Kind::kList, [](const AudienceFilter& f) { return f.list_id; }, out);
  return out;
}

std::vector<Uuid> CampaignsOf(const AudienceFilter& filter) {
  std::vector<Uuid> out;
  Collect(
      filter, Kind::kOutcome, [](const AudienceFilter& f) { return f.campaign_id; }, out);
  return out;
}

std::vector<std::string> SegmentsOf(const AudienceFilter& filter) {
  std::vector<std::string> out;
  Collect(
      filter, Kind::kSegment, [](const AudienceFilter& f) { return f.text; }, out);
  return out;
}

AudienceFilter ExpandSegments(const AudienceFilter& filter, const std::map<std::string, AudienceFilter>& segments) {
  if (filter.kind == Kind::kSegment) {
    const auto found = segments.find(filter.text);
    return found == segments.end() ? AudienceFilter() : found->second;
  }
  AudienceFilter out = filter;
  for (AudienceFilter& child : out.children) child = ExpandSegments(child, segments);
  return out;
}

}  // namespace vinculo::messaging
