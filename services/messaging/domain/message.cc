#include "services/messaging/domain/message.h"

#include <algorithm>

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kLongestLife = absl::Hours(30 * 24);
constexpr absl::Duration kCodeLife = absl::Minutes(10);
constexpr absl::Duration kShortestLife = absl::Seconds(30);
constexpr absl::Duration kAge = absl::Hours(10 * 366 * 24);

bool HasOwnLife(Category category) { return category == Category::kUtility || category == Category::kAuthentication; }

}  // namespace

absl::Duration TimeToLive(Category category, int ttl_seconds) {
  if (HasOwnLife(category) && ttl_seconds > 0) return std::min(absl::Seconds(ttl_seconds), kLongestLife);
  return category == Category::kAuthentication && ttl_seconds == 0 ? kCodeLife : kLongestLife;
}

bool TakeFallback(Message& m, const Template* found) {
  const Translation* translation = m.fallback && found != nullptr ? found->Find(m.fallback->language) : nullptr;
  if (translation == nullptr || !translation->Sendable()) return false;
  m.version = translation->submitted->version;
  m.category = translation->category;
  m.content = *std::move(m.fallback);
  m.fallback.reset();
  m.lane = LaneOf(m.content, m.category);
  if (m.lane == Lane::kBulk) m.resend = ResendPolicy::kNever;
  return true;
}

absl::Time Message::next_look() const {
  const MessageState now = state();
  const bool awaited = now == MessageState::kAccepted || now == MessageState::kHeld || now == MessageState::kSent;
  if (!awaited) return due_at;
  const absl::Time begun = progress.accepted_at.value_or(progress.sent_at.value_or(created_at));
  const absl::Time earliest = begun + (HasOwnLife(category) ? kShortestLife : kLongestLife) + kExpiryMargin;
  // An unknown one that was given up was due never; now it is awaited like any other.
  return due_at > earliest && due_at < begun + kAge ? due_at : earliest;
}

}  // namespace vinculo::messaging
