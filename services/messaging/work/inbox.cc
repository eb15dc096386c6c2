#include "services/messaging/work/inbox.h"

#include <pthread.h>

#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <variant>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/http/crypto.h"
#include "common/http/hub_signature.h"
#include "common/log/log.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/campaign_protection.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/compliance_repository.h"
#include "services/messaging/store/inbox_repository.h"
#include "services/messaging/work/inbox_apply.h"
#include "services/messaging/work/inbox_items.h"
#include "services/messaging/work/webhook_parse.h"

namespace vinculo::messaging {
namespace {

constexpr int kPage = 32;
constexpr size_t kItemsPerWrite = 1000;
constexpr size_t kBytesPerWrite = 4 << 20;
constexpr absl::Duration kRetry = absl::Seconds(1);
// Of several processes on one store: how long one may apply webhooks without saying so again, how soon it sees what
// another has stored, and how often each counts what waits.
constexpr absl::Duration kLease = absl::Seconds(10);
constexpr absl::Duration kRenew = absl::Seconds(3);
constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr absl::Duration kRecount = absl::Seconds(5);

}  // namespace

class Inbox::Impl {
 public:
  Impl(sql::Database& database, const ContactRepository& contacts, Metrics& metrics, WebhookApp app,
       std::vector<WebhookApp> others, const ProviderRules& rules)
      : db_(database),
        contacts_(contacts),
        metrics_(metrics),
        app_(std::move(app)),
        others_(std::move(others)),
        rules_(rules) {}

  http::Answer Verify(const http::IncomingRequest& request) const {
    const WebhookApp* app = Find(request);
    if (app == nullptr) return {.status = 404, .body = "unknown app"};
    const std::string token = request.Query("hub.verify_token").value_or("");
    const bool ok =
        request.Query("hub.mode").value_or("") == "subscribe" && crypto::ConstantTimeEquals(token, app->verify_token);
    if (!ok) return {.status = 403, .body = "forbidden"};
    return {.status = 200, .body = request.Query("hub.challenge").value_or("")};
  }

  http::Answer Take(const http::IncomingRequest& request) {
    const WebhookApp* app = Find(request);
    if (app == nullptr) return {.status = 404, .body = "unknown app"};
    const absl::Status genuine =
        http::VerifyHubSignature(app->secrets, request.Header("X-Hub-Signature-256"), request.body);
    if (!genuine.ok()) {
      const bool missing = absl::IsUnauthenticated(genuine);
      metrics_.webhook_posts[missing ? "unsigned" : "forged"].Increment();
      return {.status = missing ? 401 : 403, .body = ErrorReason(genuine)};
    }
    if (waiting_.load() >= app_.waiting_max) {
      metrics_.webhook_posts["full"].Increment();
      return {.status = 503, .body = "try again"};
    }
    const absl::Time now = db_.clock().Now();
    const RawBody raw{Uuid::New(now), app->slug, now, request.body};
    const absl::Status stored =
        db_.WriteAndWait(System(), [&raw](sql::Transaction& tx) { return RawInbox::Append(tx, raw); });
    metrics_.webhook_posts[stored.ok() ? "stored" : "failed"].Increment();
    if (!stored.ok()) return {.status = 503, .body = "try again"};
    waiting_.fetch_add(1);
    absl::MutexLock lock(&mutex_);
    fresh_ = true;
    return {.status = 200, .body = ""};
  }

