#include "common/rpc/server.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server_builder.h>
#include <sys/resource.h>

#include "absl/time/clock.h"
#include "common/flags/host_port.h"
#include "common/rpc/health.h"
#include "common/rpc/reflection.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::rpc {
namespace {

constexpr unsigned kCertificateRefreshSeconds = 30;

absl::Status BadSetting(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

// Running out of descriptors makes this gRPC's listener deaf for good, so start from as many as the system gives.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const ServerOptions& options,
                                                                         const HostPort& address) {
  if (options.insecure_loopback) {
    if (!address.IsLoopback()) {
      return BadSetting("PLAIN_TEXT_REFUSED",
                        absl::StrCat("plain text is only served on a loopback address, not on ", address.host));
    }
    return grpc::InsecureServerCredentials();
  }
  const TlsFiles& tls = options.tls;
  if (tls.certificate.empty() || tls.key.empty() || tls.client_ca.empty()) {
    return BadSetting("TLS_REQUIRED",
                      "give a certificate, its key and the CA of the clients, or ask for plain text on loopback");
  }
  grpc::experimental::TlsServerCredentialsOptions credentials(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(tls.key, tls.certificate, tls.client_ca,
                                                                           kCertificateRefreshSeconds));
  credentials.watch_root_certs();
  credentials.watch_identity_key_cert_pairs();
  credentials.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(credentials);
}

// Why each: docs/operations.md, section "gRPC settings".
void Configure(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_receive_bytes);
  builder.SetMaxSendMessageSize(options.max_send_bytes);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  const std::pair<const char*, int> settings[] = {
      {GRPC_ARG_ALLOW_REUSEPORT, 0},
      {GRPC_ARG_MAX_METADATA_SIZE, 16384},
      {GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams},
      {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 5000},
      {GRPC_ARG_MAX_CONNECTION_IDLE_MS, 300000},
      {GRPC_ARG_MAX_CONNECTION_AGE_MS, 300000},
      {GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 30000},
      {GRPC_ARG_KEEPALIVE_TIME_MS, 60000},
      {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000},
      {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 20000},
      {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
      {GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2},
      {GRPC_ARG_ENABLE_CHANNELZ, 0},
  };
  for (const auto& [name, value] : settings) builder.AddChannelArgument(name, value);
  grpc::ResourceQuota quota("vinculo");
  quota.Resize(static_cast<size_t>(options.buffer_bytes));
  builder.SetResourceQuota(quota);
}

}  // namespace

Server::Server(ServerOptions options, Runtime& runtime) : options_(std::move(options)), runtime_(runtime) {}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

void Server::AddNamed(const char* full_name, grpc::Service* service) {
  runtime_.AddService(google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(full_name));
  services_.emplace_back(full_name, service);
}

absl::Status Server::Start() {
  ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(options_.address));
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ServerCredentials> credentials, MakeCredentials(options_, address));
  RaiseDescriptorLimit();
  grpc::ServerBuilder builder;
  Configure(options_, builder);
  builder.AddListeningPort(address.ToString(), credentials, &port_);
  std::vector<std::string> names;
  for (const auto& [name, service] : services_) {
    names.push_back(name);
    builder.RegisterService(service);
  }
  health_ = std::make_unique<Health>(names);
  builder.RegisterService(health_.get());
  if (options_.reflection) {
    names.emplace_back(grpc::health::v1::Health::service_full_name());
    own_ = MakeReflection(runtime_, names);
    for (const auto& service : own_) builder.RegisterService(service.get());
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    server_ = nullptr;
    return Error(absl::StatusCode::kUnavailable, "LISTEN_FAILED", absl::StrCat("cannot listen on ", options_.address));
  }
  return absl::OkStatus();
}

std::string Server::address() const {
  const auto address = ParseHostPort(options_.address);
  return address.ok() ? HostPort{address->host, port_}.ToString() : "";
}

void Server::SetServing(bool serving) {
  if (health_ != nullptr) health_->SetServing(serving);
}

bool Server::serving() const { return health_ != nullptr && health_->serving(); }

void Server::Shutdown(absl::Duration grace) {
  if (server_ == nullptr) return;
  health_->Shutdown();
  runtime_.DrainStreams();
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  server_ = nullptr;
}

}  // namespace vinculo::rpc
