#include "services/messaging/sender_state.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

constexpr absl::string_view kNumberPrefix = "NUMBER_";
constexpr absl::string_view kCannotSend[] = {"BANNED", "RESTRICTED", "DISCONNECTED", "DELETED", "MIGRATED"};

// True when it differs from what stands there.
template <class T>
bool Take(const T& value, T& field) {
  if (value == field) return false;
  field = value;
  return true;
}

absl::Status LearnState(sql::Transaction& tx, const Sender& sender, const std::string& status, absl::Time now) {
  for (const absl::string_view bad : kCannotSend) {
    if (status == bad)
      return BlockSender(tx, sender.id, SenderState::kBlocked, absl::StrCat(kNumberPrefix, status), std::nullopt, now);
  }
  const bool ours = status == "CONNECTED" && absl::StartsWith(sender.block_reason, kNumberPrefix);
  return ours ? ResumeSending(tx, sender.id, now) : absl::OkStatus();
}

absl::Status LearnTier(sql::Transaction& tx, const Uuid& id, const std::string& tier, int reach, absl::Time now) {
  ASSIGN_OR_RETURN(Sender sender, ChannelRepository::GetSender(tx, id));
  const bool changed = Take(reach, sender.daily_reach);
  if (!Take(tier, sender.tier) && !changed) return absl::OkStatus();
  RETURN_IF_ERROR(ChannelRepository::UpdateSender(tx, sender));
  tx.Raise(kSignalQueue);
  return changed ? AnnounceLimit(tx, sender, now) : absl::OkStatus();
}

// Never shorter than what is known already; an open end is the longest.
std::optional<absl::Time> LaterEnd(const Sender& sender, std::optional<absl::Time> until) {
  if (!sender.blocked_until || !until) return std::nullopt;
  return std::max(*sender.blocked_until, *until);
}

absl::Status Lift(sql::Transaction& tx, const Sender& sender, absl::Time now) {
  if (sender.state == SenderState::kActive) return absl::OkStatus();
  RETURN_IF_ERROR(ChannelRepository::SetSenderState(tx, sender.id, SenderState::kActive, ""));
  RETURN_IF_ERROR(ChannelRepository::Resumed(tx, sender.id, now));
  tx.Raise(kSignalQueue);
  return AnnounceSender(tx, sender.id, SenderState::kActive, "", now);
}

}  // namespace

absl::Status BlockSender(sql::Transaction& tx, const Uuid& id, SenderState state, const std::string& reason,
                         std::optional<absl::Time> until, absl::Time now) {
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, id));
  if (sender.state > state) return absl::OkStatus();
  if (sender.state == state)
    return ChannelRepository::SetSenderState(tx, id, state, sender.block_reason, LaterEnd(sender, until));
  RETURN_IF_ERROR(ChannelRepository::SetSenderState(tx, id, state, reason, until));
  RETURN_IF_ERROR(AnnounceSender(tx, id, state, reason, now));
  ASSIGN_OR_RETURN(const std::vector<Campaign> running, CampaignRepository::Running(tx, id));
  const char* why = state == SenderState::kBulkBlocked ? "SENDER_SPAM" : "SENDER_BLOCKED";
  for (const Campaign& campaign : running) RETURN_IF_ERROR(AutoPause(tx, campaign.id, why, now));
  return absl::OkStatus();
}

absl::Status BlockChannel(sql::Transaction& tx, const Uuid& id, const std::string& reason,
                          std::optional<absl::Time> until, absl::Time now) {
  RETURN_IF_ERROR(ChannelRepository::SetChannelState(tx, id, ChannelState::kBlocked, reason, until));
  ASSIGN_OR_RETURN(const std::vector<Sender> senders, ChannelRepository::SendersOfChannel(tx, id));
  for (const Sender& sender : senders)
    RETURN_IF_ERROR(BlockSender(tx, sender.id, SenderState::kBlocked, reason, until, now));
  return absl::OkStatus();
}

