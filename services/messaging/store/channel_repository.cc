#include "services/messaging/store/channel_repository.h"

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

#define CHANNEL_COLUMNS \
  "channel_id, display_name, waba_id, portfolio_id, app, token_sealed, token_tail, state, block_reason, created_at"
#define SENDER_COLUMNS                                                                                                 \
  "sender_id, channel_id, phone_number_id, phone_number, display_name, throughput, daily_reach, state, block_reason, " \
  "blocked_until, is_default, created_at"

constexpr sql::Query kInsertOwner{
    "provider_id_insert",
    "INSERT INTO provider_id (tenant_id, kind, value, owner, object_id) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (tenant_id, kind, value) DO NOTHING"};
constexpr sql::Query kFindOwner{
    "provider_id_get", "SELECT owner, object_id FROM provider_id WHERE tenant_id = ? AND kind = ? AND value = ?"};
constexpr sql::Query kInsertChannel{
    "channel_insert", "INSERT INTO channel (tenant_id, " CHANNEL_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
constexpr sql::Query kGetChannel{"channel_get",
                                 "SELECT " CHANNEL_COLUMNS " FROM channel WHERE tenant_id = ? AND channel_id = ?"};
constexpr sql::Query kListChannels{"channel_list",
                                   "SELECT " CHANNEL_COLUMNS
                                   " FROM channel WHERE tenant_id = ? AND channel_id > ? ORDER BY channel_id LIMIT ?"};
constexpr sql::Query kInsertSender{"sender_insert", "INSERT INTO sender (tenant_id, " SENDER_COLUMNS
                                                    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
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
constexpr sql::Query kSetSenderState{
    "sender_set_state", "UPDATE sender SET state = ?, block_reason = ? WHERE tenant_id = ? AND sender_id = ?"};
constexpr sql::Query kClaim{
    "dispatcher_claim",
    "INSERT INTO dispatcher (tenant_id, sender_id, token, holder, lease_until) VALUES (?1, ?2, 1, ?3, ?4) "
    "ON CONFLICT (tenant_id, sender_id) DO UPDATE SET token = dispatcher.token + 1, holder = ?3, lease_until = ?4 "
    "WHERE dispatcher.lease_until <= ?5 OR dispatcher.holder = ?3 RETURNING token"};
constexpr sql::Query kRenew{
    "dispatcher_renew", "UPDATE dispatcher SET lease_until = ? WHERE tenant_id = ? AND sender_id = ? AND token = ?"};
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
          .created_at = r.Time(9)};
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
          .created_at = r.Time(11)};
}

absl::Status TakeProviderId(sql::Transaction& tx, absl::string_view kind, const std::string& value,
                            const Uuid& object) {
  ASSIGN_OR_RETURN(const int64_t taken,
                   tx.ExecCount(kInsertOwner, sql::kSystemTenant, kind, value, tx.tenant(), object));
  if (taken == 1) return absl::OkStatus();
  return Error(absl::StatusCode::kAlreadyExists, "PROVIDER_ID_TAKEN", "This WhatsApp id is connected already.",
               {{"kind", std::string(kind)}});
}

absl::Status LeaseLost() {
  return Error(absl::StatusCode::kFailedPrecondition, "LEASE_LOST", "Another holder dispatches for this sender.");
}

}  // namespace

absl::Status ChannelRepository::InsertChannel(sql::Transaction& tx, const Channel& c) {
  RETURN_IF_ERROR(TakeProviderId(tx, kKindWaba, c.waba_id, c.id));
  return tx.Exec(kInsertChannel, tx.tenant(), c.id, c.display_name, c.waba_id, c.portfolio_id, c.app,
                 sql::Blob{c.token_sealed}, c.token_tail, c.state, c.block_reason, c.created_at);
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
                 s.throughput, s.daily_reach, s.state, s.block_reason, s.blocked_until, becomes_default, s.created_at);
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

absl::Status ChannelRepository::SetSenderState(sql::Transaction& tx, const Uuid& id, SenderState state,
                                               const std::string& reason) {
  return tx.Exec(kSetSenderState, state, reason, tx.tenant(), id);
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
  return {kInsertOwner,   kFindOwner,        kInsertChannel, kGetChannel,     kListChannels, kInsertSender, kGetSender,
          kDefaultSender, kUndefaultSenders, kListSenders,   kSetSenderState, kClaim,        kRenew,        kToken};
}

}  // namespace vinculo::messaging
