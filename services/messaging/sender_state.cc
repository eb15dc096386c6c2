#include "services/messaging/sender_state.h"

#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

// Never shorter than what is known already; an open end is the longest.
std::optional<absl::Time> LaterEnd(const Sender& sender, std::optional<absl::Time> until) {
  if (!sender.blocked_until || !until) return std::nullopt;
  return std::max(*sender.blocked_until, *until);
}

absl::Status Lift(sql::Transaction& tx, const Sender& sender, absl::Time now) {
  if (sender.state == SenderState::kActive) return absl::OkStatus();
  RETURN_IF_ERROR(ChannelRepository::SetSenderState(tx, sender.id, SenderState::kActive, ""));
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
    if (sender.block_reason == channel.block_reason) RETURN_IF_ERROR(Lift(tx, sender, now));
  }
  return absl::OkStatus();
}

}  // namespace vinculo::messaging
