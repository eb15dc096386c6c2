#include "services/messaging/work/dispatcher.h"

#include <pthread.h>

#include <map>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/log/log.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/sender_state.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/dispatch_intents.h"
#include "services/messaging/work/holding.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(500), kBlockedWait = absl::Milliseconds(100);
constexpr absl::Duration kRediscover = absl::Seconds(5), kClaimRetry = absl::Seconds(3), kSweep = kRediscover;
// Inbound traffic is read so often while something is sent, and nothing is begun on an older figure [M-84].
constexpr absl::Duration kInboundPoll = absl::Milliseconds(100), kInboundAge = absl::Milliseconds(250);

}  // namespace

class Dispatcher::Impl : public std::enable_shared_from_this<Dispatcher::Impl> {
 public:
  Impl(sql::Database& database, const ContactRepository& contacts, const DataKey& key, GraphProvider& provider,
       Metrics& metrics, DispatcherOptions options)
      : db_(database),
        contacts_(contacts),
        key_(key),
        provider_(provider),
        metrics_(metrics),
        options_(std::move(options)) {}

  void Start() {
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "dispatcher");
      Loop();
    });
  }

  void Stop() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
      poked_ = true;
    }
    if (!thread_.joinable()) return;
    thread_.join();
    Release();
  }

  bool TryReserve(const std::string& tenant, const Uuid& sender) {
    absl::MutexLock lock(&mutex_);
    const auto it = holdings_.find({tenant, sender});
    if (it == holdings_.end()) return false;
    Holding& h = *it->second;
    const absl::Time now = Steady();
    const bool may = !stopping_ && h.token != 0 && !h.blocked && now >= h.begin_at && now >= h.back_off_until &&
                     now < h.lease_until && h.Free(now) > 0;
    if (may) h.window.Take(now, 1);
    return may;
  }

  void Poke(bool queue) {
    absl::MutexLock lock(&mutex_);
    poked_ = true;
    if (queue) fresh_ = true;
  }

 private:
  using Key = std::pair<std::string, Uuid>;

  // The monotonic clock, in the form in which limits and leases are kept: the wall clock may jump.
  absl::Time Steady() const { return absl::UnixEpoch() + db_.clock().Elapsed(); }

  void Loop() {
    absl::MutexLock lock(&mutex_);
    while (true) {
      const absl::Time now = Steady();
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

  // The next holder need not wait for the lease to run out. The loop has ended.
  void Release() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const absl::Time now = db_.clock().Now();
    for (const auto& [key, h] : holdings_) {
      if (h->token == 0) continue;
      (void)db_.WriteAndWait(ScopeOf(*h), [sender = h->sender.id, token = h->token, now](sql::Transaction& tx) {
        return ChannelRepository::RenewDispatcher(tx, sender, token, now);
      });
    }
  }

  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const auto& [key, h] : holdings_) {
      if (h->in_flight > 0 || !h->reports.empty() || h->claiming || h->renewing || h->committing || h->recording ||
          h->sweeping)
        return false;
    }
    return !discovering_;
  }

  // Finds senders that were added.
  void Discover(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
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

  void Adopt(const std::string& tenant, const Sender& sender, const Channel& channel)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::unique_ptr<Holding>& h = holdings_[{tenant, sender.id}];
    if (h == nullptr) {
      h = std::make_unique<Holding>();
      h->tenant = tenant;
    }
    h->Adopt(sender);
    OpenToken(*h, channel.token_sealed, channel.waba_id);
  }

  // Each commit tells the token, so that a new one is used at once, whoever changed it.
  void OpenToken(Holding& h, const std::string& sealed, const std::string& waba_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (h.token_sealed == sealed) return;
    h.token_sealed = sealed;
    absl::StatusOr<std::string> token = key_.Open(sealed, absl::StrCat("waba:", waba_id));
    if (!token.ok()) log::Error("an access token cannot be opened", {{"sender_id", h.sender.id.ToString()}});
    h.token_text = token.ok() ? *std::move(token) : "";
  }

  sql::Scope ScopeOf(const Holding& h) const { return sql::Scope::ForTenant(h.tenant, "dispatcher"); }

  // Everything that can be begun for a sender now; `wake` becomes the next moment of interest.
  void Step(Holding& h, absl::Time now, absl::Time& wake) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (h.token == 0) {
      if (!stopping_ && !h.claiming && now >= h.claim_at && !h.token_text.empty()) Claim(h, now);
      return;
    }
    if (!h.reports.empty() && !h.recording) Record(h);
    if (stopping_) return;
    if (!h.renewing && now >= h.renew_at) Renew(h, now);
    if (!h.sweeping && now >= h.sweep_at) Sweep(h, now);
    h.Regain(now);
    if (now < h.begin_at) wake = std::min(wake, h.begin_at);
    if (now < h.begin_at || now < h.back_off_until || now >= h.lease_until || h.committing) return;
    const absl::Time wall = db_.clock().Now();
    const bool due = h.work || h.campaigns || (h.next_due && *h.next_due <= wall);
    if (h.next_due) wake = std::min(wake, now + (*h.next_due - wall));
    if (!due || h.in_flight >= options_.in_flight_max) return;
    if (!h.reading_inbound && now - h.inbound_read_at >= kInboundPoll) ReadInbound(h, now, wall);
    if (now - h.inbound_read_at > kInboundAge) return;
    if (h.Free(now) == 0) {
      wake = std::min(wake, h.NextFree(now));
      return;
    }
    Commit(h, now, wall);
  }

  void ReadInbound(Holding& h, absl::Time now, absl::Time wall) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    h.reading_inbound = true;
    db_.ReadOnPool(
        ScopeOf(h),
        [sender = h.sender.id, wall](sql::Transaction& tx) {
          return LimitRepository::InboundOfLastSecond(tx, sender, wall);
        },
        [self = shared_from_this(), &h, now](absl::StatusOr<int64_t> inbound) {
          absl::MutexLock lock(&self->mutex_);
          h.reading_inbound = false;
          self->poked_ = true;
          if (!inbound.ok()) return;
          h.inbound = static_cast<int>(*inbound);
          h.inbound_read_at = now;
        });
  }

  void Claim(Holding& h, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
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
          h.claim_at = self->Steady() + kClaimRetry;
        });
  }

  // Page by page, until no row of an older token is left.
  void Recover(Holding& h, int64_t token, absl::Time until) {
    const absl::Time now = db_.clock().Now();
    db_.Write(
        ScopeOf(h),
        [sender = h.sender.id, token, wait = options_.unknown_wait, now](sql::Transaction& tx) {
          return RecoverOrphans(tx, sender, token, wait, now);
        },
        [self = shared_from_this(), &h, token, until](absl::StatusOr<bool> more) {
          if (more.ok() && *more) return self->Recover(h, token, until);
          absl::MutexLock lock(&self->mutex_);
          const absl::Time at = self->Steady();
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

  void Lose(Holding& h) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    h.token = 0;
    h.claim_at = Steady() + kClaimRetry;
  }

  void Renew(Holding& h, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
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
          if (ErrorReason(renewed) == "LEASE_LOST") self->Lose(h);
          h.renew_at = self->Steady() + (renewed.ok() ? self->options_.renew : absl::Seconds(1));
        });
  }

  void Sweep(Holding& h, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    h.sweeping = true;
    h.sweep_at = now + kSweep;
    db_.Write(
        ScopeOf(h),
        [sender = h.sender.id, wall = db_.clock().Now()](sql::Transaction& tx) -> absl::Status {
          RETURN_IF_ERROR(EndBlock(tx, sender, wall));
          return SettleUnknown(tx, sender, wall);
        },
        [self = shared_from_this(), &h](absl::Status) {
          absl::MutexLock lock(&self->mutex_);
          h.sweeping = false;
          h.work = true;
        });
  }

  void Commit(Holding& h, absl::Time now, absl::Time wall) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    IntentRequest request{.sender_id = h.sender.id,
                          .token = h.token,
                          .now = wall,
                          .busy_contacts = h.busy,
                          .last_campaign = h.last_campaign};
    request.limit = std::min(options_.in_flight_max - h.in_flight, h.Free(now));
    request.bulk_limit = std::max(0, std::min(options_.bulk_in_flight_max - h.bulk_in_flight, h.FreeForBulk(now)));
    for (auto& [campaign, window] : h.campaign_windows) request.campaign_free[campaign] = window.Free(now);
    h.committing = true;
    h.work = false;
    h.next_due.reset();
    db_.Write(
        ScopeOf(h),
        [contacts = &contacts_, request](sql::Transaction& tx) { return CommitIntents(tx, *contacts, request); },
        [self = shared_from_this(), &h, began = now](absl::StatusOr<IntentBatch> batch) {
          self->Committed(h, std::move(batch), began);
        });
  }

  void Committed(Holding& h, absl::StatusOr<IntentBatch> batch, absl::Time began) {
    std::vector<Intent> to_send;
    {
      absl::MutexLock lock(&mutex_);
      h.committing = false;
      poked_ = true;
      if (!batch.ok()) {
        if (ErrorReason(batch.status()) == "LEASE_LOST") return Lose(h);
        log::Warning("intents could not be committed", {{"error", std::string(batch.status().message())}});
        h.back_off_until = std::max(h.back_off_until, Steady() + absl::Seconds(1));
        h.work = true;
        return;
      }
      const absl::Time now = Steady(), wall = db_.clock().Now();
      h.Adopt(batch->sender);
      h.blocked = batch->blocked;
      OpenToken(h, batch->token_sealed, batch->waba_id);
      h.last_campaign = batch->last_campaign;
      h.campaigns = batch->running_campaigns && (batch->more || !batch->intents.empty());
      h.work = h.work || batch->more;
      h.next_due = batch->next_due;
      // What is due and may not go yet, such as a second text to one contact, waits for an answer or a moment.
      if (h.next_due && *h.next_due <= wall && batch->intents.empty()) h.next_due = wall + kBlockedWait;
      if (batch->running_campaigns && (!h.next_due || *h.next_due > wall + absl::Seconds(1)))
        h.next_due = wall + absl::Seconds(1);
      for (const auto& [campaign, rate] : batch->campaign_rates)
        h.campaign_windows.try_emplace(campaign, rate).first->second.SetLimit(rate);
      metrics_.intents.Observe(static_cast<double>(batch->intents.size()));
      const bool stale = now - began > options_.intent_age_max || now >= h.lease_until || h.token_text.empty();
      for (Intent& intent : batch->intents) {
        if (stale) {
          h.reports.push_back(
              {intent.message.id, intent.message.progress.attempt, {.result = SendResult::kNotSent}, /*untried=*/true});
          metrics_.sends["untried"].Increment();
        } else {
          Count(h, intent, now);
        }
      }
      if (!stale) to_send = std::move(batch->intents);
    }
    for (const Intent& intent : to_send) Send(h, intent);
  }

  void Count(Holding& h, const Intent& intent, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ++h.in_flight;
    h.window.Take(now, 1);
    const Message& m = intent.message;
    if (m.lane == Lane::kTransactional) h.busy.insert(m.contact_id);
    if (m.lane == Lane::kBulk) ++h.bulk_in_flight;
    if (m.campaign_id) {
      const auto window = h.campaign_windows.find(*m.campaign_id);
      if (window != h.campaign_windows.end()) window->second.Take(now, 1);
    }
  }

  void Send(Holding& h, const Intent& intent) {
    metrics_.in_flight.Increment();
    provider_.Send(h.sender.phone_number_id, h.token_text, SendBody(intent.message, intent.target),
                   [self = shared_from_this(), &h, id = intent.message.id, attempt = intent.message.progress.attempt,
                    contact = intent.message.contact_id, lane = intent.message.lane,
                    campaign = intent.message.campaign_id](SendOutcome outcome) {
                     self->Answered(h, {id, attempt, std::move(outcome)}, contact, lane, campaign);
                   });
  }

  void Answered(Holding& h, SendReport report, const Uuid& contact, Lane lane, const std::optional<Uuid>& campaign) {
    static constexpr const char* kNames[] = {"", "accepted", "refused", "not_sent", "ambiguous"};
    metrics_.in_flight.Decrement();
    metrics_.sends[kNames[static_cast<int>(report.outcome.result)]].Increment();
    if (report.outcome.result == SendResult::kRefused)
      metrics_.provider_errors[ErrorClasses::Default().Label(report.outcome)].Increment();
    absl::MutexLock lock(&mutex_);
    const absl::Time now = Steady();
    --h.in_flight;
    if (lane == Lane::kBulk) --h.bulk_in_flight;
    if (lane == Lane::kTransactional) h.busy.erase(contact);
    report.jitter = std::uniform_real_distribution<double>(0, 1)(random_);
    h.Learn(report.outcome, options_.error_classes, campaign, now, report.jitter);
    h.reports.push_back(std::move(report));
    poked_ = true;
  }

  void Record(Holding& h) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    h.recording = true;
    auto reports = std::make_shared<std::vector<SendReport>>(std::move(h.reports));
    auto failing = std::make_shared<std::set<Uuid>>(std::move(h.failing));
    h.reports.clear();
    h.failing.clear();
    db_.Write(
        ScopeOf(h),
        [contacts = &contacts_, reports, failing, options = &options_, now = db_.clock().Now()](sql::Transaction& tx) {
          return RecordOutcomes(tx, *contacts, *reports, *failing, options->unknown_wait, now, options->error_classes);
        },
        [self = shared_from_this(), &h, reports, failing](absl::Status recorded) {
          absl::MutexLock lock(&self->mutex_);
          h.recording = false;
          h.work = true;
          self->poked_ = true;
          if (recorded.ok()) return;
          // Outcomes are facts and are never dropped: they are written as soon as the store takes them.
          log::Warning("outcomes could not be recorded yet", {{"error", std::string(recorded.message())}});
          h.reports.insert(h.reports.begin(), reports->begin(), reports->end());
          h.failing.insert(failing->begin(), failing->end());
        });
  }

  sql::Database& db_;
  const ContactRepository& contacts_;
  const DataKey& key_;
  GraphProvider& provider_;
  Metrics& metrics_;
  const DispatcherOptions options_;

  std::thread thread_;
  absl::Mutex mutex_;
  std::map<Key, std::unique_ptr<Holding>> holdings_ ABSL_GUARDED_BY(mutex_);
  absl::Time rediscover_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // monotonic, as all times here
  bool discovering_ ABSL_GUARDED_BY(mutex_) = false;
  bool poked_ ABSL_GUARDED_BY(mutex_) = false;
  bool fresh_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_){std::random_device{}()};
};

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
