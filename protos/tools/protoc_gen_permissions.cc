// A protoc plugin that generates nothing and fails the build when an RPC does not say who may call it.
#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/compiler/plugin.h>
#include <google/protobuf/descriptor.h>

#include <string>

#include "vinculo/options/v1/options.pb.h"

namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

class PermissionCheck : public google::protobuf::compiler::CodeGenerator {
 public:
  uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }

  bool Generate(const FileDescriptor* file, const std::string&, google::protobuf::compiler::GeneratorContext*,
                std::string* error) const override {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const MethodDescriptor* method = file->service(s)->method(m);
        if (!method->options().HasExtension(vinculo::options::v1::permission)) {
          *error += method->full_name() + ": no (vinculo.options.v1.permission); say which roles may call it\n";
          continue;
        }
        const auto& permission = method->options().GetExtension(vinculo::options::v1::permission);
        if (permission.public_() == (permission.roles_size() > 0)) {
          *error += method->full_name() + ": name the roles, or say public: true, not both and not neither\n";
        }
      }
    }
    return error->empty();
  }
};

}  // namespace

int main(int argc, char** argv) {
  PermissionCheck check;
  return google::protobuf::compiler::PluginMain(argc, argv, &check);
}
