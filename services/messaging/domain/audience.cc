#include "services/messaging/domain/audience.h"

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/text/validate.h"

namespace vinculo::messaging {
namespace {

using Kind = AudienceFilter::Kind;

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
      case Kind::kAllContacts:
      case Kind::kList:
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
    double number;
    if ((f.op == AttributeOperator::kLess || f.op == AttributeOperator::kGreater) && n == 1 &&
        !absl::SimpleAtod(f.values[0], &number)) {
      bad.Add(absl::StrCat(field, ".attribute.values"), "must be a number");
    }
  }
};

bool MatchesAttribute(const AudienceFilter& f, const AudienceFacts& facts) {
  const auto it = facts.attributes.find(f.text);
  if (it == facts.attributes.end()) return f.op == AttributeOperator::kMissing;
  const std::string& value = it->second;
  double have = 0, want = 0;
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
    case AttributeOperator::kGreater:
      if (!absl::SimpleAtod(value, &have) || !absl::SimpleAtod(f.values[0], &want)) return false;
      return f.op == AttributeOperator::kLess ? have < want : have > want;
  }
  return false;
}

void CollectLists(const AudienceFilter& f, std::vector<Uuid>& out) {
  if (f.kind == Kind::kList) out.push_back(f.list_id);
  for (const AudienceFilter& child : f.children) CollectLists(child, out);
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
  }
  return false;
}

std::vector<Uuid> ListsOf(const AudienceFilter& filter) {
  std::vector<Uuid> out;
  CollectLists(filter, out);
  return out;
}

}  // namespace vinculo::messaging
