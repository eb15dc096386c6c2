#include "services/messaging/store/channel_repository.h"

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

#define CHANNEL_COLUMNS                                                                                               \
  "channel_id, display_name, waba_id, portfolio_id, app, token_sealed, token_tail, state, block_reason, created_at, " \
  "blocked_until, revision, webhook_at"
#define SENDER_COLUMNS                                                                                                 \
  "sender_id, channel_id, phone_number_id, phone_number, display_name, throughput, daily_reach, state, block_reason, " \
  "blocked_until, is_default, created_at, quality, tier, read_at, revision"

#define SENDER_COLUMNS_OF_S                                                                                     \
  "s.sender_id, s.channel_id, s.phone_number_id, s.phone_number, s.display_name, s.throughput, s.daily_reach, " \
  "s.state, s.block_reason, s.blocked_until, s.is_default, s.created_at, s.quality, s.tier, s.read_at, s.revision"

constexpr sql::Query kInsertOwner{
    "provider_id_insert",
    "INSERT INTO provider_id (tenant_id, kind, value, owner, object_id) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (tenant_id, kind, value) DO NOTHING"};
constexpr sql::Query kFindOwner{
    "provider_id_get", "SELECT owner, object_id FROM provider_id WHERE tenant_id = ? AND kind = ? AND value = ?"};
constexpr sql::Query kInsertChannel{"channel_insert", "INSERT INTO channel (tenant_id, " CHANNEL_COLUMNS
                                                      ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, NULL)"};
constexpr sql::Query kGetChannel{"channel_get",
                                 "SELECT " CHANNEL_COLUMNS " FROM channel WHERE tenant_id = ? AND channel_id = ?"};
constexpr sql::Query kListChannels{"channel_list",
                                   "SELECT " CHANNEL_COLUMNS
                                   " FROM channel WHERE tenant_id = ? AND channel_id > ? ORDER BY channel_id LIMIT ?"};
