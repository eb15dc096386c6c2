#include "common/rpc/event_feed.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "common/events/event_log.h"
#include "common/status/error.h"

namespace vinculo::rpc {

namespace v1 = events::v1;

namespace {

constexpr int kDefaultPage = 100;
constexpr int kMaxPage = 1000;
// Read and sent at once by Watch: few round trips through the read pool, and far from the largest message.
constexpr int kBatch = 256;
constexpr size_t kBatchBytes = 1 << 20;

class Sleeper {
 public:
  // Called on the bell's thread: new events may be there, or it is time for a heartbeat.
  virtual void Wake(bool heartbeat) = 0;

 protected:
  ~Sleeper() = default;
};

v1::Event Render(const events::StoredEvent& stored) {
  v1::Event event;
  event.set_seq(stored.seq);
  event.set_id(stored.id);
  event.set_type(stored.type);
  event.set_subject(stored.subject);
  const int64_t micros = absl::ToUnixMicros(stored.occurred_at);
  int64_t seconds = micros / 1000000;
  int64_t rest = micros % 1000000;
  if (rest < 0) {
    --seconds;
    rest += 1000000;
  }
  event.mutable_occurred_at()->set_seconds(seconds);
  event.mutable_occurred_at()->set_nanos(static_cast<int32_t>(rest * 1000));
  event.mutable_payload()->set_type_url(absl::StrCat("type.googleapis.com/", stored.payload_type));
  event.mutable_payload()->set_value(stored.payload);
  return event;
}

template <class Types>
bool Wanted(const Types& types, const std::string& type) {
  return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
}

// What both RPCs answer with: the wanted events after a position, and the position after those that were looked at.
template <class Response, class Types>
void Fill(const std::vector<events::StoredEvent>& stored, const Types& types, int64_t after_seq, Response* response) {
  size_t bytes = 0;
  response->set_next_after_seq(after_seq);
  for (const events::StoredEvent& event : stored) {
    if (bytes > kBatchBytes) return;
    if (Wanted(types, event.type)) {
      *response->add_events() = Render(event);
      bytes += event.payload.size() + 128;
    }
    response->set_next_after_seq(event.seq);
  }
}

}  // namespace

class EventBell {
 public:
  explicit EventBell(absl::Duration heartbeat) : heartbeat_(heartbeat), thread_([this] { Run(); }) {}
  void Stop() {
    {
      absl::MutexLock lock(&mutex_);
      stop_ = true;
    }
    if (thread_.joinable()) thread_.join();
  }

  // Called after each commit that holds events, on the engine's thread.
  void Ring() {
    absl::MutexLock lock(&mutex_);
    ++rung_;
  }
  uint64_t rung() {
    absl::MutexLock lock(&mutex_);
    return rung_;
  }
  // Wakes `sleeper` once: when the bell was rung after `heard`, or after the heartbeat.
  void Sleep(std::shared_ptr<Sleeper> sleeper, uint64_t heard) {
    absl::MutexLock lock(&mutex_);
    sleeping_.push_back({std::move(sleeper), heard, absl::Now() + heartbeat_});
  }

 private:
  struct Sleeping {
    std::shared_ptr<Sleeper> sleeper;
    uint64_t heard;
    absl::Time until;
  };

  bool Due() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stop_ ||
           std::any_of(sleeping_.begin(), sleeping_.end(), [this](const Sleeping& s) { return s.heard != rung_; });
  }
  void Run() {
    while (true) {
      std::vector<Sleeping> woken;
      uint64_t rung = 0;
      {
        absl::MutexLock lock(&mutex_);
        mutex_.AwaitWithTimeout(absl::Condition(this, &EventBell::Due), std::min(heartbeat_, absl::Seconds(1)));
        if (stop_) {
          sleeping_.clear();
          return;
        }
        rung = rung_;
        const absl::Time now = absl::Now();
        const auto kept = std::partition(sleeping_.begin(), sleeping_.end(),
                                         [&](const Sleeping& s) { return s.heard == rung && now < s.until; });
        woken.assign(std::make_move_iterator(kept), std::make_move_iterator(sleeping_.end()));
        sleeping_.erase(kept, sleeping_.end());
      }
      for (const Sleeping& s : woken) s.sleeper->Wake(/*heartbeat=*/s.heard == rung);
    }
  }

