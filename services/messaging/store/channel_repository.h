#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/channel.h"

namespace vinculo::messaging {

// Channels, senders, who dispatches for a sender, and the installation's map from Graph ids to tenants.
class ChannelRepository {
 public:
  // ALREADY_EXISTS PROVIDER_ID_TAKEN when any tenant has the account.
  static absl::Status InsertChannel(sql::Transaction& tx, const Channel& channel);
  // NOT_FOUND CHANNEL_NOT_FOUND.
  static absl::StatusOr<Channel> GetChannel(sql::Transaction& tx, const Uuid& id);
  // The one named, or the tenant's only one. NOT_FOUND CHANNEL_NOT_FOUND; INVALID_ARGUMENT when it must be named.
  static absl::StatusOr<Channel> ResolveChannel(sql::Transaction& tx, const std::optional<Uuid>& id);
  // By id, after `after`.
  static absl::StatusOr<std::vector<Channel>> ListChannels(sql::Transaction& tx, const Uuid& after, int limit);

  // ALREADY_EXISTS PROVIDER_ID_TAKEN when any tenant has the number.
  static absl::Status InsertSender(sql::Transaction& tx, const Sender& sender);
  // NOT_FOUND SENDER_NOT_FOUND.
  static absl::StatusOr<Sender> GetSender(sql::Transaction& tx, const Uuid& id);
  static absl::StatusOr<std::optional<Sender>> DefaultSender(sql::Transaction& tx);
  static absl::StatusOr<std::vector<Sender>> ListSenders(sql::Transaction& tx, const Uuid& after, int limit);
  // All senders of the tenant, each with its channel.
  static absl::StatusOr<std::vector<std::pair<Sender, Channel>>> SendersWithChannels(sql::Transaction& tx);
  static absl::StatusOr<std::vector<Sender>> SendersOfChannel(sql::Transaction& tx, const Uuid& channel);
  static absl::StatusOr<std::vector<Uuid>> SendersOfPortfolio(sql::Transaction& tx, const std::string& portfolio);
  // For an intent: the sender with what its channel says, in one read. FAILED_PRECONDITION LEASE_LOST when the token is
  // no longer the current one.
  static absl::StatusOr<SendingNumber> GetSending(sql::Transaction& tx, const Uuid& sender, int64_t token);
  static absl::Status SetSenderState(sql::Transaction& tx, const Uuid& id, SenderState state, const std::string& reason,
                                     std::optional<absl::Time> until = std::nullopt);
  static absl::Status SetChannelState(sql::Transaction& tx, const Uuid& id, ChannelState state,
                                      const std::string& reason, std::optional<absl::Time> until = std::nullopt);
  // Name, limits, quality and whether it is the default; bumps the revision.
  static absl::Status UpdateSender(sql::Transaction& tx, Sender& sender);
  // Name, portfolio, app and token; bumps the revision. ALREADY_EXISTS PROVIDER_ID_TAKEN for somebody else's portfolio.
  static absl::Status UpdateChannel(sql::Transaction& tx, Channel& channel);
  // When WhatsApp last told of the number; no change of the resource.
  static absl::Status SetRead(sql::Transaction& tx, const Uuid& id, absl::Time at);
  // When a block of the sender was last lifted; problems told before that are over.
  static absl::Status Resumed(sql::Transaction& tx, const Uuid& sender, absl::Time at);
  static absl::StatusOr<bool> ResumedSince(sql::Transaction& tx, const Uuid& sender, absl::Time at);
  // False when a later account event was applied already: webhooks come in any order.
  static absl::StatusOr<bool> AccountTold(sql::Transaction& tx, const Uuid& channel, absl::Time at);
  // NOT_FOUND as both.
  static absl::StatusOr<std::pair<Sender, Channel>> SenderWithChannel(sql::Transaction& tx, const Uuid& sender);
  // The first webhook of a channel, named by itself or by one of its senders; later ones change nothing.
  static absl::Status WebhookSeen(sql::Transaction& tx, const Uuid& channel, absl::Time now);
  static absl::Status WebhookSeenBySender(sql::Transaction& tx, const Uuid& sender, absl::Time now);

  // Takes the sender for `holder` until `until` and returns the new token. FAILED_PRECONDITION LEASE_HELD while another
  // holder's lease runs.
  static absl::StatusOr<int64_t> ClaimDispatcher(sql::Transaction& tx, const Uuid& sender, const std::string& holder,
                                                 absl::Time now, absl::Time until);
  // FAILED_PRECONDITION LEASE_LOST when the token is no longer the current one.
  static absl::Status RenewDispatcher(sql::Transaction& tx, const Uuid& sender, int64_t token, absl::Time until);
  static absl::Status CheckDispatcher(sql::Transaction& tx, const Uuid& sender, int64_t token);
  // Ends every lease of the tenant. Only for a store that nobody else can have open: their holders are dead.
  static absl::Status ReleaseDispatchers(sql::Transaction& tx, absl::Time now);

  // Who has a Graph id; under the tenant `_system`, whatever tx.tenant() is.
  static absl::StatusOr<std::optional<ProviderOwner>> FindOwner(sql::Transaction& tx, absl::string_view kind,
                                                                absl::string_view value);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
