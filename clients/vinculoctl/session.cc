#include "clients/vinculoctl/session.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "common/id/uuid.h"
#include "common/rpc/status.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/time/clock.h"

namespace vinculo::ctl {
namespace {

using google::protobuf::Message;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::shared_ptr<grpc::ChannelCredentials> Credentials(const Connection& connection) {
  if (connection.insecure) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  if (!connection.ca_file.empty()) options.pem_root_certs = ReadFile(connection.ca_file);
  if (!connection.certificate_file.empty()) options.pem_cert_chain = ReadFile(connection.certificate_file);
  if (!connection.key_file.empty()) options.pem_private_key = ReadFile(connection.key_file);
  return grpc::SslCredentials(options);
}

grpc::ByteBuffer ToBuffer(const Message& message) {
  const std::string bytes = message.SerializeAsString();
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

bool FromBuffer(const grpc::ByteBuffer& buffer, Message* message) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return false;
  std::string bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return message->ParseFromString(bytes);
}

void FillRequestId(Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("request_id");
  if (field == nullptr || !request.GetReflection()->GetString(request, field).empty()) return;
  request.GetReflection()->SetString(&request, field, Uuid::New(SystemClock::Get()->Now()).ToString());
}

// The streaming calls, seen from a thread that may wait: one operation at a time.
class BlockingStream : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  bool Write(const grpc::ByteBuffer& message) { return Do([&] { StartWrite(&message); }); }
  bool Read(grpc::ByteBuffer* message) { return Do([&] { StartRead(message); }); }
  bool CloseWrites() { return Do([&] { StartWritesDone(); }); }
  grpc::Status Wait() {
    done_.WaitForNotification();
    return status_;
  }

 private:
  template <class Start>
  bool Do(Start start) {
    absl::Notification finished;
    {
      absl::MutexLock lock(&mutex_);
      finished_ = &finished;
    }
    start();
    finished.WaitForNotification();
    absl::MutexLock lock(&mutex_);
    return ok_;
  }
  void Finished(bool ok) {
    absl::MutexLock lock(&mutex_);
    ok_ = ok;
    finished_->Notify();
  }
  void OnWriteDone(bool ok) override { Finished(ok); }
  void OnReadDone(bool ok) override { Finished(ok); }
  void OnWritesDoneDone(bool ok) override { Finished(ok); }
  void OnDone(const grpc::Status& status) override {
    status_ = status;
    done_.Notify();
  }

  absl::Mutex mutex_;
  absl::Notification* finished_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool ok_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Notification done_;
  grpc::Status status_;
};

}  // namespace

class Session::Impl {
 public:
  explicit Impl(const Connection& connection) : connection_(connection), credentials_(Credentials(connection)) {}

  absl::StatusOr<grpc::GenericStub*> StubFor(const std::string& method) {
    const std::vector<std::string> parts = absl::StrSplit(method, '.');
    const std::string area = parts.size() > 1 ? parts[1] : "";
    auto& stub = stubs_[area];
    if (stub == nullptr) {
      const auto address = connection_.addresses.find(area);
      if (address == connection_.addresses.end() || address->second.empty()) {
        return Error(absl::StatusCode::kInvalidArgument, "ADDRESS_MISSING",
                     absl::StrCat("where is ", area, "? Give --", area, " host:port, or set VINCULO_", area));
      }
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
      arguments.SetMaxReceiveMessageSize(16 << 20);
      stub = std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(address->second, credentials_, arguments));
    }
    return stub.get();
  }

  void Prepare(grpc::ClientContext& context, bool endless) {
    if (!connection_.token.empty()) context.AddMetadata("authorization", "Bearer " + connection_.token);
    if (!endless) context.set_deadline(absl::ToChronoTime(absl::Now() + connection_.timeout));
  }

 private:
  const Connection& connection_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::map<std::string, std::unique_ptr<grpc::GenericStub>> stubs_;
};

Session::Session(Connection connection) : connection_(std::move(connection)), impl_(std::make_unique<Impl>(connection_)) {}
Session::~Session() = default;

absl::Status Session::Call(const std::string& method, Message& request, Message* response) {
  ASSIGN_OR_RETURN(grpc::GenericStub * stub, impl_->StubFor(method));
  FillRequestId(request);
  grpc::ClientContext context;
  impl_->Prepare(context, false);
  const grpc::ByteBuffer sent = ToBuffer(request);
  grpc::ByteBuffer received;
  absl::Notification done;
  grpc::Status status;
  stub->UnaryCall(&context, "/" + method, {}, &sent, &received, [&](grpc::Status s) {
    status = std::move(s);
    done.Notify();
  });
  done.WaitForNotification();
  if (!status.ok()) return rpc::FromGrpcStatus(status);
  return FromBuffer(received, response) ? absl::OkStatus() : absl::DataLossError("the reply cannot be read");
}

absl::Status Session::Upload(const std::string& method, Message* message, absl::FunctionRef<bool(Message*)> next,
                             Message* response) {
  ASSIGN_OR_RETURN(grpc::GenericStub * stub, impl_->StubFor(method));
  grpc::ClientContext context;
  impl_->Prepare(context, true);
  BlockingStream stream;
  stub->PrepareBidiStreamingCall(&context, "/" + method, {}, &stream);
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
  if (answered) {
    grpc::ByteBuffer rest;
    stream.Read(&rest);
  }
  const grpc::Status status = stream.Wait();
  if (!status.ok()) return rpc::FromGrpcStatus(status);
  return answered && FromBuffer(received, response) ? absl::OkStatus() : absl::DataLossError("the reply cannot be read");
}

absl::Status Session::Follow(const std::string& method, Message& request, Message* response,
                             absl::FunctionRef<bool(const Message&)> on_message, bool endless) {
  ASSIGN_OR_RETURN(grpc::GenericStub * stub, impl_->StubFor(method));
  FillRequestId(request);
  grpc::ClientContext context;
  impl_->Prepare(context, endless);
  BlockingStream stream;
  stub->PrepareBidiStreamingCall(&context, "/" + method, {}, &stream);
  stream.StartCall();
  bool stopped = false;
  if (stream.Write(ToBuffer(request)) && stream.CloseWrites()) {
    grpc::ByteBuffer received;
    while (stream.Read(&received)) {
      if (!stopped && (!FromBuffer(received, response) || !on_message(*response))) {
        stopped = true;
        context.TryCancel();
      }
    }
  } else {
    grpc::ByteBuffer nothing;
    stream.Read(&nothing);
  }
  const grpc::Status status = stream.Wait();
  if (stopped && status.error_code() == grpc::StatusCode::CANCELLED) return absl::OkStatus();
  return rpc::FromGrpcStatus(status);
}

}  // namespace vinculo::ctl
