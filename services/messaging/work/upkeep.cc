#include "services/messaging/work/upkeep.h"

#include <pthread.h>

#include <map>
#include <tuple>

#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/import_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/inbox_repository.h"
#include "services/messaging/store/media_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {
namespace {

// Rows of one transaction: other writers wait for it.
constexpr int kPage = 200;
constexpr absl::Duration kParkedFor = absl::Hours(14 * 24);
constexpr absl::Duration kRawFor = absl::Hours(7 * 24);
constexpr absl::Duration kEndedMediaFor = absl::Hours(30 * 24);

// Looks at one page of messages that wait for their delivery.
class ExpiryPage {
 public:
  ExpiryPage(sql::Transaction& tx, absl::Time now) : tx_(tx), now_(now) {}

  struct Result {
    int looked_at = 0;
    int expired = 0;
  };

  absl::StatusOr<Result> Run() {
    ASSIGN_OR_RETURN(const std::vector<Message> due, MessageRepository::Awaited(tx_, now_, kPage));
    Result result{.looked_at = static_cast<int>(due.size())};
    for (const Message& before : due) {
      ASSIGN_OR_RETURN(const absl::Duration life, LifeOf(before));
      const absl::Time begun = before.progress.accepted_at.value_or(before.created_at);
      Message m = before;
      m.due_at = begun + life + kExpiryMargin;
      if (now_ >= m.due_at) {
        m.progress.expired_at = m.due_at;
        ++result.expired;
      }
      RETURN_IF_ERROR(Settle(tx_, before, m, deltas_, now_));
    }
    RETURN_IF_ERROR(deltas_.Flush(tx_));
    return result;
  }

 private:
  absl::StatusOr<absl::Duration> LifeOf(const Message& m) {
    const auto* content = std::get_if<TemplateContent>(&m.content);
    if (content == nullptr) return TimeToLive(m.category, 0);
    const auto key = std::make_tuple(m.sender_id, content->name, content->language, m.version);
    if (const auto known = lives_.find(key); known != lives_.end()) return known->second;
    ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx_, m.sender_id));
    const absl::StatusOr<TemplateComponents> components =
        TemplateRepository::GetVersion(tx_, {sender.channel_id, content->name, content->language}, m.version);
    if (!components.ok() && !absl::IsNotFound(components.status())) return components.status();
    const absl::Duration life = TimeToLive(m.category, components.ok() ? components->ttl_seconds : 0);
    return lives_.emplace(key, life).first->second;
  }

  sql::Transaction& tx_;
  const absl::Time now_;
  CountDeltas deltas_;
  std::map<std::tuple<Uuid, std::string, std::string, int>, absl::Duration> lives_;
};

// One page of what waits behind a blocked sender beyond its expiry [M-49]: nobody else looks there.
absl::StatusOr<int64_t> EndExpired(sql::Transaction& tx, absl::Time now, int limit) {
  ASSIGN_OR_RETURN(const std::vector<Message> expired, MessageRepository::QueueExpired(tx, now, limit));
  CountDeltas deltas;
  for (const Message& m : expired) RETURN_IF_ERROR(GiveUp(tx, m, "QUEUE_EXPIRED", deltas, now));
  RETURN_IF_ERROR(deltas.Flush(tx));
  return static_cast<int64_t>(expired.size());
}

}  // namespace

Upkeep::Upkeep(sql::Database& database, Metrics& metrics, std::vector<std::string> tenants, std::string instance,
               absl::Duration interval)
    : db_(database),
      metrics_(metrics),
      tenants_(std::move(tenants)),
      instance_(std::move(instance)),
      interval_(interval) {}

Upkeep::~Upkeep() { Stop(); }

void Upkeep::Start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "upkeep");
    while (true) {
      {
        absl::MutexLock lock(&mutex_);
        if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), interval_)) return;
      }
      const absl::Status done = Round(db_.clock().Now());
      if (!done.ok()) log::Warning("upkeep waits for its next round", {{"error", std::string(done.message())}});
    }
  });
}

void Upkeep::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

bool Upkeep::stopped() {
  absl::MutexLock lock(&mutex_);
  return stop_;
}

absl::Status Upkeep::Round(absl::Time now) {
  absl::Status first;
  for (const std::string& tenant : tenants_) first.Update(RoundOf(tenant, now));
  for (int64_t n = kPage; n >= kPage && !stopped();) {
    const absl::StatusOr<int64_t> deleted =
        db_.WriteAndWait(sql::Scope::ForTenant(sql::kSystemTenant, "upkeep"),
                         [now](sql::Transaction& tx) { return RawInbox::Sweep(tx, now - kRawFor, kPage); });
    first.Update(deleted.status());
    n = deleted.value_or(0);
    metrics_.upkeep["raw_deleted"].Increment(static_cast<double>(n));
  }
  return first;
}

absl::Status Upkeep::RoundOf(const std::string& tenant, absl::Time now) {
  const sql::Scope scope = sql::Scope::ForTenant(tenant, "upkeep");
  ASSIGN_OR_RETURN(const int64_t interrupted,
                   db_.WriteAndWait(scope, [this, now](sql::Transaction& tx) -> absl::StatusOr<int64_t> {
                     RETURN_IF_ERROR(ImportRepository::Renew(tx, instance_, now));
                     return ImportRepository::Interrupt(tx, now, now);
                   }));
  metrics_.upkeep["imports_interrupted"].Increment(static_cast<double>(interrupted));
  for (int n = kPage; n >= kPage && !stopped();) {
    ASSIGN_OR_RETURN(const ExpiryPage::Result page,
                     db_.WriteAndWait(scope, [now](sql::Transaction& tx) { return ExpiryPage(tx, now).Run(); }));
    n = page.looked_at;
    metrics_.upkeep["expired"].Increment(page.expired);
  }
  using Sweep = absl::StatusOr<int64_t> (*)(sql::Transaction&, absl::Time, int);
  const auto all = [&](const char* kind, Sweep sweep, absl::Time before) -> absl::Status {
    for (int64_t n = kPage; n >= kPage && !stopped();) {
      ASSIGN_OR_RETURN(
          n, db_.WriteAndWait(scope, [sweep, before](sql::Transaction& tx) { return sweep(tx, before, kPage); }));
      metrics_.upkeep[kind].Increment(static_cast<double>(n));
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(all("queue_expired", &EndExpired, now));
  RETURN_IF_ERROR(all("parked_dropped", &InboundRepository::SweepParked, now - kParkedFor));
  return all("media_forgotten", &MediaRepository::Sweep, now - kEndedMediaFor);
}

}  // namespace vinculo::messaging