constexpr sql::Query kInsertSender{"sender_insert", "INSERT INTO sender (tenant_id, " SENDER_COLUMNS
                                                    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"};
constexpr sql::Query kGetSender{"sender_get",
                                "SELECT " SENDER_COLUMNS " FROM sender WHERE tenant_id = ? AND sender_id = ?"};
constexpr sql::Query kDefaultSender{"sender_default",
                                    "SELECT " SENDER_COLUMNS
                                    " FROM sender WHERE tenant_id = ? AND is_default = 1 ORDER BY sender_id LIMIT 1"};
constexpr sql::Query kUndefaultSenders{"sender_undefault",
                                       "UPDATE sender SET is_default = 0 WHERE tenant_id = ? AND is_default = 1"};
constexpr sql::Query kListSenders{"sender_list",
                                  "SELECT " SENDER_COLUMNS
                                  " FROM sender WHERE tenant_id = ? AND sender_id > ? ORDER BY sender_id LIMIT ?"};
constexpr sql::Query kSendersOfChannel{
    "sender_of_channel",
    "SELECT " SENDER_COLUMNS " FROM sender WHERE tenant_id = ? AND channel_id = ? ORDER BY sender_id LIMIT 1000"};
constexpr sql::Query kSendersOfPortfolio{
    "sender_of_portfolio",
    "SELECT s.sender_id FROM channel c JOIN sender s ON s.tenant_id = c.tenant_id AND s.channel_id = c.channel_id "
    "WHERE c.tenant_id = ? AND c.portfolio_id = ? ORDER BY s.sender_id LIMIT 1000"};
constexpr sql::Query kSending{
    "sender_sending",
    "SELECT " SENDER_COLUMNS_OF_S
    ", d.token, c.portfolio_id, c.state, c.token_sealed, c.waba_id FROM sender s JOIN dispatcher d ON "
    "d.tenant_id = s.tenant_id AND d.sender_id = s.sender_id JOIN channel c ON c.tenant_id = s.tenant_id AND "
    "c.channel_id = s.channel_id WHERE s.tenant_id = ? AND s.sender_id = ?"};
constexpr sql::Query kSetSenderState{
    "sender_set_state",
    "UPDATE sender SET state = ?, block_reason = ?, blocked_until = ? WHERE tenant_id = ? AND sender_id = ?"};
constexpr sql::Query kSetChannelState{
    "channel_set_state",
    "UPDATE channel SET state = ?, block_reason = ?, blocked_until = ? WHERE tenant_id = ? AND channel_id = ?"};
constexpr sql::Query kUpdateSender{
    "sender_update",
    "UPDATE sender SET display_name = ?, throughput = ?, daily_reach = ?, is_default = ?, quality = ?, tier = ?, "
    "read_at = ?, revision = ? WHERE tenant_id = ? AND sender_id = ?"};
constexpr sql::Query kUpdateChannel{
    "channel_update",
    "UPDATE channel SET display_name = ?, portfolio_id = ?, app = ?, token_sealed = ?, token_tail = ?, revision = ? "
    "WHERE tenant_id = ? AND channel_id = ?"};
constexpr sql::Query kSetRead{"sender_set_read", "UPDATE sender SET read_at = ? WHERE tenant_id = ? AND sender_id = ?"};
constexpr sql::Query kResumed{"sender_resumed",
                              "UPDATE sender SET resumed_at = ? WHERE tenant_id = ? AND sender_id = ?"};
constexpr sql::Query kResumedSince{"sender_resumed_since",
                                   "SELECT 1 FROM sender WHERE tenant_id = ? AND sender_id = ? AND resumed_at >= ?"};
constexpr sql::Query kAccountTold{
    "channel_account_told",
    "UPDATE channel SET account_at = ?1 WHERE tenant_id = ?2 AND channel_id = ?3 AND (account_at IS NULL OR account_at "
    "< ?1)"};
constexpr sql::Query kWebhookSeen{
    "channel_webhook_seen",
    "UPDATE channel SET webhook_at = ? WHERE tenant_id = ? AND channel_id = ? AND webhook_at IS NULL"};
constexpr sql::Query kWebhookSeenBySender{
    "channel_webhook_seen_by_sender",
    "UPDATE channel SET webhook_at = ?1 WHERE tenant_id = ?2 AND webhook_at IS NULL AND channel_id = (SELECT "
    "s.channel_id FROM sender s WHERE s.tenant_id = ?2 AND s.sender_id = ?3)"};
constexpr sql::Query kClaim{
    "dispatcher_claim",
    "INSERT INTO dispatcher (tenant_id, sender_id, token, holder, lease_until) VALUES (?1, ?2, 1, ?3, ?4) "
    "ON CONFLICT (tenant_id, sender_id) DO UPDATE SET token = dispatcher.token + 1, holder = ?3, lease_until = ?4 "
    "WHERE dispatcher.lease_until <= ?5 OR dispatcher.holder = ?3 RETURNING token"};
constexpr sql::Query kRenew{
    "dispatcher_renew", "UPDATE dispatcher SET lease_until = ? WHERE tenant_id = ? AND sender_id = ? AND token = ?"};
constexpr sql::Query kReleaseAll{"dispatcher_release_all", "UPDATE dispatcher SET lease_until = ? WHERE tenant_id = ?"};
constexpr sql::Query kToken{"dispatcher_token", "SELECT token FROM dispatcher WHERE tenant_id = ? AND sender_id = ?"};

Channel ReadChannel(const sql::Row& r) {
  return {.id = r.Id(0),
          .display_name = r.String(1),
          .waba_id = r.String(2),
          .portfolio_id = r.String(3),
          .app = r.String(4),
          .token_sealed = r.Bytes(5),
          .token_tail = r.String(6),
          .state = static_cast<ChannelState>(r.Int(7)),
          .block_reason = r.String(8),
          .blocked_until = r.OptionalTime(10),
          .created_at = r.Time(9),
          .revision = r.Int(11),
          .webhook_at = r.OptionalTime(12)};
}

Sender ReadSender(const sql::Row& r) {
  return {.id = r.Id(0),
          .channel_id = r.Id(1),
          .phone_number_id = r.String(2),
          .phone_number = r.String(3),
          .display_name = r.String(4),
          .throughput = static_cast<int>(r.Int(5)),
          .daily_reach = static_cast<int>(r.Int(6)),
          .state = static_cast<SenderState>(r.Int(7)),
          .block_reason = r.String(8),
          .blocked_until = r.OptionalTime(9),
          .is_default = r.Bool(10),
          .created_at = r.Time(11),
          .quality = r.String(12),
          .tier = r.String(13),
          .read_at = r.OptionalTime(14),
          .revision = r.Int(15)};
}

// A portfolio may be named again by the tenant that has it; an account and a number are one object each.
absl::Status TakeProviderId(sql::Transaction& tx, absl::string_view kind, const std::string& value,
                            const Uuid& object) {
  ASSIGN_OR_RETURN(const int64_t taken,
                   tx.ExecCount(kInsertOwner, sql::kSystemTenant, kind, value, tx.tenant(), object));
  if (taken == 1) return absl::OkStatus();
  if (kind == kKindPortfolio) {
    ASSIGN_OR_RETURN(const std::optional<ProviderOwner> owner, ChannelRepository::FindOwner(tx, kind, value));
    if (owner && owner->tenant == tx.tenant()) return absl::OkStatus();
  }
  return Error(absl::StatusCode::kAlreadyExists, "PROVIDER_ID_TAKEN", "This WhatsApp id is connected already.",
               {{"kind", std::string(kind)}});
}

absl::Status LeaseLost() {
  return Error(absl::StatusCode::kFailedPrecondition, "LEASE_LOST", "Another holder dispatches for this sender.");
}

}  // namespace

