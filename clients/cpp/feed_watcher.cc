#include "clients/cpp/feed_watcher.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"
#include "clients/cpp/channel_impl.h"
#include "clients/cpp/wire.h"
#include "common/log/log.h"
#include "common/rpc/status.h"
#include "common/status/error.h"
#include "vinculo/events/v1/event_feed.grpc.pb.h"

namespace vinculo::clients {

namespace v1 = events::v1;

namespace {

// Where the feed says that it begins; 0 when it does not say.
int64_t OldestSeq(const absl::Status& expired) {
  int64_t oldest = 0;
  const auto details = GetErrorDetails(expired);
  for (const auto& [key, value] : details->metadata) {
    if (key == "oldest_seq" && !absl::SimpleAtoi(value, &oldest)) oldest = 0;
  }
  return oldest;
}

}  // namespace

// One subscription. Between two connections it waits on the timer; while connected at most one batch is with the
// consumer, held open by a hold on the reactor so that the stream can be read further from the consumer's thread.
class FeedWatcher::Following final : public std::enable_shared_from_this<Following> {
 public:
  Following(FeedWatcher& source, std::string tenant, int64_t after_seq, std::vector<std::string> types,
            OnBatch on_batch)
      : channel_(source.channel_),
        options_(source.options_),
        timer_(source.timer_),
        tenant_(std::move(tenant)),
        types_(std::move(types)),
        on_batch_(std::move(on_batch)),
        stub_(v1::EventFeed::NewStub(channel_->impl().channel())),
        after_seq_(after_seq),
        wait_(options_.first_wait) {}

  void Connect();
  // Ends the connection and waits until no callback runs.
  void Stop();

 private:
  class Reader;
  void OnResponse(Reader& reader);
  void OnAck(std::shared_ptr<Reader> reader, int64_t next_after_seq, bool applied);
  void OnEnd(const grpc::Status& status);
  void SkipTo(int64_t oldest_seq) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration NextWait() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !connected_; }

  const std::shared_ptr<Channel> channel_;
  const Options options_;
  const std::shared_ptr<Timer> timer_;
  const std::string tenant_;
  const std::vector<std::string> types_;
  OnBatch on_batch_;  // called by one reader at a time
  const std::unique_ptr<v1::EventFeed::Stub> stub_;

  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t after_seq_ ABSL_GUARDED_BY(mutex_);
  absl::Duration wait_ ABSL_GUARDED_BY(mutex_);
  bool connected_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Reader> reader_ ABSL_GUARDED_BY(mutex_);  // the connection, until it is over
};

// Calls Connect on those whose wait is over. One thread for all subscriptions of a source.
class FeedWatcher::Timer {
 public:
  Timer() : thread_([this] { Run(); }) {}
  void Stop() {
    {
      absl::MutexLock lock(&mutex_);
      stop_ = true;
    }
    thread_.join();
  }
  void Add(absl::Time at, std::weak_ptr<Following> following) {
    absl::MutexLock lock(&mutex_);
    waiting_.emplace_back(at, std::move(following));
    changed_ = true;
  }

 private:
  void Run() {
    while (true) {
      std::vector<std::weak_ptr<Following>> due;
      {
        absl::MutexLock lock(&mutex_);
        absl::Time next = absl::InfiniteFuture();
        for (const auto& [at, following] : waiting_) next = std::min(next, at);
        const auto woken = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stop_ || changed_; };
        mutex_.AwaitWithDeadline(absl::Condition(&woken), next);
        changed_ = false;
        if (stop_) return;
        const absl::Time now = absl::Now();
        const auto kept =
            std::partition(waiting_.begin(), waiting_.end(), [now](const auto& entry) { return entry.first > now; });
        for (auto it = kept; it != waiting_.end(); ++it) due.push_back(std::move(it->second));
        waiting_.erase(kept, waiting_.end());
      }
      for (const auto& weak : due) {
        if (const auto following = weak.lock()) following->Connect();
      }
    }
  }

  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::pair<absl::Time, std::weak_ptr<Following>>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

class FeedWatcher::Following::Reader final : public grpc::ClientReadReactor<v1::WatchResponse>,
                                             public std::enable_shared_from_this<Reader> {
 public:
  explicit Reader(Following* following) : following_(following) {}

  void Begin(std::unique_ptr<grpc::ClientContext> context, v1::WatchRequest request) {
    context_ = std::move(context);
    request_ = std::move(request);
    following_->stub_->async()->Watch(context_.get(), &request_, this);
    StartRead(&response_);
    StartCall();
  }
  const v1::WatchResponse& response() const { return response_; }
  void ReadNext() { StartRead(&response_); }

  // While a batch is with the consumer; whoever takes it back (the ack, or the end) does so once.
  void Hold() {
    AddHold();
    absl::MutexLock lock(&mutex_);
    held_ = true;
  }
  // Reads on, or ends the stream, if the batch is still out.
  void Release(bool go_on) {
    {
      absl::MutexLock lock(&mutex_);
      if (!std::exchange(held_, false)) return;
    }
    if (go_on) {
      StartRead(&response_);
    } else {
      context_->TryCancel();
    }
    RemoveHold();
  }
  void Cancel() {
    context_->TryCancel();
    Release(/*go_on=*/false);
  }

 private:
  void OnReadDone(bool ok) override {
    if (ok) following_->OnResponse(*this);
  }
  void OnDone(const grpc::Status& status) override { following_->OnEnd(status); }

  Following* const following_;  // which waits for the end of its connection
  std::unique_ptr<grpc::ClientContext> context_;
  v1::WatchRequest request_;
  v1::WatchResponse response_;
  absl::Mutex mutex_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
};