  void Start() {
    Recount();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "inbox");
      Loop();
    });
  }

  // Bodies wait that were not taken here.
  void Wake() {
    absl::MutexLock lock(&mutex_);
    fresh_ = true;
    uncounted_ = true;
  }

  void Stop() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    if (thread_.joinable()) thread_.join();
  }

  void WaitIdle() {
    absl::MutexLock lock(&mutex_);
    const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return idle_ && !fresh_; };
    mutex_.Await(absl::Condition(&idle));
  }

 private:
  static sql::Scope System() { return sql::Scope::ForTenant(sql::kSystemTenant, "inbox"); }

  // The app that the path names; without a name the first.
  const WebhookApp* Find(const http::IncomingRequest& request) const {
    const absl::string_view slug = request.PathField("app");
    if (slug.empty() || slug == app_.slug) return &app_;
    for (const WebhookApp& other : others_) {
      if (slug == other.slug) return &other;
    }
    return nullptr;
  }

  void Loop() {
    while (true) {
      {
        absl::MutexLock lock(&mutex_);
        fresh_ = false;
        idle_ = false;
        if (std::exchange(uncounted_, false)) recount_at_ = absl::InfinitePast();
      }
      const absl::StatusOr<bool> mine = Hold();
      const absl::StatusOr<int> done = !mine.ok() ? absl::StatusOr<int>(mine.status()) : *mine ? ProcessSome() : 0;
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      if (done.ok() && *done > 0) continue;
      idle_ = done.ok();
      const auto awake = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return fresh_ || stopping_; };
      if (done.ok()) {
        mutex_.AwaitWithTimeout(absl::Condition(&awake), shared_ ? kLook : absl::InfiniteDuration());
      } else {
        log::Warning("webhooks wait", {{"error", std::string(done.status().message())}});
        mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kRetry);
      }
      if (stopping_) return;
    }
  }

  // True when this process may apply webhooks. Alone on its store it always may; of several, whoever holds the lease.
  absl::StatusOr<bool> Hold() {
    const absl::Time now = db_.clock().Now();
    if (now >= recount_at_) Recount();
    if (!shared_) return true;
    if (token_ && now < renew_at_) return true;
    token_.reset();
    ASSIGN_OR_RETURN(token_, db_.WriteAndWait(System(), [&](sql::Transaction& tx) {
      return InboxLease::Claim(tx, holder_, now, now + kLease);
    }));
    renew_at_ = now + kRenew;
    return token_.has_value();
  }

  // Alone on its store this process knows of every body but those of a replay.
  void Recount() {
    recount_at_ = shared_ ? db_.clock().Now() + kRecount : absl::InfiniteFuture();
    const absl::StatusOr<int64_t> count =
        db_.ReadInline(System(), [](sql::Transaction& tx) { return RawInbox::CountWaiting(tx); });
    if (count.ok()) waiting_.store(*count);
  }

  // What waits, in stored order, as much as goes into one write.
  absl::StatusOr<std::vector<RawBody>> Next() {
    std::vector<RawBody> bodies;
    size_t bytes = 0, items = 0;
    for (bool more = true; more && bytes < kBytesPerWrite && items < kItemsPerWrite;) {
      const Uuid after = bodies.empty() ? Uuid() : bodies.back().id;
      ASSIGN_OR_RETURN(std::vector<RawBody> page, db_.ReadInline(System(), [&](sql::Transaction& tx) {
        return RawInbox::Waiting(tx, after, kPage);
      }));
      more = static_cast<int>(page.size()) == kPage;
      items += page.size();
      for (RawBody& body : page) {
        bytes += body.body.size();
        bodies.push_back(std::move(body));
      }
    }
    return bodies;
  }

  // Some bodies in stored order; how many.
  absl::StatusOr<int> ProcessSome() {
    ASSIGN_OR_RETURN(std::vector<RawBody> bodies, Next());
    if (bodies.empty()) return 0;
    size_t items = 0, taken = 0;
    std::map<std::string, std::vector<Addressed>> by_tenant;
    while (taken < bodies.size() && items < kItemsPerWrite) {
      ParsedWebhook parsed = ParseWebhook(bodies[taken].body, bodies[taken].received_at);
      for (int i = 0; i < parsed.unknown; ++i) metrics_.webhook_items["unknown"].Increment();
      items += parsed.items.size();
      RETURN_IF_ERROR(Address(std::move(parsed.items), by_tenant));
      ++taken;
    }
    bodies.resize(taken);
    // Marked together with the last tenant's items; a crash before that repeats items, which has no further effect.
    size_t left = by_tenant.size();
    const std::vector<RawBody> none;
    if (left == 0) RETURN_IF_ERROR(Apply(sql::kSystemTenant, {}, bodies));
    for (const auto& [tenant, addressed] : by_tenant)
      RETURN_IF_ERROR(Apply(tenant, addressed, --left == 0 ? bodies : none));
    waiting_.fetch_sub(static_cast<int64_t>(taken));
    return static_cast<int>(taken);
  }

  absl::Status Address(std::vector<WebhookItem> items, std::map<std::string, std::vector<Addressed>>& by_tenant) {
    for (WebhookItem& item : items) {
      const auto [kind, value] = std::visit(ProviderKeyOf(), item);
      const std::string key = absl::StrCat(kind, ":", value);
      auto known = owners_.find(key);
      if (known == owners_.end()) {
        const std::string id = value;
        const absl::string_view of = kind;
        ASSIGN_OR_RETURN(const std::optional<ProviderOwner> owner, db_.ReadInline(System(), [&](sql::Transaction& tx) {
          return ChannelRepository::FindOwner(tx, of, id);
        }));
        if (!owner) {
          metrics_.webhook_items["unknown"].Increment();
          continue;
        }
        known = owners_.emplace(key, *owner).first;
      }
      by_tenant[known->second.tenant].push_back({known->second.object_id, std::move(item)});
    }
    return absl::OkStatus();
  }

  // All items in one transaction; when that fails, each in its own, so that a bad one costs nobody else.
  absl::Status Apply(const std::string& tenant, const std::vector<Addressed>& items, const std::vector<RawBody>& mark) {
    const absl::Time now = db_.clock().Now();
    absl::Status together = ApplyBatch(tenant, items, mark, now);
    if (together.ok() || Transient(together)) return together;
    if (ErrorReason(together) == "LEASE_LOST") {
      token_.reset();
      return together;
    }
    for (const Addressed& one : items) {
      absl::Status alone = ApplyBatch(tenant, {one}, {}, now);
      if (Transient(alone)) return alone;
      if (alone.ok()) continue;
      metrics_.webhook_items["failed"].Increment();
      log::Error("a webhook item was passed over",
                 {{"kind", KindOf(one.item)}, {"error", std::string(alone.message())}});
    }
    return ApplyBatch(tenant, {}, mark, now);
  }

  static bool Transient(const absl::Status& s) {
    return absl::IsUnavailable(s) || absl::IsResourceExhausted(s) || absl::IsDataLoss(s) || absl::IsCancelled(s) ||
           absl::IsDeadlineExceeded(s);
  }

  absl::Status ApplyBatch(const std::string& tenant, const std::vector<Addressed>& items,
                          const std::vector<RawBody>& mark, absl::Time now) {
    const auto body = [&](sql::Transaction& tx) -> absl::StatusOr<std::vector<ItemResult>> {
      std::vector<ItemResult> results;
      CountDeltas deltas;
      BatchFacts facts;
      if (token_) RETURN_IF_ERROR(InboxLease::Check(tx, *token_));
      ASSIGN_OR_RETURN(const std::shared_ptr<const ComplianceWords> words, WordsFor(tx, items));
      std::vector<const WebhookItem*> all;
      for (const Addressed& a : items) all.push_back(&a.item);
      RETURN_IF_ERROR(LoadReported(tx, all, facts));
      for (const Addressed& a : items) {
        ASSIGN_OR_RETURN(const ItemResult result,
                         ApplyItem({tx, contacts_, *words, a.object, deltas, facts, now, rules_}, a.item));
        results.push_back(result);
      }
      RETURN_IF_ERROR(CloseBatch(tx, deltas, now));
      RETURN_IF_ERROR(CountTraffic(tx, items, results, now));
      RETURN_IF_ERROR(MarkSeen(tx, items, now));
      for (const RawBody& raw : mark) RETURN_IF_ERROR(RawInbox::MarkProcessed(tx, raw.id, now));
      return results;
    };
    ASSIGN_OR_RETURN(const std::vector<ItemResult> results,
                     db_.WriteAndWait(sql::Scope::ForTenant(tenant, "inbox"), body));
    for (const Addressed& a : items) seen_.insert(a.object);
    for (size_t i = 0; i < results.size(); ++i) {
      const char* kind = results[i] == ItemResult::kDuplicate ? "duplicate"
                         : results[i] == ItemResult::kParked  ? "parked"
                         : results[i] == ItemResult::kIgnored ? "unknown"
                                                              : KindOf(items[i].item);
      metrics_.webhook_items[kind].Increment();
    }
    return absl::OkStatus();
  }

  // Read once for all items, and only where somebody says something.
  static absl::StatusOr<std::shared_ptr<const ComplianceWords>> WordsFor(sql::Transaction& tx,
                                                                         const std::vector<Addressed>& items) {
    static const auto& ours = *new std::shared_ptr<const ComplianceWords>(std::make_shared<ComplianceWords>());
    const bool said =
        absl::c_any_of(items, [](const Addressed& a) { return std::holds_alternative<InboundItem>(a.item); });
    if (!said) return ours;
    ASSIGN_OR_RETURN(const auto by_language, ComplianceRepository::All(tx));
    return std::make_shared<const ComplianceWords>(by_language);
  }

  // That its first webhook came is a step of setting a channel up; told once by each process.
  absl::Status MarkSeen(sql::Transaction& tx, const std::vector<Addressed>& items, absl::Time now) const {
    for (const Addressed& a : items) {
      if (seen_.contains(a.object)) continue;
      const bool by_sender = std::visit(ProviderKeyOf(), a.item).first == kKindPhone;
      RETURN_IF_ERROR(by_sender ? ChannelRepository::WebhookSeenBySender(tx, a.object, now)
                                : ChannelRepository::WebhookSeen(tx, a.object, now));
    }
    return absl::OkStatus();
  }

  sql::Database& db_;
  const bool shared_ = db_.engine().shared();
  const std::string holder_ = Uuid::New(db_.clock().Now()).ToString();
  const ContactRepository& contacts_;
  Metrics& metrics_;
  const WebhookApp app_;
  const std::vector<WebhookApp> others_;
  const ProviderRules& rules_;
  // Of the processing thread.
  std::map<std::string, ProviderOwner> owners_;
  std::optional<int64_t> token_;
  absl::Time renew_at_;
  absl::Time recount_at_;
  std::set<Uuid> seen_;  // senders and channels
  std::atomic<int64_t> waiting_{0};
  std::thread thread_;
  absl::Mutex mutex_;
  bool fresh_ ABSL_GUARDED_BY(mutex_) = false;
  bool uncounted_ ABSL_GUARDED_BY(mutex_) = false;
  bool idle_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

Inbox::Inbox(sql::Database& database, const ContactRepository& contacts, Metrics& metrics, WebhookApp app,
             std::vector<WebhookApp> others, const ProviderRules& rules)
    : impl_(std::make_shared<Impl>(database, contacts, metrics, std::move(app), std::move(others), rules)) {
  database.AddCommitListener([impl = std::weak_ptr<Impl>(impl_)](uint32_t signals) {
    if ((signals & static_cast<uint32_t>(kSignalInbox)) == 0) return;
    if (const std::shared_ptr<Impl> alive = impl.lock()) alive->Wake();
  });
}

Inbox::~Inbox() { Stop(); }

void Inbox::Serve(http::Listener& listener) {
  for (const char* path : {"/webhooks/whatsapp", "/webhooks/whatsapp/{app}"}) {
    listener.Handle("GET", path,
                    [impl = impl_](const http::IncomingRequest& request) { return impl->Verify(request); });
    listener.Handle("POST", path, [impl = impl_](const http::IncomingRequest& request) { return impl->Take(request); });
  }
}

void Inbox::Start() { impl_->Start(); }
void Inbox::Stop() { impl_->Stop(); }
void Inbox::WaitIdle() { impl_->WaitIdle(); }

}  // namespace vinculo::messaging