absl::Status ChannelRepository::InsertChannel(sql::Transaction& tx, const Channel& c) {
  RETURN_IF_ERROR(TakeProviderId(tx, kKindWaba, c.waba_id, c.id));
  RETURN_IF_ERROR(TakeProviderId(tx, kKindPortfolio, c.portfolio_id, c.id));
  return tx.Exec(kInsertChannel, tx.tenant(), c.id, c.display_name, c.waba_id, c.portfolio_id, c.app,
                 sql::Blob{c.token_sealed}, c.token_tail, c.state, c.block_reason, c.created_at, c.blocked_until);
}

absl::StatusOr<Channel> ChannelRepository::GetChannel(sql::Transaction& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(std::optional<Channel> found, tx.Find(kGetChannel, ReadChannel, tx.tenant(), id));
  if (!found) return NotFound("channel", id.ToString());
  return *std::move(found);
}

absl::StatusOr<Channel> ChannelRepository::ResolveChannel(sql::Transaction& tx, const std::optional<Uuid>& id) {
  if (id) return GetChannel(tx, *id);
  ASSIGN_OR_RETURN(std::vector<Channel> channels, ListChannels(tx, Uuid(), 2));
  if (channels.size() == 1) return channels[0];
  if (channels.empty()) return NotFound("channel", "the tenant has none");
  FieldViolations bad;
  bad.Add("channel_id", "is required, since there are several channels");
  return bad.ToStatus();
}

absl::StatusOr<std::vector<Channel>> ChannelRepository::ListChannels(sql::Transaction& tx, const Uuid& after,
                                                                     int limit) {
  std::vector<Channel> out;
  RETURN_IF_ERROR(tx.Each(
      kListChannels, [&](const sql::Row& r) { out.push_back(ReadChannel(r)); }, tx.tenant(), after, limit));
  return out;
}

absl::Status ChannelRepository::InsertSender(sql::Transaction& tx, const Sender& s) {
  RETURN_IF_ERROR(TakeProviderId(tx, kKindPhone, s.phone_number_id, s.id));
  ASSIGN_OR_RETURN(const std::optional<Sender> current, DefaultSender(tx));
  const bool becomes_default = s.is_default || !current;
  if (becomes_default) RETURN_IF_ERROR(tx.Exec(kUndefaultSenders, tx.tenant()));
  return tx.Exec(kInsertSender, tx.tenant(), s.id, s.channel_id, s.phone_number_id, s.phone_number, s.display_name,
                 s.throughput, s.daily_reach, s.state, s.block_reason, s.blocked_until, becomes_default, s.created_at,
                 s.quality, s.tier, s.read_at);
}

absl::StatusOr<Sender> ChannelRepository::GetSender(sql::Transaction& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(std::optional<Sender> found, tx.Find(kGetSender, ReadSender, tx.tenant(), id));
  if (!found) return NotFound("sender", id.ToString());
  return *std::move(found);
}

