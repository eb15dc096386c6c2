// A protoc plugin: for each .proto with services, a header `<name>.client.h` with one typed client class per service,
// on top of clients::Channel. Unary RPCs only; streams have clients of their own.
#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/compiler/plugin.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_replace.h"

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using google::protobuf::io::Printer;

std::string CppName(const std::string& full_name) { return "::" + absl::StrReplaceAll(full_name, {{".", "::"}}); }

constexpr char kMethod[] = R"(
  // `done(absl::StatusOr<$response$>)`
  template <class Done>
  void $name$(const std::string& tenant, const $request$& request, Done done,
      absl::Time deadline = absl::InfiniteFuture()) {
    channel_->Call<$response$>("$service$/$name$", tenant, request, deadline, std::move(done));
  }
  absl::StatusOr<$response$> $name$AndWait(const std::string& tenant, const $request$& request,
      absl::Time deadline = absl::InfiniteFuture()) {
    return channel_->CallAndWait<$response$>("$service$/$name$", tenant, request, deadline);
  }
)";

class ClientGenerator : public google::protobuf::compiler::CodeGenerator {
 public:
  uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }

  bool Generate(const FileDescriptor* file, const std::string&, google::protobuf::compiler::GeneratorContext* context,
                std::string*) const override {
    const std::string stem = file->name().substr(0, file->name().size() - 6);
    const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> output(context->Open(stem + ".client.h"));
    Printer printer(output.get(), '$');
    const std::map<std::string, std::string> names = {
        {"stem", stem}, {"namespace", absl::StrReplaceAll(file->package(), {{".", "::"}})}};
    printer.Print(
        names,
        "// Generated from $stem$.proto by protoc-gen-client.\n#pragma once\n\n#include <memory>\n#include "
        "<string>\n#include "
        "<utility>\n\n#include \"clients/cpp/channel.h\"\n#include \"$stem$.pb.h\"\n\nnamespace $namespace$ {\n");
    for (int i = 0; i < file->service_count(); ++i) Print(file->service(i), printer);
    printer.Print(names, "\n}  // namespace $namespace$\n");
    return true;
  }

 private:
  static void Print(const ServiceDescriptor* service, Printer& printer) {
    printer.Print({{"name", service->name()}},
                  "\n// Thread-safe; cheap to copy. `done` runs on a thread of gRPC's and must not block.\nclass "
                  "$name$Client {\n public:\n"
                  "  explicit $name$Client(std::shared_ptr<::vinculo::clients::Channel> channel) : "
                  "channel_(std::move(channel)) {}\n");
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor* const method = service->method(i);
      if (method->client_streaming() || method->server_streaming()) continue;
      printer.Print({{"name", method->name()},
                     {"service", service->full_name()},
                     {"request", CppName(method->input_type()->full_name())},
                     {"response", CppName(method->output_type()->full_name())}},
                    kMethod);
    }
    printer.Print("\n private:\n  std::shared_ptr<::vinculo::clients::Channel> channel_;\n};\n");
  }
};

}  // namespace

int main(int argc, char** argv) {
  ClientGenerator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