  const absl::Duration heartbeat_;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t rung_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Sleeping> sleeping_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

namespace {

// Reads a batch, sends it, reads the next; sleeps on the bell when there is none. `after_seq_` is touched by one step
// at a time.
class Watcher final : public WriteStream<v1::WatchResponse>, public Sleeper {
 public:
  Watcher(StreamContext context, const v1::WatchRequest& request, sql::Database& database,
          std::shared_ptr<EventBell> bell)
      : WriteStream(std::move(context)),
        types_(request.types().begin(), request.types().end()),
        database_(database),
        bell_(std::move(bell)),
        after_seq_(request.after_seq()) {}

  void Wake(bool heartbeat) override {
    if (!heartbeat) return Produce();
    v1::WatchResponse response;
    response.set_next_after_seq(after_seq_);
    Send(std::move(response));
  }

 private:
  void Produce() override {
    const uint64_t heard = bell_->rung();  // before reading: what is committed from now on rings again
    database_.ReadOnPool(
        scope(), [after_seq = after_seq_](sql::Transaction& tx) { return events::Read(tx, after_seq, kBatch); },
        [self = std::static_pointer_cast<Watcher>(shared_from_this()),
         heard](absl::StatusOr<std::vector<events::StoredEvent>> stored) { self->OnRead(heard, std::move(stored)); });
  }
  void OnRead(uint64_t heard, absl::StatusOr<std::vector<events::StoredEvent>> stored) {
    if (!stored.ok()) return Finish(stored.status());
    if (stored->empty()) return bell_->Sleep(std::static_pointer_cast<Watcher>(shared_from_this()), heard);
    v1::WatchResponse response;
    Fill(*stored, types_, after_seq_, &response);
    after_seq_ = response.next_after_seq();
    if (response.events().empty()) return Produce();
    Send(std::move(response));
  }

  const std::vector<std::string> types_;
  sql::Database& database_;
  const std::shared_ptr<EventBell> bell_;
  int64_t after_seq_;
};

absl::Status CheckRequest(int64_t after_seq, int32_t page_size) {
  FieldViolations bad;
  if (after_seq < 0) bad.Add("after_seq", "is negative");
  if (page_size < 0) bad.Add("page_size", "is negative");
  return bad.ToStatus();
}

}  // namespace

EventFeedService::EventFeedService(Runtime& runtime, sql::Database& database, absl::Duration heartbeat)
    : runtime_(runtime), database_(database), bell_(std::make_shared<EventBell>(heartbeat)) {
  database.AddCommitListener([bell = bell_](uint32_t signals) {
    if ((signals & sql::kSignalEvents) != 0) bell->Ring();
  });
}

EventFeedService::~EventFeedService() { bell_->Stop(); }

void EventFeedService::Read(Call<v1::ReadRequest, v1::ReadResponse> call) {
  const v1::ReadRequest& request = call.request();
  if (const absl::Status status = CheckRequest(request.after_seq(), request.page_size()); !status.ok())
    return call.Fail(status);
  const int limit = request.page_size() == 0 ? kDefaultPage : std::min(request.page_size(), kMaxPage);
  database_.ReadOnPool(
      call.scope(),
      [after_seq = request.after_seq(), limit](sql::Transaction& tx) { return events::Read(tx, after_seq, limit); },
      call.Reply([call](const std::vector<events::StoredEvent>& stored, v1::ReadResponse* response) {
        Fill(stored, call.request().types(), call.request().after_seq(), response);
      }));
}

WriteStream<v1::WatchResponse>* EventFeedService::Watch(StreamContext context, const v1::WatchRequest& request) {
  if (const absl::Status status = CheckRequest(request.after_seq(), 0); !status.ok()) {
    return RefuseWrite<v1::WatchResponse>(std::move(context), status);
  }
  return new Watcher(std::move(context), request, database_, bell_);
}

}  // namespace vinculo::rpc