absl::StatusOr<std::optional<Sender>> ChannelRepository::DefaultSender(sql::Transaction& tx) {
  return tx.Find(kDefaultSender, ReadSender, tx.tenant());
}

absl::StatusOr<std::vector<Sender>> ChannelRepository::ListSenders(sql::Transaction& tx, const Uuid& after, int limit) {
  std::vector<Sender> out;
  RETURN_IF_ERROR(tx.Each(
      kListSenders, [&](const sql::Row& r) { out.push_back(ReadSender(r)); }, tx.tenant(), after, limit));
  return out;
}

absl::StatusOr<std::vector<std::pair<Sender, Channel>>> ChannelRepository::SendersWithChannels(sql::Transaction& tx) {
  std::vector<std::pair<Sender, Channel>> out;
  std::vector<Sender> page;
  do {
    ASSIGN_OR_RETURN(page, ListSenders(tx, out.empty() ? Uuid() : out.back().first.id, 1000));
    for (const Sender& s : page) {
      ASSIGN_OR_RETURN(Channel channel, GetChannel(tx, s.channel_id));
      out.emplace_back(s, std::move(channel));
    }
  } while (page.size() == 1000);
  return out;
}

absl::StatusOr<std::vector<Sender>> ChannelRepository::SendersOfChannel(sql::Transaction& tx, const Uuid& channel) {
  std::vector<Sender> out;
  RETURN_IF_ERROR(tx.Each(
      kSendersOfChannel, [&](const sql::Row& r) { out.push_back(ReadSender(r)); }, tx.tenant(), channel));
  return out;
}

absl::StatusOr<std::vector<Uuid>> ChannelRepository::SendersOfPortfolio(sql::Transaction& tx,
                                                                        const std::string& portfolio) {
  std::vector<Uuid> out;
  RETURN_IF_ERROR(tx.Each(
      kSendersOfPortfolio, [&](const sql::Row& r) { out.push_back(r.Id(0)); }, tx.tenant(), portfolio));
  return out;
}

absl::StatusOr<SendingNumber> ChannelRepository::GetSending(sql::Transaction& tx, const Uuid& sender, int64_t token) {
  const auto read = [](const sql::Row& r) {
    constexpr int k = 16;
    return std::pair(r.Int(k),
                     SendingNumber{.sender = ReadSender(r),
                                   .portfolio_id = r.String(k + 1),
                                   .channel_blocked = static_cast<ChannelState>(r.Int(k + 2)) == ChannelState::kBlocked,
                                   .token_sealed = r.Bytes(k + 3),
                                   .waba_id = r.String(k + 4)});
  };
  ASSIGN_OR_RETURN(auto found, tx.Find(kSending, read, tx.tenant(), sender));
  if (!found || found->first != token) return LeaseLost();
  return std::move(found->second);
}

absl::Status ChannelRepository::SetSenderState(sql::Transaction& tx, const Uuid& id, SenderState state,
                                               const std::string& reason, std::optional<absl::Time> until) {
  return tx.Exec(kSetSenderState, state, reason, until, tx.tenant(), id);
}

absl::Status ChannelRepository::SetChannelState(sql::Transaction& tx, const Uuid& id, ChannelState state,
                                                const std::string& reason, std::optional<absl::Time> until) {
  return tx.Exec(kSetChannelState, state, reason, until, tx.tenant(), id);
}

absl::Status ChannelRepository::UpdateSender(sql::Transaction& tx, Sender& s) {
  if (s.is_default) RETURN_IF_ERROR(tx.Exec(kUndefaultSenders, tx.tenant()));
  ++s.revision;
  return tx.Exec(kUpdateSender, s.display_name, s.throughput, s.daily_reach, s.is_default, s.quality, s.tier, s.read_at,
                 s.revision, tx.tenant(), s.id);
}

absl::Status ChannelRepository::UpdateChannel(sql::Transaction& tx, Channel& c) {
  RETURN_IF_ERROR(TakeProviderId(tx, kKindPortfolio, c.portfolio_id, c.id));
  ++c.revision;
  return tx.Exec(kUpdateChannel, c.display_name, c.portfolio_id, c.app, sql::Blob{c.token_sealed}, c.token_tail,
                 c.revision, tx.tenant(), c.id);
}

