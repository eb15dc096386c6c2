#include "clients/cpp/feed_watcher.h"

#include <grpcpp/alarm.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "clients/cpp/wire.h"
#include "common/log/log.h"
#include "common/rpc/status.h"
#include "common/status/error.h"

namespace vinculo::clients {
namespace {

using vinculo::events::v1::WatchRequest;
using vinculo::events::v1::WatchResponse;

constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(5);

class Stream;

// One tenant's subscription over all its connections. Either a stream is open, or a batch is being applied, or an alarm runs.
class Following : public std::enable_shared_from_this<Following> {
 public:
  Following(std::shared_ptr<Channel> channel, std::string tenant, int64_t after_seq, std::vector<std::string> types,
            events::FeedSource::OnBatch on_batch)
      : channel_(std::move(channel)), tenant_(std::move(tenant)), on_batch_(std::move(on_batch)) {
    request_.set_after_seq(after_seq);
    for (std::string& type : types) request_.add_types(std::move(type));
  }

  void Connect();
  // Ends it and returns when nothing of it runs any more.
  void Stop();

  // What the stream tells.
  void OnMessage(Stream* stream, WatchResponse message);
  void OnDone(Stream* stream, const grpc::Status& status);

 private:
  void OnAck(int64_t next_after_seq, bool applied);
  void ConnectLater() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<Channel> channel_;
  const std::string tenant_;
  events::FeedSource::OnBatch on_batch_;  // called with one batch in flight, so never twice at a time
  absl::Mutex mutex_;
  WatchRequest request_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Stream> stream_ ABSL_GUARDED_BY(mutex_);
  grpc::Alarm alarm_ ABSL_GUARDED_BY(mutex_);
  absl::Duration pause_ ABSL_GUARDED_BY(mutex_) = kFirstPause;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;   // an alarm is set
  bool applying_ ABSL_GUARDED_BY(mutex_) = false;  // a batch is with the consumer
};

// One connection of a subscription.
class Stream : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Stream(std::shared_ptr<Following> following, Channel& channel, const std::string& tenant, const WatchRequest& request)
      : following_(std::move(following)), request_(ToBuffer(request)) {
    PrepareContext(context_, channel.tokens(), tenant, absl::InfiniteFuture());
    channel.stub().PrepareBidiStreamingCall(&context_, "/vinculo.events.v1.EventFeed/Watch", {}, this);
  }
  void Run(std::shared_ptr<Stream> self) {
    self_ = std::move(self);
    StartWriteLast(&request_, grpc::WriteOptions());
    StartRead(&received_);
    StartCall();
  }
  void ReadNext() { StartRead(&received_); }
  void Cancel() { context_.TryCancel(); }

 private:
  void OnReadDone(bool ok) override {
    WatchResponse message;
    if (!ok) return;
    if (!FromBuffer(received_, &message)) return Cancel();
    following_->OnMessage(this, std::move(message));
  }
  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<Stream> self = std::move(self_);
    following_->OnDone(this, status);
  }

  const std::shared_ptr<Following> following_;
  grpc::ClientContext context_;
  const grpc::ByteBuffer request_;
  grpc::ByteBuffer received_;
  std::shared_ptr<Stream> self_;  // until gRPC is done with it
};

void Following::Connect() {
  std::shared_ptr<Stream> stream;
  {
    absl::MutexLock lock(&mutex_);
    waiting_ = false;
    if (stopped_ || stream_ != nullptr) return;
    stream = std::make_shared<Stream>(shared_from_this(), *channel_, tenant_, request_);
    stream_ = stream;
  }
  stream->Run(stream);
}

void Following::ConnectLater() {
  if (stopped_ || waiting_ || applying_ || stream_ != nullptr) return;
  waiting_ = true;
  alarm_.Set(absl::ToChronoTime(absl::Now() + pause_), [self = shared_from_this()](bool) { self->Connect(); });
  pause_ = std::min(pause_ * 2, kLongestPause);
}

void Following::Stop() {
  std::shared_ptr<Stream> stream;
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    stream = stream_;
    if (waiting_) alarm_.Cancel();
  }
  if (stream != nullptr) stream->Cancel();
  absl::MutexLock lock(&mutex_);
  const auto quiet = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stream_ == nullptr && !waiting_ && !applying_; };
  mutex_.Await(absl::Condition(&quiet));
}

void Following::OnMessage(Stream* stream, WatchResponse message) {
  {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    pause_ = kFirstPause;
    if (message.events().empty()) {
      request_.set_after_seq(std::max(request_.after_seq(), message.next_after_seq()));
    } else {
      applying_ = true;
    }
  }
  if (message.events().empty()) return stream->ReadNext();
  const int64_t next = message.next_after_seq();
  on_batch_(std::move(message), [self = shared_from_this(), next](bool applied) { self->OnAck(next, applied); });
}

void Following::OnAck(int64_t next_after_seq, bool applied) {
  std::shared_ptr<Stream> stream;
  {
    absl::MutexLock lock(&mutex_);
    applying_ = false;
    if (applied) request_.set_after_seq(next_after_seq);
    stream = stream_;
    if (stream == nullptr) ConnectLater();
    if (stopped_) return;
  }
  if (stream == nullptr) return;
  // A batch that could not be applied comes again on a new connection, after the pause.
  if (applied) {
    stream->ReadNext();
  } else {
    stream->Cancel();
  }
}

void Following::OnDone(Stream*, const grpc::Status& status) {
  const absl::Status error = rpc::FromGrpcStatus(status);
  absl::MutexLock lock(&mutex_);
  stream_ = nullptr;
  if (ErrorReason(error) == "EVENTS_EXPIRED") {
    int64_t oldest = 0;
    for (const auto& [key, value] : GetErrorDetails(error)->metadata) {
      if (key == "oldest_seq") (void)absl::SimpleAtoi(value, &oldest);
    }
    log::Error("events were missed: the feed no longer keeps them", {{"tenant", tenant_}, {"oldest_seq", std::to_string(oldest)}});
    request_.set_after_seq(std::max(request_.after_seq(), oldest - 1));
  }
  ConnectLater();
}

class WatcherSubscription final : public events::FeedSource::Subscription {
 public:
  explicit WatcherSubscription(std::shared_ptr<Following> following) : following_(std::move(following)) {}
  ~WatcherSubscription() override { following_->Stop(); }

 private:
  const std::shared_ptr<Following> following_;
};

}  // namespace

std::unique_ptr<events::FeedSource::Subscription> FeedWatcher::Watch(const std::string& tenant, int64_t after_seq,
                                                                     std::vector<std::string> types, OnBatch on_batch) {
  auto following = std::make_shared<Following>(channel_, tenant, after_seq, std::move(types), std::move(on_batch));
  following->Connect();
  return std::make_unique<WatcherSubscription>(std::move(following));
}

}  // namespace vinculo::clients
