#include "services/messaging/domain/template_verdict.h"

#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace vinculo::messaging {
namespace {

// Was reviewed and found good at some time: deleting it locks its name.
bool WasApproved(absl::string_view status) {
  return StatusSendable(status) || status == "PAUSED" || status == "DISABLED" || status == "ARCHIVED" ||
         status == "LIMIT_EXCEEDED" || status == "LOCKED" || status == "IN_APPEAL";
}

void MergeStatus(const Verdict& v, Translation& t) {
  if (!v.status || v.at < t.status_at) return;
  const bool again = t.status == *v.status;
  t.status_at = v.at;
  if (StatusDeleted(*v.status)) {
    if (WasApproved(t.status)) t.locked_until = v.at + kNameLock;
  } else {
    t.locked_until = std::nullopt;
  }
  if (*v.status != "PAUSED") {
    t.pause_title.clear();
    t.paused_at = std::nullopt;
  } else {
    if (!again) t.pause_title.clear();
    if (!v.title.empty()) t.pause_title = v.title;
    if (!again || !t.paused_at) t.paused_at = v.at;
  }
  t.status = *v.status;
  t.rejected_reason = v.reason;
  // An edit under way ends with the answer to it; a creation is over as soon as WhatsApp speaks of it.
  if (t.state != TranslationState::kSubmitting || t.provider_id.empty()) t.state = TranslationState::kProvider;
}

bool SameToTheEye(const Translation& a, const Translation& b) {
  return a.status == b.status && a.state == b.state && a.quality == b.quality && a.category == b.category &&
         a.announced_category == b.announced_category && a.rejected_reason == b.rejected_reason &&
         a.provider_id == b.provider_id && a.pause_title == b.pause_title && a.locked_until == b.locked_until;
}

}  // namespace

bool MergeVerdict(const Verdict& v, Translation& t) {
  if (!v.listing && !v.graph_id.empty() && !t.provider_id.empty() && v.graph_id != t.provider_id) return false;
  const Translation before = t;
  if (v.answer) t.state = TranslationState::kProvider;
  MergeStatus(v, t);
  if (!v.graph_id.empty()) t.provider_id = v.graph_id;
  if (v.quality && v.at >= t.quality_at) {
    t.quality = *v.quality;
    t.quality_at = v.at;
  }
  if (v.at >= t.category_at) {
    if (v.category != Category::kUnspecified) {
      t.category = v.category;
      t.category_at = v.at;
    }
    if (v.announced_category != Category::kUnspecified) t.announced_category = v.announced_category;
    if (t.announced_category == t.category) t.announced_category = Category::kUnspecified;
  }
  return !SameToTheEye(before, t);
}

std::optional<absl::Time> LockedUntil(const Template& t, absl::string_view language, absl::Time now) {
  std::optional<absl::Time> until;
  const bool gone = absl::c_none_of(t.translations, [](const Translation& x) {
    return x.state == TranslationState::kProvider && !StatusDeleted(x.status);
  });
  for (const Translation& x : t.translations) {
    if (!x.locked_until || *x.locked_until <= now) continue;
    if (gone || absl::string_view(x.language) == language)
      until = until ? std::max(*until, *x.locked_until) : *x.locked_until;
  }
  return until;
}

std::string NameStem(absl::string_view name) {
  const size_t at = name.rfind("_v");
  int n = 0;
  const bool numbered = at != absl::string_view::npos && at > 0 && absl::SimpleAtoi(name.substr(at + 2), &n) && n > 1;
  return std::string(numbered ? name.substr(0, at) : name);
}

std::string NextFreeName(absl::string_view name, const std::vector<std::string>& taken) {
  const std::string stem = NameStem(name);
  for (int n = 2;; ++n) {
    std::string candidate = absl::StrCat(stem, "_v", n);
    if (!absl::c_linear_search(taken, candidate)) return candidate;
  }
}

absl::string_view VerdictEffects::PauseReason() const {
  if (unavailable) return "TEMPLATE_UNAVAILABLE";
  if (became_marketing) return "TEMPLATE_CATEGORY";
  return bad_quality ? "TEMPLATE_QUALITY" : "";
}

VerdictEffects EffectsOf(const Translation& before, const Translation& after) {
  return {.unavailable = before.Sendable() && !after.Sendable(),
          .bad_quality = after.quality == "RED" && before.quality != "RED" && after.category == Category::kMarketing,
          .became_marketing = before.category != after.category && after.category == Category::kMarketing};
}

}  // namespace vinculo::messaging
