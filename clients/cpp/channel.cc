#include "clients/cpp/channel.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "clients/cpp/blocking_stream.h"
#include "clients/cpp/channel_impl.h"
#include "clients/cpp/service_config.h"
#include "clients/cpp/wire.h"
#include "common/flags/host_port.h"
#include "common/rpc/status.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::clients {
namespace {

using google::protobuf::Message;

constexpr unsigned kCertificateRefreshSeconds = 30;

// More than zero while this thread runs a callback of a call.
thread_local int callbacks_on_this_thread = 0;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(absl::StatusCode::kInvalidArgument, "FILE_UNREADABLE", absl::StrCat("cannot read ", path));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const ChannelOptions& options) {
  if (options.insecure_loopback) {
    ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(options.target));
    if (!address.IsLoopback()) {
      return Error(absl::StatusCode::kInvalidArgument, "PLAIN_TEXT_REFUSED",
                   absl::StrCat("plain text is only spoken to a loopback address, not to ", options.target));
    }
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions once;
  ASSIGN_OR_RETURN(once.pem_root_certs, ReadFile(options.ca_file));
  ASSIGN_OR_RETURN(once.pem_cert_chain, ReadFile(options.certificate_file));
  ASSIGN_OR_RETURN(once.pem_private_key, ReadFile(options.key_file));
  if (options.ca_file.empty() || options.certificate_file.empty() || options.key_file.empty())
    return grpc::SslCredentials(once);
  grpc::experimental::TlsChannelCredentialsOptions watched;
  watched.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      options.key_file, options.certificate_file, options.ca_file, kCertificateRefreshSeconds));
  watched.watch_root_certs();
  watched.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(watched);
}

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(ChannelConfigJson());
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 10000);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(16 << 20);
  return arguments;
}

absl::Time Deadline(const std::string& method, absl::Time asked) {
  if (asked != absl::InfiniteFuture()) return asked;
  const std::string name = absl::StrReplaceAll(method, {{"/", "."}});
  const auto* const descriptor = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
  return absl::Now() + (descriptor == nullptr ? absl::Seconds(5) : DefaultTimeout(descriptor));
}

}  // namespace

struct Channel::Impl::Pending {
  uint64_t id = 0;
  grpc::ClientContext context;
  std::unique_ptr<Message> request;
  absl::AnyInvocable<void(absl::Status)> done;
};

void Channel::Impl::Start(const std::string& method, const std::string& tenant, const Message& request,
                          absl::Time deadline, Message* response, absl::AnyInvocable<void(absl::Status)> done) {
  auto* const pending = new Pending;
  PrepareContext(pending->context, *tokens_, tenant, Deadline(method, deadline));
  pending->request.reset(request.New());
  pending->request->CopyFrom(request);
  FillRequestId(*pending->request);
  pending->done = std::move(done);
  {
    absl::MutexLock lock(&mutex_);
    pending->id = ++last_id_;
    pending_.emplace(pending->id, pending);
    if (closing_) pending->context.TryCancel();
  }
  unary_.UnaryCall(&pending->context, absl::StrCat("/", method), grpc::StubOptions(), pending->request.get(), response,
                   [this, pending](const grpc::Status& status) { Finish(pending, status); });
}

void Channel::Impl::Finish(Pending* pending, const grpc::Status& status) {
  const uint64_t id = pending->id;
  ++callbacks_on_this_thread;
  pending->done(rpc::FromGrpcStatus(status));
  delete pending;
  --callbacks_on_this_thread;
  // Last: now Close may return. Nothing of the call is left, its context least of all, which holds gRPC's channel: the
  // last one must not go on a thread of gRPC's, which would wait for itself.
  absl::MutexLock lock(&mutex_);
  pending_.erase(id);
}

void Channel::Impl::Close() {
  absl::MutexLock lock(&mutex_);
  closing_ = true;
  for (const auto& [id, pending] : pending_) pending->context.TryCancel();
  mutex_.Await(absl::Condition(
      +[](Calls* pending) { return pending->empty(); }, &pending_));
}

absl::StatusOr<std::shared_ptr<Channel>> Channel::Open(const ChannelOptions& options,
                                                       std::shared_ptr<TokenSource> tokens) {
  ASSIGN_OR_RETURN(const auto credentials, MakeCredentials(options));
  auto channel = grpc::CreateCustomChannel(options.target, credentials, Arguments());
  return std::shared_ptr<Channel>(new Channel(std::make_unique<Impl>(std::move(channel), std::move(tokens))));
}

Channel::Channel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Channel::~Channel() {
  if (callbacks_on_this_thread == 0) {
    impl_->Close();
  } else {
    std::thread([impl = std::move(impl_)] { impl->Close(); }).detach();
  }
}

void Channel::Start(const std::string& method, const std::string& tenant, const Message& request, absl::Time deadline,
                    Message* response, absl::AnyInvocable<void(absl::Status)> done) {
  impl_->Start(method, tenant, request, deadline, response, std::move(done));
}

absl::Status Channel::CallAndWait(const std::string& method, const std::string& tenant, const Message& request,
                                  absl::Time deadline, Message* response) {
  absl::Notification finished;
  absl::Status outcome;
  impl_->Start(method, tenant, request, deadline, response, [&](absl::Status status) {
    outcome = std::move(status);
    finished.Notify();
  });
  finished.WaitForNotification();
  return outcome;
}

absl::Status Channel::Upload(const std::string& method, const std::string& tenant, Message* message,
                             absl::FunctionRef<bool(Message*)> next, Message* response) {
  grpc::ClientContext context;
  PrepareContext(context, impl_->tokens(), tenant, absl::InfiniteFuture());
  BlockingStream stream;
  impl_->streams().PrepareBidiStreamingCall(&context, absl::StrCat("/", method), {}, &stream);
  stream.Start();
  bool open = true;
  while (open && next(message)) {
    FillRequestId(*message);
    open = stream.Write(ToBuffer(*message));
    message->Clear();
  }
  if (open) stream.CloseWrites();
  grpc::ByteBuffer received;
  const bool answered = stream.Read(&received);
  grpc::ByteBuffer rest;
  if (answered) stream.Read(&rest);
  const grpc::Status status = stream.Wait();
  if (!status.ok()) return rpc::FromGrpcStatus(status);
  return answered && FromBuffer(received, response) ? absl::OkStatus()
                                                    : absl::DataLossError("the reply cannot be read");
}

absl::Status Channel::Follow(const std::string& method, const std::string& tenant, Message& request,
                             absl::Time deadline, Message* response,
                             absl::FunctionRef<bool(const Message&)> on_message) {
  FillRequestId(request);
  grpc::ClientContext context;
  PrepareContext(context, impl_->tokens(), tenant, deadline);
  BlockingStream stream;
  impl_->streams().PrepareBidiStreamingCall(&context, absl::StrCat("/", method), {}, &stream);
  stream.Start();
  bool stopped = false;
  grpc::ByteBuffer received;
  if (stream.Write(ToBuffer(request))) stream.CloseWrites();
  while (stream.Read(&received)) {
    if (stopped || (FromBuffer(received, response) && on_message(*response))) continue;
    stopped = true;
    context.TryCancel();
  }
  const grpc::Status status = stream.Wait();
  if (stopped && status.error_code() == grpc::StatusCode::CANCELLED) return absl::OkStatus();
  return rpc::FromGrpcStatus(status);
}

}  // namespace vinculo::clients
