#include "common/http/client_engine.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/status/error.h"

namespace vinculo::http {
namespace {

constexpr size_t kMaxIdleHandles = 256;
constexpr auto kExpiryPeriod = std::chrono::milliseconds(50);

absl::Status QueueFull() {
  return Error(absl::StatusCode::kResourceExhausted, "HTTP_QUEUE_FULL", "too many requests wait to be sent");
}

absl::Status Stopped() {
  return Error(absl::StatusCode::kCancelled, "HTTP_CLIENT_STOPPED", "the client is being stopped");
}

absl::Status TimedOutWaiting() {
  return Error(absl::StatusCode::kDeadlineExceeded, "HTTP_TIMEOUT", "the request waited too long for its turn");
}

absl::Status Unusable() {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", "the request cannot be set up");
}

void InitialiseLibcurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code == CURLE_OK) return;
  std::fprintf(stderr, "libcurl: %s\n", curl_easy_strerror(code));
  std::abort();
}

}  // namespace

ClientEngine::Metrics::Metrics(metrics::Registry& registry)
    : requests(registry.AddCounters("http_client_requests_total", "Outbound HTTP requests by outcome.", "outcome",
                                    {"2xx", "3xx", "4xx", "5xx", "not_sent", "ambiguous"})),
      seconds(registry.AddHistogram("http_client_request_seconds", "Time from Send to the whole answer.")),
      in_flight(registry.AddGauge("http_client_in_flight", "Outbound HTTP requests under way.")),
      queued(registry.AddGauge("http_client_queued", "Outbound HTTP requests that wait for their turn.")) {}

ClientEngine::ClientEngine(ClientOptions options) : options_(std::move(options)) {
  InitialiseLibcurl();
  if (options_.metrics != nullptr) metrics_ = std::make_unique<Metrics>(*options_.metrics);
  for (const std::string& entry : options_.resolve) resolve_ = curl_slist_append(resolve_, entry.c_str());
  multi_ = curl_multi_init();
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event wake = {.events = EPOLLIN, .data = {.fd = wake_fd_}};
  if (multi_ == nullptr || epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &wake) != 0) {
    std::perror("http client");
    std::abort();
  }
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &ClientEngine::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &ClientEngine::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_in_flight));
  thread_ = std::thread([this] { Run(); });
}

ClientEngine::~ClientEngine() {
  {
    absl::MutexLock lock(&mutex_);
    refusing_ = true;
    stopping_ = true;
  }
  Wake();
  thread_.join();
  for (CURL* easy : idle_handles_) curl_easy_cleanup(easy);
  curl_multi_cleanup(multi_);
  curl_slist_free_all(resolve_);
  close(wake_fd_);
  close(epoll_fd_);
}

void ClientEngine::Submit(std::unique_ptr<Transfer> transfer) {
  bool wake;
  {
    absl::MutexLock lock(&mutex_);
    ++outstanding_;
    submitted_.push_back(std::move(transfer));
    wake = !std::exchange(wake_sent_, true);
  }
  // The thread takes what was submitted before it waits, so that its own callbacks need not wake it.
  if (wake && std::this_thread::get_id() != thread_.get_id()) Wake();
}

bool ClientEngine::Drain(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  refusing_ = true;
  return mutex_.AwaitWithTimeout(absl::Condition(
                                     +[](int64_t* outstanding) { return *outstanding == 0; }, &outstanding_),
                                 timeout);
}

void ClientEngine::Wake() {
  const uint64_t one = 1;
  // A full counter is a wake-up too.
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
}

int ClientEngine::OnSocket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
  auto& engine = *static_cast<ClientEngine*>(self);
  epoll_event event = {.events = 0, .data = {.fd = socket}};
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(engine.epoll_fd_, EPOLL_CTL_DEL, socket, &event);
    return 0;
  }
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  epoll_ctl(engine.epoll_fd_, known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
  if (known == nullptr) curl_multi_assign(engine.multi_, socket, &engine);
  return 0;
}

