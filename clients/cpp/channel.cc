#include "clients/cpp/channel.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "clients/cpp/blocking_stream.h"
#include "clients/cpp/service_config.h"
#include "clients/cpp/wire.h"
#include "common/rpc/status.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::clients {
namespace {

bool IsLoopback(const std::string& target) {
  return absl::StartsWith(target, "127.") || absl::StartsWith(target, "localhost:") || absl::StartsWith(target, "[::1]:");
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error(absl::StatusCode::kInvalidArgument, "FILE", absl::StrCat("cannot read ", path));
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const ChannelOptions& options) {
  if (options.insecure_loopback) {
    if (!IsLoopback(options.target)) {
      return Error(absl::StatusCode::kInvalidArgument, "INSECURE_TARGET",
                   absl::StrCat(options.target, " is not a loopback address; plain text is for loopback only"));
    }
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions tls;
  ASSIGN_OR_RETURN(tls.pem_root_certs, ReadFile(options.ca_file));
  ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadFile(options.certificate_file));
  ASSIGN_OR_RETURN(tls.pem_private_key, ReadFile(options.key_file));
  return grpc::SslCredentials(tls);
}

// What one asynchronous call owns while it runs.
struct UnaryCall {
  grpc::ClientContext context;
  grpc::ByteBuffer sent;
  grpc::ByteBuffer received;
  absl::AnyInvocable<void(absl::Status)> done;
};

}  // namespace

absl::StatusOr<std::shared_ptr<Channel>> Channel::Open(const ChannelOptions& options, std::shared_ptr<TokenSource> tokens) {
  ASSIGN_OR_RETURN(std::shared_ptr<grpc::ChannelCredentials> credentials, Credentials(options));
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(ServiceConfigJson());
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 10000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetMaxReceiveMessageSize(16 << 20);
  auto stub = std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(options.target, credentials, arguments));
  return std::shared_ptr<Channel>(new Channel(std::move(stub), std::move(tokens)));
}

Channel::Channel(std::unique_ptr<grpc::GenericStub> stub, std::shared_ptr<TokenSource> tokens)
    : stub_(std::move(stub)), tokens_(std::move(tokens)) {}
Channel::~Channel() = default;

void Channel::Start(const std::string& method, const std::string& tenant, Message& request, absl::Time deadline, Message* response,
                    absl::AnyInvocable<void(absl::Status)> done) {
  auto* call = new UnaryCall;
  FillRequestId(request);
  PrepareContext(call->context, *tokens_, tenant, deadline);
  call->sent = ToBuffer(request);
  call->done = std::move(done);
  stub_->UnaryCall(&call->context, "/" + method, {}, &call->sent, &call->received, [call, response](grpc::Status status) {
    const std::unique_ptr<UnaryCall> owned(call);
    if (!status.ok()) return owned->done(rpc::FromGrpcStatus(status));
    owned->done(FromBuffer(owned->received, response) ? absl::OkStatus() : absl::DataLossError("the reply cannot be read"));
  });
}

absl::Status Channel::CallAndWait(const std::string& method, const std::string& tenant, Message& request, absl::Time deadline,
                                  Message* response) {
  absl::Status outcome;
  absl::Notification finished;
  Start(method, tenant, request, deadline, response, [&](absl::Status status) {
    outcome = std::move(status);
    finished.Notify();
  });
  finished.WaitForNotification();
  return outcome;
}

absl::Status Channel::Upload(const std::string& method, const std::string& tenant, Message* message,
                             absl::FunctionRef<bool(Message*)> next, Message* response) {
  grpc::ClientContext context;
  PrepareContext(context, *tokens_, tenant, absl::InfiniteFuture());
  BlockingStream stream;
  stub_->PrepareBidiStreamingCall(&context, "/" + method, {}, &stream);
  stream.StartCall();
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
  return answered && FromBuffer(received, response) ? absl::OkStatus() : absl::DataLossError("the reply cannot be read");
}

absl::Status Channel::Follow(const std::string& method, const std::string& tenant, Message& request, absl::Time deadline,
                             Message* response, absl::FunctionRef<bool(const Message&)> on_message) {
  FillRequestId(request);
  grpc::ClientContext context;
  PrepareContext(context, *tokens_, tenant, deadline);
  BlockingStream stream;
  stub_->PrepareBidiStreamingCall(&context, "/" + method, {}, &stream);
  stream.StartCall();
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