absl::Status ResumeSending(sql::Transaction& tx, const Uuid& id, absl::Time now) {
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, id));
  ASSIGN_OR_RETURN(const Channel channel, ChannelRepository::GetChannel(tx, sender.channel_id));
  if (channel.state == ChannelState::kBlocked) RETURN_IF_ERROR(ResumeChannel(tx, channel.id, now));
  ASSIGN_OR_RETURN(const Sender after, ChannelRepository::GetSender(tx, id));
  return Lift(tx, after, now);
}

absl::Status ResumeChannel(sql::Transaction& tx, const Uuid& id, absl::Time now) {
  ASSIGN_OR_RETURN(const Channel channel, ChannelRepository::GetChannel(tx, id));
  if (channel.state == ChannelState::kActive) return absl::OkStatus();
  RETURN_IF_ERROR(ChannelRepository::SetChannelState(tx, id, ChannelState::kActive, ""));
  ASSIGN_OR_RETURN(const std::vector<Sender> senders, ChannelRepository::SendersOfChannel(tx, id));
  for (const Sender& sender : senders) {
    // Also of one that stays stopped for a cause of its own: it may have told the account's problem.
    RETURN_IF_ERROR(ChannelRepository::Resumed(tx, sender.id, now));
    if (sender.block_reason == channel.block_reason) RETURN_IF_ERROR(Lift(tx, sender, now));
  }
  return absl::OkStatus();
}

absl::Status BlockForError(sql::Transaction& tx, const Uuid& id, int code, absl::Time now) {
  const std::string reason = absl::StrCat("PROVIDER_", code);
  if (code == kSpamCode) return BlockSender(tx, id, SenderState::kBulkBlocked, reason, std::nullopt, now);
  if (!StopsWholeChannel(code)) return BlockSender(tx, id, SenderState::kBlocked, reason, std::nullopt, now);
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, id));
  return BlockChannel(tx, sender.channel_id, reason, std::nullopt, now);
}

absl::Status LearnNumber(sql::Transaction& tx, const Uuid& id, const NumberFacts& facts, const LevelTable& levels,
                         absl::Time now) {
  ASSIGN_OR_RETURN(Sender sender, ChannelRepository::GetSender(tx, id));
  bool limits = !facts.throughput_level.empty() && Take(levels.Throughput(facts.throughput_level), sender.throughput);
  if (!facts.quality.empty()) limits = Take(facts.quality, sender.quality) || limits;
  if (limits) {
    RETURN_IF_ERROR(ChannelRepository::UpdateSender(tx, sender));
    RETURN_IF_ERROR(AnnounceLimit(tx, sender, now));
    tx.Raise(kSignalQueue);
  }
  RETURN_IF_ERROR(ChannelRepository::SetRead(tx, id, now));
  if (!facts.tier.empty()) {
    ASSIGN_OR_RETURN(const Channel channel, ChannelRepository::GetChannel(tx, sender.channel_id));
    ASSIGN_OR_RETURN(const std::vector<Uuid> senders, ChannelRepository::SendersOfPortfolio(tx, channel.portfolio_id));
    for (const Uuid& one : senders) RETURN_IF_ERROR(LearnTier(tx, one, facts.tier, levels.Reach(facts.tier), now));
  }
  return LearnState(tx, sender, facts.status, now);
}

absl::Status RequestSubscription(sql::Transaction& tx, const Uuid& channel, absl::Time now) {
  const std::string id = channel.ToString();
  return jobs::Enqueue(tx, {.kind = kJobSubscribe, .key = id, .due_at = now, .payload = id});
}

absl::Status ScheduleReading(sql::Transaction& tx, const Uuid& sender, absl::Time at) {
  return jobs::Enqueue(
      tx, {.kind = kJobRefreshSender, .key = sender.ToString(), .due_at = at, .payload = sender.ToString()});
}

}  // namespace vinculo::messaging