int ClientEngine::OnTimer(CURLM*, long timeout_ms, void* self) {
  auto& engine = *static_cast<ClientEngine*>(self);
  if (timeout_ms < 0) {
    engine.timer_.reset();
  } else {
    engine.timer_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  return 0;
}

void ClientEngine::Run() {
  while (true) {
    TakeSubmitted();
    if (stopped_) break;
    ExpireWaiting();
    StartWaiting();
    WaitForEvents();
    CollectFinished();
    if (metrics_ != nullptr) {
      metrics_->in_flight.Set(static_cast<double>(active_.size()));
      metrics_->queued.Set(static_cast<double>(waiting_));
    }
  }
  FailEverything();
}

void ClientEngine::TakeSubmitted() {
  std::vector<std::unique_ptr<Transfer>> taken;
  bool refusing;
  {
    absl::MutexLock lock(&mutex_);
    taken.swap(submitted_);
    wake_sent_ = false;
    refusing = refusing_;
    stopped_ = stopping_;
  }
  for (auto& transfer : taken) {
    if (!transfer->refusal().ok()) {
      absl::Status refusal = transfer->refusal();
      Finish(std::move(transfer), std::nullopt, std::move(refusal));
    } else if (refusing) {
      Finish(std::move(transfer), std::nullopt, Stopped());
    } else {
      Admit(std::move(transfer));
    }
  }
}

void ClientEngine::Admit(std::unique_ptr<Transfer> transfer) {
  const std::string name = transfer->Origin();
  Origin& origin = origins_[name];
  if (waiting_ >= options_.max_queued || origin.waiting.size() >= options_.max_queued_per_host) {
    ForgetIfIdle(name);
    Finish(std::move(transfer), std::nullopt, QueueFull());
    return;
  }
  origin.waiting.push_back(std::move(transfer));
  ++waiting_;
  if (!origin.in_turn && origin.active < options_.max_in_flight_per_host) {
    origin.in_turn = true;
    turns_.push_back(name);
  }
}

// One of each origin in turn, so that a long queue for one does not starve the others.
void ClientEngine::StartWaiting() {
  while (!turns_.empty() && active_.size() < static_cast<size_t>(options_.max_in_flight)) {
    const std::string name = std::move(turns_.front());
    turns_.pop_front();
    Origin& origin = origins_[name];
    origin.in_turn = false;
    if (origin.waiting.empty() || origin.active >= options_.max_in_flight_per_host) {
      ForgetIfIdle(name);
      continue;
    }
    std::unique_ptr<Transfer> transfer = std::move(origin.waiting.front());
    origin.waiting.pop_front();
    --waiting_;
    ++origin.active;
    if (!origin.waiting.empty() && origin.active < options_.max_in_flight_per_host) {
      origin.in_turn = true;
      turns_.push_back(name);
    }
    if (!Start(std::move(transfer), name)) LeaveOrigin(name);
  }
}

bool ClientEngine::Start(std::unique_ptr<Transfer> transfer, const std::string& origin) {
  CURL* easy = TakeHandle();
  if (easy == nullptr || !transfer->Prepare(easy) || curl_multi_add_handle(multi_, easy) != CURLM_OK) {
    if (CURL* unused = transfer->Release()) idle_handles_.push_back(unused);
    Finish(std::move(transfer), std::nullopt, Unusable());
    return false;
  }
  active_.emplace(easy, std::make_pair(std::move(transfer), origin));
  return true;
}

CURL* ClientEngine::TakeHandle() {
  if (!idle_handles_.empty()) {
    CURL* easy = idle_handles_.back();
    idle_handles_.pop_back();
    return easy;
  }
  CURL* easy = curl_easy_init();
  if (easy != nullptr) Transfer::ConfigureHandle(easy, options_, resolve_);
  return easy;
}

void ClientEngine::WaitForEvents() {
  int timeout_ms = -1;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (timer_.has_value()) {
    timeout_ms =
        static_cast<int>(std::max<int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(*timer_ - now).count()));
  }
  if (waiting_ > 0) {
    const int period = static_cast<int>(kExpiryPeriod / std::chrono::milliseconds(1));
    timeout_ms = timeout_ms < 0 ? period : std::min(timeout_ms, period);
  }
  {
    // Callbacks of this thread submit without waking it.
    absl::MutexLock lock(&mutex_);
    outstanding_ -= std::exchange(finished_, 0);
    if (!submitted_.empty() || stopping_) timeout_ms = 0;
  }
  std::array<epoll_event, 128> events;
  const int count = epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), timeout_ms);
  int running = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.fd == wake_fd_) {
      uint64_t ignored;
      [[maybe_unused]] const ssize_t bytes = read(wake_fd_, &ignored, sizeof(ignored));
      continue;
    }
    int mask = 0;
    if (event.events & (EPOLLIN | EPOLLHUP)) mask |= CURL_CSELECT_IN;
    if (event.events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
    if (event.events & EPOLLERR) mask |= CURL_CSELECT_ERR;
    curl_multi_socket_action(multi_, event.data.fd, mask, &running);
  }
  if (timer_.has_value() && *timer_ <= std::chrono::steady_clock::now()) {
    timer_.reset();
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

void ClientEngine::CollectFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto it = active_.find(easy);
    auto [transfer, origin] = std::move(it->second);
    active_.erase(it);
    curl_multi_remove_handle(multi_, easy);
    LeaveOrigin(origin);
    Finish(std::move(transfer), code, absl::OkStatus());
  }
}

