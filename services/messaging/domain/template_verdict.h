#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "services/messaging/domain/template.h"

namespace vinculo::messaging {

// What WhatsApp says about a translation, by webhook, by listing or in answer to a call. What is unset is not spoken
// of.
struct Verdict {
  std::string graph_id;  // "" keeps it
  std::optional<std::string> status;
  std::string reason;  // beside a status
  std::string title;   // beside a status: why it is paused
  std::optional<std::string> quality;
  Category category = Category::kUnspecified;
  Category announced_category = Category::kUnspecified;
  absl::Time at;  // when it was so
  // A listing tells how things are, so it also says which id holds; a webhook about another id than ours says nothing.
  bool listing = false;
  bool answer = false;  // to our submission, which it ends; what a webhook told since the request began stays
};

// Merges a verdict. Status, quality and category each keep their own clock: a word older than the last one about the
// same thing is passed over, one of the same second is taken (WhatsApp counts in whole seconds, and a sync follows
// every webhook). An unknown status is kept as text. False when nothing visible changed. [M-18] [M-24]
bool MergeVerdict(const Verdict& verdict, Translation& translation);

// How long a name stays locked after an approved template of it was deleted [M-26].
inline constexpr absl::Duration kNameLock = absl::Hours(30 * 24);
// When this name in this language may be used again after a deletion; nullopt when it is not locked at `now`. With all
// languages gone the lock of any of them holds for the name.
std::optional<absl::Time> LockedUntil(const Template& t, absl::string_view language, absl::Time now);

// `name` with the smallest `_v2`, `_v3` ... that is not in `taken`; a version at its end is counted on.
std::string NextFreeName(absl::string_view name, const std::vector<std::string>& taken);
// The part of a name before its `_v2`.
std::string NameStem(absl::string_view name);

// What campaigns feel of a change [M-27].
struct VerdictEffects {
  bool unavailable = false;       // no longer sendable: campaigns pause TEMPLATE_UNAVAILABLE
  bool bad_quality = false;       // RED and marketing: TEMPLATE_QUALITY
  bool became_marketing = false;  // TEMPLATE_CATEGORY
  // The reason for the pause; "" for none. The first that holds.
  absl::string_view PauseReason() const;
};
VerdictEffects EffectsOf(const Translation& before, const Translation& after);

}  // namespace vinculo::messaging