absl::Status ChannelRepository::SetRead(sql::Transaction& tx, const Uuid& id, absl::Time at) {
  return tx.Exec(kSetRead, at, tx.tenant(), id);
}

absl::Status ChannelRepository::Resumed(sql::Transaction& tx, const Uuid& id, absl::Time at) {
  return tx.Exec(kResumed, at, tx.tenant(), id);
}

absl::StatusOr<bool> ChannelRepository::ResumedSince(sql::Transaction& tx, const Uuid& id, absl::Time at) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> found,
                   tx.Find(
                       kResumedSince, [](const sql::Row& r) { return r.Int(0); }, tx.tenant(), id, at));
  return found.has_value();
}

absl::StatusOr<bool> ChannelRepository::AccountTold(sql::Transaction& tx, const Uuid& id, absl::Time at) {
  ASSIGN_OR_RETURN(const int64_t newer, tx.ExecCount(kAccountTold, at, tx.tenant(), id));
  return newer == 1;
}

absl::StatusOr<std::pair<Sender, Channel>> ChannelRepository::SenderWithChannel(sql::Transaction& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(Sender sender, GetSender(tx, id));
  ASSIGN_OR_RETURN(Channel channel, GetChannel(tx, sender.channel_id));
  return std::pair(std::move(sender), std::move(channel));
}

absl::Status ChannelRepository::WebhookSeen(sql::Transaction& tx, const Uuid& channel, absl::Time now) {
  return tx.Exec(kWebhookSeen, now, tx.tenant(), channel);
}

absl::Status ChannelRepository::WebhookSeenBySender(sql::Transaction& tx, const Uuid& sender, absl::Time now) {
  return tx.Exec(kWebhookSeenBySender, now, tx.tenant(), sender);
}

absl::StatusOr<int64_t> ChannelRepository::ClaimDispatcher(sql::Transaction& tx, const Uuid& sender,
                                                           const std::string& holder, absl::Time now,
                                                           absl::Time until) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> token,
                   tx.Find(
                       kClaim, [](const sql::Row& r) { return r.Int(0); }, tx.tenant(), sender, holder, until, now));
  if (!token)
    return Error(absl::StatusCode::kFailedPrecondition, "LEASE_HELD", "Another holder dispatches for this sender.");
  return *token;
}

absl::Status ChannelRepository::RenewDispatcher(sql::Transaction& tx, const Uuid& sender, int64_t token,
                                                absl::Time until) {
  ASSIGN_OR_RETURN(const int64_t changed, tx.ExecCount(kRenew, until, tx.tenant(), sender, token));
  return changed == 1 ? absl::OkStatus() : LeaseLost();
}

absl::Status ChannelRepository::ReleaseDispatchers(sql::Transaction& tx, absl::Time now) {
  return tx.Exec(kReleaseAll, now, tx.tenant());
}

absl::Status ChannelRepository::CheckDispatcher(sql::Transaction& tx, const Uuid& sender, int64_t token) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> current,
                   tx.Find(
                       kToken, [](const sql::Row& r) { return r.Int(0); }, tx.tenant(), sender));
  return current == token ? absl::OkStatus() : LeaseLost();
}

absl::StatusOr<std::optional<ProviderOwner>> ChannelRepository::FindOwner(sql::Transaction& tx, absl::string_view kind,
                                                                          absl::string_view value) {
  return tx.Find(
      kFindOwner,
      [](const sql::Row& r) {
        return ProviderOwner{r.String(0), r.Id(1)};
      },
      sql::kSystemTenant, kind, value);
}

std::vector<sql::Query> ChannelRepository::Queries() {
  return {kInsertOwner,
          kFindOwner,
          kInsertChannel,
          kGetChannel,
          kListChannels,
          kInsertSender,
          kGetSender,
          kDefaultSender,
          kUndefaultSenders,
          kListSenders,
          kSetSenderState,
          kSetChannelState,
          kSendersOfChannel,
          kSendersOfPortfolio,
          kSending,
          kUpdateSender,
          kUpdateChannel,
          kWebhookSeen,
          kWebhookSeenBySender,
          kClaim,
          kRenew,
          kToken,
          kReleaseAll,
          kSetRead,
          kResumed,
          kResumedSince,
          kAccountTold};
}

}  // namespace vinculo::messaging
