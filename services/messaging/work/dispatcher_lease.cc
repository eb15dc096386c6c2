#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/work/dispatcher_impl.h"

namespace vinculo::messaging {

void Dispatcher::Impl::Claim(Holding& h, absl::Time now) {
  h.claiming = true;
  const Uuid sender = h.sender.id;
  const absl::Time until = now + options_.lease;
  const absl::Time wall = db_.clock().Now();
  db_.Write(
      ScopeOf(h),
      [sender, holder = options_.holder, wall, lease = options_.lease](sql::Transaction& tx) {
        return ChannelRepository::ClaimDispatcher(tx, sender, holder, wall, wall + lease);
      },
      [self = shared_from_this(), &h, until](absl::StatusOr<int64_t> token) {
        if (token.ok()) return self->Recover(h, *token, until);
        absl::MutexLock lock(&self->mutex_);
        h.claiming = false;
        h.claim_at = self->Mark() + kClaimRetry;
      });
}

void Dispatcher::Impl::Recover(Holding& h, int64_t token, absl::Time until) {
  const absl::Time now = db_.clock().Now();
  db_.Write(
      ScopeOf(h),
      [sender = h.sender.id, token, wait = options_.unknown_wait, now](sql::Transaction& tx) {
        return RecoverOrphans(tx, sender, token, wait, now);
      },
      [self = shared_from_this(), &h, token, until](absl::StatusOr<bool> more) {
        if (more.ok() && *more) return self->Recover(h, token, until);
        absl::MutexLock lock(&self->mutex_);
        const absl::Time at = self->Mark();
        h.claiming = false;
        h.claim_at = at + kClaimRetry;
        if (!more.ok()) return;
        h.token = token;
        h.lease_until = until;
        h.renew_at = until - self->options_.lease + self->options_.renew;
        h.begin_at = token == 1 ? at : at + self->options_.settle;  // the first has nobody to wait for
        h.work = true;
        self->poked_ = true;
      });
}

void Dispatcher::Impl::Lose(Holding& h, absl::Duration wait) {
  h.token = 0;
  h.claim_at = Mark() + wait;
}

void Dispatcher::Impl::Renew(Holding& h, absl::Time now) {
  h.renewing = true;
  const absl::Time until = now + options_.lease;
  const absl::Time stored_until = db_.clock().Now() + options_.lease;
  db_.Write(
      ScopeOf(h),
      [sender = h.sender.id, token = h.token, stored_until](sql::Transaction& tx) {
        return ChannelRepository::RenewDispatcher(tx, sender, token, stored_until);
      },
      [self = shared_from_this(), &h, until](absl::Status renewed) {
        absl::MutexLock lock(&self->mutex_);
        h.renewing = false;
        if (renewed.ok()) h.lease_until = until;
        if (ErrorReason(renewed) == "LEASE_LOST") self->Lose(h, kClaimRetry);
        h.renew_at = self->Mark() + (renewed.ok() ? self->options_.renew : absl::Seconds(1));
      });
}

void Dispatcher::Impl::Sweep(Holding& h, absl::Time now) {
  h.sweeping = true;
  h.sweep_at = now + options_.sweep;
  db_.Write(
      ScopeOf(h),
      [sender = h.sender.id, token = h.token, wait = options_.unknown_wait,
       wall = db_.clock().Now()](sql::Transaction& tx) -> absl::Status {
        RETURN_IF_ERROR(EndBlock(tx, sender, wall));
        // A commit whose session died may land after its rows were looked for.
        RETURN_IF_ERROR(RecoverOrphans(tx, sender, token, wait, wall).status());
        return SettleUnknown(tx, sender, wall);
      },
      [self = shared_from_this(), &h](absl::Status) {
        absl::MutexLock lock(&self->mutex_);
        h.sweeping = false;
        h.work = true;
      });
}

void Dispatcher::Impl::Release() {
  const absl::Time now = db_.clock().Now();
  for (const auto& [key, h] : holdings_) {
    if (h->token == 0) continue;
    (void)db_.WriteAndWait(ScopeOf(*h), [sender = h->sender.id, token = h->token, now](sql::Transaction& tx) {
      return ChannelRepository::RenewDispatcher(tx, sender, token, now);
    });
  }
}

}  // namespace vinculo::messaging
