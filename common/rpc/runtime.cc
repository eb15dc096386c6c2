#include "common/rpc/runtime.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "common/rpc/status.h"
#include "common/status/error.h"

namespace vinculo::rpc {
namespace {

// More lines about refused calls than this in one second tell nobody anything.
constexpr int kRefusalLinesPerSecond = 20;

// The label that the gRPC world's dashboards expect: `NotFound` for NOT_FOUND, but `OK` and `Canceled`.
std::string CodeLabel(absl::StatusCode code) {
  if (code == absl::StatusCode::kOk) return "OK";
  if (code == absl::StatusCode::kCancelled) return "Canceled";
  std::string label;
  for (const absl::string_view word : absl::StrSplit(CodeName(code), '_')) {
    absl::StrAppend(&label, word.substr(0, 1), absl::AsciiStrToLower(word.substr(1)));
  }
  return label;
}

}  // namespace

absl::Status DrainingError() {
  return Error(absl::StatusCode::kUnavailable, "DRAINING",
               "the server is stopping; connect again and go on where you were");
}

Runtime::Runtime(const Options& options)
    : authenticator_(*options.authenticator),
      clock_(*options.clock),
      registry_(*options.registry),
      limits_(options.limits),
      load_(std::make_shared<Load>()) {
  registry_.AddCallbackGauge("grpc_server_in_flight", "Unary calls being served.",
                             [load = load_] { return static_cast<double>(load->calls.load()); });
  registry_.AddCallbackGauge("grpc_server_streams_open", "Streams being served.",
                             [load = load_] { return static_cast<double>(load->streams.load()); });
}

Runtime::~Runtime() = default;

void Runtime::AddService(const google::protobuf::ServiceDescriptor* service) {
  for (const Method* method : rpc::AddService(service)) {
    if (metrics_.size() <= static_cast<size_t>(method->index)) metrics_.resize(method->index + 1);
    MethodMetrics& made = metrics_[method->index];
    metrics::Labels labels{{"grpc_service", method->service}, {"grpc_method", method->name}};
    made.started = &registry_.AddCounter("grpc_server_started_total", "RPCs that arrived.", labels);
    made.seconds = &registry_.AddHistogram("grpc_server_handling_seconds",
                                           "From arrival to the last byte of the answer handed over.",
                                           metrics::LatencySeconds(), labels);
    for (size_t code = 0; code < made.handled.size(); ++code) {
      labels["grpc_code"] = CodeLabel(static_cast<absl::StatusCode>(code));
      made.handled[code] =
          &registry_.AddCounter("grpc_server_handled_total", "RPCs that were answered, by code.", labels);
    }
  }
}

absl::Status Runtime::Enter(bool stream) {
  std::atomic<int>& count = stream ? load_->streams : load_->calls;
  if (count.fetch_add(1, std::memory_order_relaxed) < (stream ? limits_.streams : limits_.in_flight))
    return absl::OkStatus();
  count.fetch_sub(1, std::memory_order_relaxed);
  return ErrorWithDetails(absl::StatusCode::kResourceExhausted,
                          "the server has as many calls as it can serve; try again a little later",
                          {.reason = "OVERLOADED", .retry_after = limits_.retry_after});
}

void Runtime::Leave(bool stream) { (stream ? load_->streams : load_->calls).fetch_sub(1, std::memory_order_relaxed); }

TenantGate* Runtime::Gate(const std::string& tenant) {
  {
    absl::ReaderMutexLock lock(&mutex_);
    const auto it = gates_.find(tenant);
    if (it != gates_.end()) return it->second.get();
  }
  absl::MutexLock lock(&mutex_);
  auto& gate = gates_[tenant];
  if (gate == nullptr) gate = std::make_unique<TenantGate>();
  return gate.get();
}

bool Runtime::MayLog(int64_t now_seconds) {
  if (log_second_.exchange(now_seconds, std::memory_order_relaxed) != now_seconds)
    logged_.store(0, std::memory_order_relaxed);
  return logged_.fetch_add(1, std::memory_order_relaxed) < kRefusalLinesPerSecond;
}

absl::Status Runtime::Register(const std::shared_ptr<Drainable>& stream) {
  absl::MutexLock lock(&mutex_);
  if (draining_) return DrainingError();
  if (open_.size() >= sweep_at_) {
    open_.erase(std::remove_if(open_.begin(), open_.end(), [](const auto& weak) { return weak.expired(); }),
                open_.end());
    sweep_at_ = std::max<size_t>(64, 2 * open_.size());
  }
  open_.push_back(stream);
  return absl::OkStatus();
}

void Runtime::DrainStreams() {
  std::vector<std::weak_ptr<Drainable>> open;
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    open.swap(open_);
  }
  for (const auto& weak : open) {
    if (const auto stream = weak.lock()) stream->Drain();
  }
}

}  // namespace vinculo::rpc
