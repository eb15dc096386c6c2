#include "services/messaging/work/account_apply.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "services/messaging/sender_state.h"
#include "services/messaging/store/channel_repository.h"

namespace vinculo::messaging {
namespace {

std::string Digits(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    if (absl::ascii_isdigit(c)) out.push_back(c);
  }
  return out;
}

absl::Status ReadAgain(sql::Transaction& tx, const std::vector<Sender>& senders, absl::Time now) {
  for (const Sender& sender : senders) RETURN_IF_ERROR(ScheduleReading(tx, sender.id, now));
  return absl::OkStatus();
}

// What Graph told since is newer.
bool Stale(const Sender& sender, absl::Time at) {
  return sender.read_at && at < absl::FromUnixSeconds(absl::ToUnixSeconds(*sender.read_at));
}

// Of the restrictions those that concern messages: whether all of them stop or only those that the company begins.
struct Restriction {
  bool all = false;
  bool initiated = false;
  std::optional<absl::Time> until;  // the latest end; unset when one is open
};
Restriction Judge(const std::vector<AccountRestriction>& restrictions) {
  Restriction out;
  bool open = false;
  for (const AccountRestriction& r : restrictions) {
    if (!absl::StrContains(r.restriction_type, "MESSAGING")) continue;
    const bool initiated = absl::StrContains(r.restriction_type, "BIZ_INITIATED");
    (initiated ? out.initiated : out.all) = true;
    open = open || !r.expiration;
    if (r.expiration && (!out.until || *r.expiration > *out.until)) out.until = r.expiration;
  }
  if (open) out.until.reset();
  return out;
}

absl::Status Restrict(sql::Transaction& tx, const Uuid& channel, const AccountItem& item, absl::Time now) {
  const Restriction r = Judge(item.restrictions);
  if (r.until && *r.until <= now) return absl::OkStatus();
  if (r.all) return BlockChannel(tx, channel, "ACCOUNT_RESTRICTION", r.until, now);
  if (!r.initiated) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Sender> senders, ChannelRepository::SendersOfChannel(tx, channel));
  for (const Sender& sender : senders)
    RETURN_IF_ERROR(BlockSender(tx, sender.id, SenderState::kBulkBlocked, "ACCOUNT_RESTRICTION", r.until, now));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ItemResult> ApplyNumber(sql::Transaction& tx, const Uuid& channel, const NumberItem& item,
                                       const LevelTable& levels, absl::Time now) {
  ASSIGN_OR_RETURN(std::vector<Sender> senders, ChannelRepository::SendersOfChannel(tx, channel));
  const std::string number = Digits(item.display_phone_number);
  std::erase_if(senders, [&](const Sender& s) { return Digits(s.phone_number) != number; });
  if (senders.empty()) return ItemResult::kIgnored;
  RETURN_IF_ERROR(ReadAgain(tx, senders, now));
  if (Stale(senders[0], item.at)) return ItemResult::kDuplicate;
  NumberFacts facts{.tier = item.max_daily_conversations_per_business};
  if (item.event == "THROUGHPUT_UPGRADE") facts.throughput_level = "HIGH";
  RETURN_IF_ERROR(LearnNumber(tx, senders[0].id, facts, levels, now));
  return ItemResult::kApplied;
}

absl::StatusOr<ItemResult> ApplyCapability(sql::Transaction& tx, const Uuid& channel, const CapabilityItem& item,
                                           const LevelTable& levels, absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<Sender> senders, ChannelRepository::SendersOfChannel(tx, channel));
  if (senders.empty()) return ItemResult::kIgnored;
  RETURN_IF_ERROR(ReadAgain(tx, senders, now));
  if (!item.max_daily_conversations_per_business) return ItemResult::kApplied;
  const std::string tier = TierOf(levels, *item.max_daily_conversations_per_business);
  if (tier.empty()) return ItemResult::kApplied;
  if (Stale(senders[0], item.at)) return ItemResult::kDuplicate;
  RETURN_IF_ERROR(LearnNumber(tx, senders[0].id, {.tier = tier}, levels, now));
  return ItemResult::kApplied;
}

absl::StatusOr<ItemResult> ApplyAccount(sql::Transaction& tx, const Uuid& id, const AccountItem& item, absl::Time now) {
  log::Warning("a notice about an account", {{"event", item.event},
                                             {"channel_id", id.ToString()},
                                             {"ban", item.waba_ban_state},
                                             {"violation", item.violation_type}});
  const bool banned = item.event == "DISABLED_UPDATE" && item.waba_ban_state == "DISABLE";
  const bool reinstated = item.event == "DISABLED_UPDATE" && item.waba_ban_state == "REINSTATE";
  const bool deleted = item.event == "ACCOUNT_DELETED" || item.event == "ACCOUNT_OFFBOARDED";
  const bool restricted = item.event == "ACCOUNT_RESTRICTION";
  if (!banned && !reinstated && !deleted && !restricted) return ItemResult::kApplied;
  ASSIGN_OR_RETURN(const bool newer, ChannelRepository::AccountTold(tx, id, item.at));
  if (!newer) return ItemResult::kDuplicate;
  if (reinstated) {
    RETURN_IF_ERROR(ResumeChannel(tx, id, now));
  } else if (restricted) {
    RETURN_IF_ERROR(Restrict(tx, id, item, now));
  } else {
    RETURN_IF_ERROR(BlockChannel(tx, id, banned ? "ACCOUNT_DISABLED" : item.event, std::nullopt, now));
  }
  return ItemResult::kApplied;
}

absl::StatusOr<ItemResult> ApplyAccountError(sql::Transaction& tx, const Uuid& sender, const AccountErrorItem& item,
                                             const ErrorClasses& classes, absl::Time now) {
  const SendOutcome outcome{.result = SendResult::kRefused, .graph_error = true, .code = item.code};
  if (item.code == 0 || classes.Classify(outcome) != ErrorClass::kAccount) return ItemResult::kApplied;
  ASSIGN_OR_RETURN(const bool over, ChannelRepository::ResumedSince(tx, sender, item.at));
  if (over) return ItemResult::kDuplicate;
  RETURN_IF_ERROR(BlockForError(tx, sender, item.code, now));
  return ItemResult::kApplied;
}

}  // namespace vinculo::messaging