void ClientEngine::ExpireWaiting() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (waiting_ == 0 || now < next_expiry_) return;
  next_expiry_ = now + kExpiryPeriod;
  std::vector<std::unique_ptr<Transfer>> expired;
  for (auto& [name, origin] : origins_) {
    for (auto& transfer : origin.waiting) {
      if (transfer->deadline() <= now) expired.push_back(std::move(transfer));
    }
    std::erase_if(origin.waiting, [](const auto& transfer) { return transfer == nullptr; });
  }
  waiting_ -= expired.size();
  for (auto& transfer : expired) Finish(std::move(transfer), std::nullopt, TimedOutWaiting());
}

void ClientEngine::FailEverything() {
  auto active = std::exchange(active_, {});
  for (auto& [easy, entry] : active) {
    curl_multi_remove_handle(multi_, easy);
    Finish(std::move(entry.first), std::nullopt, Stopped());
  }
  auto origins = std::exchange(origins_, {});
  for (auto& [name, origin] : origins) {
    for (auto& transfer : origin.waiting) Finish(std::move(transfer), std::nullopt, Stopped());
  }
  // Callbacks may have sent more.
  for (bool more = true; more;) {
    std::vector<std::unique_ptr<Transfer>> late;
    {
      absl::MutexLock lock(&mutex_);
      late.swap(submitted_);
      outstanding_ -= std::exchange(finished_, 0);
    }
    more = !late.empty();
    for (auto& transfer : late) Finish(std::move(transfer), std::nullopt, Stopped());
  }
}

void ClientEngine::Finish(std::unique_ptr<Transfer> transfer, std::optional<CURLcode> code, absl::Status failure) {
  if (code.has_value()) {
    transfer->Complete(*code);
  } else {
    transfer->Fail(std::move(failure));
  }
  if (metrics_ != nullptr) {
    metrics_->requests[transfer->outcome()].Increment();
    metrics_->seconds.Observe(absl::ToDoubleSeconds(transfer->elapsed()));
  }
  if (CURL* easy = transfer->Release()) {
    if (idle_handles_.size() < kMaxIdleHandles) {
      idle_handles_.push_back(easy);
    } else {
      curl_easy_cleanup(easy);
    }
  }
  ++finished_;
}

void ClientEngine::LeaveOrigin(const std::string& name) {
  Origin& origin = origins_[name];
  --origin.active;
  if (!origin.waiting.empty() && !origin.in_turn) {
    origin.in_turn = true;
    turns_.push_back(name);
  }
  ForgetIfIdle(name);
}

void ClientEngine::ForgetIfIdle(const std::string& name) {
  const auto it = origins_.find(name);
  if (it == origins_.end()) return;
  const Origin& origin = it->second;
  if (origin.waiting.empty() && origin.active == 0 && !origin.in_turn) origins_.erase(it);
}

}  // namespace vinculo::http
