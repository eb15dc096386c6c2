#include "common/rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpc/reflection/v1/reflection.grpc.pb.h>
#include <grpc/reflection/v1alpha/reflection.grpc.pb.h>

#include <set>

#include "common/rpc/call_context.h"

namespace vinculo::rpc {
namespace {

namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

const FileDescriptor* FindSymbolFile(const std::string& symbol) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  return pool.FindFileContainingSymbol(symbol);
}

const FileDescriptor* FindExtensionFile(const std::string& type, int number) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const auto* const message = pool.FindMessageTypeByName(type);
  const auto* const extension = message == nullptr ? nullptr : pool.FindExtensionByNumber(message, number);
  return extension == nullptr ? nullptr : extension->file();
}

// The two versions of the protocol differ in their package only.
template <class Request, class Response>
class Answerer {
 public:
  explicit Answerer(const std::vector<std::string>& services) : services_(services) {}

  Response Answer(const Request& request) {
    Response response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    switch (request.message_request_case()) {
      case Request::kFileByFilename:
        AddFile(DescriptorPool::generated_pool()->FindFileByName(request.file_by_filename()), response);
        break;
      case Request::kFileContainingSymbol:
        AddFile(FindSymbolFile(request.file_containing_symbol()), response);
        break;
      case Request::kFileContainingExtension:
        AddFile(FindExtensionFile(request.file_containing_extension().containing_type(),
                                  request.file_containing_extension().extension_number()),
                response);
        break;
      case Request::kAllExtensionNumbersOfType:
        AddExtensionNumbers(request.all_extension_numbers_of_type(), response);
        break;
      case Request::kListServices:
        for (const std::string& name : services_)
          response.mutable_list_services_response()->add_service()->set_name(name);
        break;
      default:
        Fail(grpc::StatusCode::INVALID_ARGUMENT, "the request asks for nothing", response);
    }
    return response;
  }

 private:
  static void Fail(grpc::StatusCode code, const char* message, Response& response) {
    response.mutable_error_response()->set_error_code(static_cast<int>(code));
    response.mutable_error_response()->set_error_message(message);
  }
  void AddFile(const FileDescriptor* file, Response& response) {
    if (file == nullptr) return Fail(grpc::StatusCode::NOT_FOUND, "not found", response);
    // A file that was asked for is always sent; what it imports only once in a stream.
    sent_.erase(file);
    AddWithImports(file, response);
  }
  void AddWithImports(const FileDescriptor* file, Response& response) {
    if (!sent_.insert(file).second) return;
    google::protobuf::FileDescriptorProto proto;
    file->CopyTo(&proto);
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(proto.SerializeAsString());
    for (int i = 0; i < file->dependency_count(); ++i) AddWithImports(file->dependency(i), response);
  }
  static void AddExtensionNumbers(const std::string& type, Response& response) {
    const DescriptorPool& pool = *DescriptorPool::generated_pool();
    const auto* const message = pool.FindMessageTypeByName(type);
    if (message == nullptr) return Fail(grpc::StatusCode::NOT_FOUND, "not found", response);
    std::vector<const google::protobuf::FieldDescriptor*> extensions;
    pool.FindAllExtensions(message, &extensions);
    auto* const numbers = response.mutable_all_extension_numbers_response();
    numbers->set_base_type_name(type);
    for (const auto* extension : extensions) numbers->add_extension_number(extension->number());
  }

  const std::vector<std::string>& services_;
  std::set<const FileDescriptor*> sent_;
};

// Read one, answer it, read the next. Everything happens in reactions, which come one at a time but for OnCancel.
template <class Request, class Response>
class Conversation final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  Conversation(Runtime& runtime, const Method& method, grpc::CallbackServerContext* context,
               const std::vector<std::string>& services)
      : call_(runtime, method, context), answerer_(services) {
    if (const absl::Status status = call_.Open(); !status.ok()) {
      End(status);
    } else {
      this->StartRead(&request_);
    }
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return End(absl::OkStatus());
    response_ = answerer_.Answer(request_);
    this->StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return End(absl::CancelledError("the caller gave up"));
    this->StartRead(&request_);
  }
  void OnDone() override { delete this; }
  void End(const absl::Status& status) { this->Finish(call_.Close(status)); }

  CallContext call_;
  Answerer<Request, Response> answerer_;
  Request request_;
  Response response_;
};

template <class Contract, class Request, class Response>
class Reflection final : public Contract::CallbackService {
 public:
  Reflection(Runtime& runtime, std::vector<std::string> services)
      : runtime_(runtime),
        services_(std::move(services)),
        method_(FindMethod("ServerReflectionInfo", Request::descriptor(), Response::descriptor())) {}

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(grpc::CallbackServerContext* context) override {
    return new Conversation<Request, Response>(runtime_, method_, context, services_);
  }

 private:
  Runtime& runtime_;
  const std::vector<std::string> services_;
  const Method& method_;
};

template <class Contract, class Request, class Response>
std::unique_ptr<grpc::Service> Make(Runtime& runtime, const std::vector<std::string>& services) {
  runtime.AddService(DescriptorPool::generated_pool()->FindServiceByName(Contract::service_full_name()));
  return std::make_unique<Reflection<Contract, Request, Response>>(runtime, services);
}

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeReflection(Runtime& runtime, const std::vector<std::string>& services) {
  std::vector<std::unique_ptr<grpc::Service>> made;
  made.push_back(
      Make<v1::ServerReflection, v1::ServerReflectionRequest, v1::ServerReflectionResponse>(runtime, services));
  made.push_back(Make<v1alpha::ServerReflection, v1alpha::ServerReflectionRequest, v1alpha::ServerReflectionResponse>(
      runtime, services));
  return made;
}

}  // namespace vinculo::rpc