void FeedWatcher::Following::Connect() {
  absl::MutexLock lock(&mutex_);
  if (stopped_ || connected_) return;
  connected_ = true;
  v1::WatchRequest request;
  request.set_after_seq(after_seq_);
  for (const std::string& type : types_) request.add_types(type);
  reader_ = std::make_shared<Reader>(this);
  auto context = std::make_unique<grpc::ClientContext>();
  PrepareContext(*context, channel_->impl().tokens(), tenant_, absl::InfiniteFuture());
  reader_->Begin(std::move(context), std::move(request));
}

void FeedWatcher::Following::OnResponse(Reader& reader) {
  const int64_t next = reader.response().next_after_seq();
  {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    wait_ = options_.first_wait;
    if (reader.response().events().empty()) {
      after_seq_ = next;
      reader.ReadNext();
      return;
    }
  }
  reader.Hold();
  on_batch_(reader.response(), [self = shared_from_this(), held = reader.shared_from_this(), next](bool applied) {
    self->OnAck(held, next, applied);
  });
}

void FeedWatcher::Following::OnAck(std::shared_ptr<Reader> reader, int64_t next_after_seq, bool applied) {
  if (applied) {
    absl::MutexLock lock(&mutex_);
    if (reader == reader_) after_seq_ = next_after_seq;
  }
  // What was not applied comes again: the stream ends and is opened at the old position after a pause.
  reader->Release(/*go_on=*/applied);
}

absl::Duration FeedWatcher::Following::NextWait() {
  thread_local absl::InsecureBitGen generator;
  const absl::Duration wait = wait_ * absl::Uniform(generator, 0.8, 1.2);
  wait_ = std::min(2 * wait_, options_.longest_wait);
  return wait;
}

void FeedWatcher::Following::SkipTo(int64_t oldest_seq) {
  log::Error("events were missed: the feed no longer keeps them",
             {{"tenant", tenant_}, {"after_seq", after_seq_}, {"oldest_seq", oldest_seq}});
  after_seq_ = std::max(after_seq_, oldest_seq - 1);
}

void FeedWatcher::Following::OnEnd(const grpc::Status& status) {
  std::shared_ptr<Reader> last;
  {
    absl::MutexLock lock(&mutex_);
    last = std::exchange(reader_, nullptr);
  }
  // Before Stop returns: its context holds gRPC's channel, the last of which must not go on a thread of gRPC's.
  last = nullptr;
  absl::MutexLock lock(&mutex_);
  connected_ = false;
  if (stopped_) return;
  const absl::Duration wait = NextWait();
  const absl::Status ended = rpc::FromGrpcStatus(status);
  if (ErrorReason(ended) == "EVENTS_EXPIRED") SkipTo(OldestSeq(ended));
  log::Info("event feed ended; connecting again", {{"tenant", tenant_}, {"status", ended}, {"wait", wait}});
  timer_->Add(absl::Now() + wait, weak_from_this());
}

void FeedWatcher::Following::Stop() {
  std::shared_ptr<Reader> reader;
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    reader = reader_;
  }
  if (reader != nullptr) reader->Cancel();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Following::Idle));
}

class FeedWatcher::Handle final : public Subscription {
 public:
  explicit Handle(std::shared_ptr<Following> following) : following_(std::move(following)) {}
  ~Handle() override { following_->Stop(); }

 private:
  const std::shared_ptr<Following> following_;
};

FeedWatcher::FeedWatcher(std::shared_ptr<Channel> channel, Options options)
    : channel_(std::move(channel)), options_(options), timer_(std::make_shared<Timer>()) {}

FeedWatcher::~FeedWatcher() { timer_->Stop(); }

std::unique_ptr<events::FeedSource::Subscription> FeedWatcher::Watch(const std::string& tenant, int64_t after_seq,
                                                                     std::vector<std::string> types, OnBatch on_batch) {
  auto following = std::make_shared<Following>(*this, tenant, after_seq, std::move(types), std::move(on_batch));
  following->Connect();
  return std::make_unique<Handle>(std::move(following));
}

}  // namespace vinculo::clients
