#include "services/messaging/work/dispatcher.h"

#include <pthread.h>

#include "common/log/log.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/dispatcher_impl.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(500), kRediscover = absl::Seconds(5);
// What another process queued is looked for so often, where the store is shared.
constexpr absl::Duration kLook = absl::Milliseconds(100);
// Inbound traffic is read so often while something is sent, and nothing is begun on an older figure [M-84].
constexpr absl::Duration kInboundPoll = absl::Milliseconds(100), kInboundAge = absl::Milliseconds(250);

}  // namespace

void Dispatcher::Impl::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "dispatcher");
    Loop();
  });
}

void Dispatcher::Impl::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    poked_ = true;
  }
  if (!thread_.joinable()) return;
  thread_.join();
  Release();
}

void Dispatcher::Impl::Loop() {
  absl::MutexLock lock(&mutex_);
  while (true) {
    const absl::Time now = Mark();
    if (!stopping_ && now >= rediscover_at_) Discover(now);
    absl::Time wake = now + kTick;
    for (auto& [key, h] : holdings_) {
      if (fresh_) h->work = true;
      Step(*h, now, wake);
    }
    fresh_ = false;
    if (stopping_ && Idle()) return;
    const auto poked = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return poked_; };
    mutex_.AwaitWithTimeout(absl::Condition(&poked), std::clamp(wake - now, absl::Milliseconds(1), kTick));
    poked_ = false;
  }
}

bool Dispatcher::Impl::Idle() const {
  for (const auto& [key, h] : holdings_) {
    if (h->in_flight > 0 || !h->reports.empty() || h->claiming || h->renewing || h->committing || h->recording ||
        h->sweeping || h->looking)
      return false;
  }
  return !discovering_;
}

void Dispatcher::Impl::Discover(absl::Time now) {
  rediscover_at_ = now + kRediscover;
  if (discovering_ || options_.tenants.empty()) return;
  discovering_ = true;
  auto left = std::make_shared<int>(static_cast<int>(options_.tenants.size()));
  for (const std::string& tenant : options_.tenants) {
    db_.ReadOnPool(
        sql::Scope::ForTenant(tenant, "dispatcher"),
        [](sql::Transaction& tx) { return ChannelRepository::SendersWithChannels(tx); },
        [self = shared_from_this(), tenant, left](absl::StatusOr<std::vector<std::pair<Sender, Channel>>> found) {
          absl::MutexLock lock(&self->mutex_);
          if (found.ok()) {
            for (auto& [sender, channel] : *found) self->Adopt(tenant, sender, channel);
          }
          if (--*left == 0) self->discovering_ = false;
          self->poked_ = true;
        });
  }
}

void Dispatcher::Impl::Adopt(const std::string& tenant, const Sender& sender, const Channel& channel) {
  std::unique_ptr<Holding>& h = holdings_[{tenant, sender.id}];
  if (h == nullptr) {
    h = std::make_unique<Holding>();
    h->tenant = tenant;
  }
  h->Adopt(sender);
  OpenToken(*h, channel.token_sealed, channel.waba_id);
}

void Dispatcher::Impl::OpenToken(Holding& h, const std::string& sealed, const std::string& waba_id) {
  if (h.token_sealed == sealed) return;
  h.token_sealed = sealed;
  absl::StatusOr<std::string> token = key_.Open(sealed, absl::StrCat("waba:", waba_id));
  if (!token.ok()) log::Error("an access token cannot be opened", {{"sender_id", h.sender.id.ToString()}});
  h.token_text = token.ok() ? *std::move(token) : "";
}

void Dispatcher::Impl::Step(Holding& h, absl::Time now, absl::Time& wake) {
  // Also of a lease that was lost meanwhile: what WhatsApp answered stays true.
  if (!h.reports.empty() && !h.recording) Record(h);
  if (h.token == 0) {
    if (!stopping_ && !h.claiming && now >= h.claim_at && !h.token_text.empty()) Claim(h, now);
    return;
  }
  if (stopping_) return;
  if (!h.renewing && now >= h.renew_at) Renew(h, now);
  if (!h.sweeping && now >= h.sweep_at) Sweep(h, now);
  h.Regain(now);
  if (now < h.begin_at) wake = std::min(wake, h.begin_at);
  if (now < h.begin_at || now < h.back_off_until || now >= h.lease_until || h.committing) return;
  const absl::Time wall = db_.clock().Now();
  const bool due = h.work || h.campaigns || (h.next_due && *h.next_due <= wall);
  if (h.next_due) wake = std::min(wake, now + (*h.next_due - wall));
  if (!due && !h.blocked && db_.engine().shared()) Look(h, now, wake);
  if (!due || h.in_flight >= options_.in_flight_max) return;
  if (!h.reading_inbound && now - h.inbound_read_at >= kInboundPoll) ReadInbound(h, now, wall);
  if (now - h.inbound_read_at > kInboundAge) return;
  if (h.FreeForMessages(now) == 0) {
    wake = std::min(wake, h.NextFree(now));
    return;
  }
  Commit(h, now, wall);
}

void Dispatcher::Impl::Look(Holding& h, absl::Time now, absl::Time& wake) {
  wake = std::min(wake, std::max(h.look_at, now + absl::Milliseconds(1)));
  if (h.looking || now < h.look_at) return;
  h.looking = true;
  h.look_at = now + kLook;
  db_.ReadOnPool(
      ScopeOf(h), [sender = h.sender.id](sql::Transaction& tx) { return MessageRepository::NextDue(tx, sender); },
      [self = shared_from_this(), &h](absl::StatusOr<std::optional<absl::Time>> due) {
        absl::MutexLock lock(&self->mutex_);
        h.looking = false;
        if (!due.ok() || !*due) return;
        h.WakeAt(**due);
        self->poked_ = true;
      });
}

Dispatcher::Dispatcher(sql::Database& database, const ContactRepository& contacts, const DataKey& key,
                       GraphProvider& provider, Metrics& metrics, DispatcherOptions options)
    : impl_(std::make_shared<Impl>(database, contacts, key, provider, metrics, std::move(options))) {
  database.AddCommitListener([impl = std::weak_ptr<Impl>(impl_)](uint32_t signals) {
    if ((signals & static_cast<uint32_t>(kSignalQueue)) == 0) return;
    if (const std::shared_ptr<Impl> alive = impl.lock()) alive->Poke(/*queue=*/true);
  });
}

Dispatcher::~Dispatcher() { Stop(); }
void Dispatcher::Start() { impl_->Start(); }
void Dispatcher::Stop() { impl_->Stop(); }
bool Dispatcher::TryReserve(const std::string& tenant, const Uuid& sender) { return impl_->TryReserve(tenant, sender); }
void Dispatcher::Poke() { impl_->Poke(/*queue=*/true); }

}  // namespace vinculo::messaging
