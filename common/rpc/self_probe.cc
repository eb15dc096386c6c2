#include "common/rpc/self_probe.h"

#include <grpc/health/v1/health.grpc.pb.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "common/log/log.h"
#include "common/rpc/status.h"
#include "common/status/error.h"

namespace vinculo::rpc {
namespace {

constexpr int kMissesUntilDeaf = 3;

// It talks to itself: what the certificate is called does not matter, only that the handshake works.
std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const SelfProbe::Options& options) {
  if (options.insecure_loopback) return grpc::InsecureChannelCredentials();
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      options.tls.key, options.tls.certificate, options.tls.client_ca, 60));
  tls.watch_root_certs();
  tls.watch_identity_key_cert_pairs();
  tls.set_verify_server_certs(false);
  tls.set_check_call_host(false);
  tls.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  return grpc::experimental::TlsCredentials(tls);
}

}  // namespace

SelfProbe::SelfProbe(Options options) : options_(std::move(options)), thread_([this] { Run(); }) {}

SelfProbe::~SelfProbe() { Stop(); }

void SelfProbe::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status SelfProbe::Probe() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  const auto channel = grpc::CreateCustomChannel(options_.address, MakeCredentials(options_), arguments);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(1)));
  grpc::health::v1::HealthCheckResponse response;
  const grpc::Status status = grpc::health::v1::Health::NewStub(channel)->Check(&context, {}, &response);
  if (status.ok()) seen_.store(true);
  return FromGrpcStatus(status);
}

absl::Status SelfProbe::Live() const {
  if (!seen_.load() || misses_.load() < kMissesUntilDeaf) return absl::OkStatus();
  return Error(absl::StatusCode::kUnavailable, "LISTENER_DEAF", "the gRPC listener does not answer");
}

void SelfProbe::Run() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), options_.interval)) return;
    }
    const absl::Status status = Probe();
    if (status.ok()) {
      misses_.store(0);
      continue;
    }
    misses_total_.fetch_add(1);
    if (misses_.fetch_add(1) + 1 == kMissesUntilDeaf)
      log::Error("the gRPC listener does not answer", {{"status", status}});
  }
}

}  // namespace vinculo::rpc
