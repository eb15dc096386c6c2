#include "clients/cpp/channel.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "clients/cpp/channel_impl.h"
#include "clients/cpp/service_config.h"
#include "common/flags/host_port.h"
#include "common/id/uuid.h"
#include "common/rpc/status.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/time/clock.h"

namespace vinculo::clients {
namespace {

using google::protobuf::Message;

constexpr unsigned kCertificateRefreshSeconds = 30;

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const ChannelOptions& options) {
  if (options.insecure_loopback) {
    ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(options.target));
    if (!address.IsLoopback()) {
      return Error(absl::StatusCode::kInvalidArgument, "PLAIN_TEXT_REFUSED",
                   absl::StrCat("plain text is only spoken to a loopback address, not to ", options.target));
    }
    return grpc::InsecureChannelCredentials();
  }
  if (options.ca_file.empty() || options.certificate_file.empty() || options.key_file.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "TLS_REQUIRED",
                 "give a CA, a certificate and its key, or ask for plain text on loopback");
  }
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      options.key_file, options.certificate_file, options.ca_file, kCertificateRefreshSeconds));
  tls.watch_root_certs();
  tls.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(tls);
}

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(ServiceConfigJson());
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 10000);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(8 << 20);
  return arguments;
}

void FillRequestId(Message& request) {
  const auto* const field = request.GetDescriptor()->FindFieldByName("request_id");
  if (field == nullptr || field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING) return;
  if (!request.GetReflection()->GetString(request, field).empty()) return;
  request.GetReflection()->SetString(&request, field, Uuid::New(SystemClock::Get()->Now()).ToString());
}

absl::Duration Timeout(const char* method, const CallOptions& options) {
  if (options.timeout) return *options.timeout;
  const auto* const descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(absl::StrReplaceAll(method, {{"/", "."}}));
  return descriptor == nullptr ? absl::Seconds(5) : DefaultTimeout(descriptor);
}

}  // namespace

struct Channel::Impl::Pending {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<Message> request;
  absl::AnyInvocable<void(absl::Status)> done;
};

Channel::Impl::~Impl() {
  absl::MutexLock lock(&mutex_);
  closing_ = true;
  for (Pending* pending : pending_) pending->context->TryCancel();
  mutex_.Await(absl::Condition(
      +[](absl::flat_hash_set<Pending*>* pending) { return pending->empty(); }, &pending_));
}

std::unique_ptr<grpc::ClientContext> Channel::Impl::MakeContext(const std::string& tenant) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->AddMetadata("authorization", absl::StrCat("Bearer ", tokens_->TokenFor(tenant)));
  return context;
}

void Channel::Impl::Start(const char* method, const std::string& tenant, const Message& request, Message* response,
                          const CallOptions& options, absl::AnyInvocable<void(absl::Status)> done) {
  auto owned = std::make_unique<Pending>();
  owned->context = MakeContext(tenant);
  const absl::Duration timeout = Timeout(method, options);
  if (timeout < absl::InfiniteDuration()) owned->context->set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  owned->request.reset(request.New());
  owned->request->CopyFrom(request);
  FillRequestId(*owned->request);
  owned->done = std::move(done);
  Pending* const pending = owned.release();
  {
    absl::MutexLock lock(&mutex_);
    pending_.insert(pending);
    if (closing_) pending->context->TryCancel();
  }
  stub_.UnaryCall(pending->context.get(), absl::StrCat("/", method), grpc::StubOptions(), pending->request.get(),
                  response, [this, pending](const grpc::Status& status) { Finish(pending, status); });
}

void Channel::Impl::Finish(Pending* pending, const grpc::Status& status) {
  const std::unique_ptr<Pending> owned(pending);
  owned->done(rpc::FromGrpcStatus(status));
  // Last: the destructor waits for it.
  absl::MutexLock lock(&mutex_);
  pending_.erase(pending);
}

absl::StatusOr<std::shared_ptr<Channel>> Channel::Open(const ChannelOptions& options) {
  ASSIGN_OR_RETURN(const auto credentials, MakeCredentials(options));
  auto channel = grpc::CreateCustomChannel(options.target, credentials, Arguments());
  return std::shared_ptr<Channel>(new Channel(std::make_unique<Impl>(std::move(channel), options.tokens)));
}

Channel::Channel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Channel::~Channel() = default;

void Channel::Start(const char* method, const std::string& tenant, const Message& request, Message* response,
                    const CallOptions& options, absl::AnyInvocable<void(absl::Status)> done) {
  impl_->Start(method, tenant, request, response, options, std::move(done));
}

absl::Status Channel::Wait(const char* method, const std::string& tenant, const Message& request, Message* response,
                           const CallOptions& options) {
  absl::Notification finished;
  absl::Status outcome;
  impl_->Start(method, tenant, request, response, options, [&](absl::Status status) {
    outcome = std::move(status);
    finished.Notify();
  });
  finished.WaitForNotification();
  return outcome;
}

}  // namespace vinculo::clients
