#include "common/rpc/method.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "vinculo/options/v1/options.pb.h"

namespace vinculo::rpc {
namespace {

using google::protobuf::MethodDescriptor;

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "rpc: %s\n", message.c_str());
  std::abort();
}

struct Registry {
  absl::Mutex mutex;
  std::vector<std::unique_ptr<Method>> methods ABSL_GUARDED_BY(mutex);
  absl::flat_hash_map<std::string, const Method*> by_name ABSL_GUARDED_BY(mutex);
  absl::flat_hash_map<std::string, const Method*> by_signature ABSL_GUARDED_BY(mutex);
};

Registry& TheRegistry() {
  static Registry* const registry = new Registry;
  return *registry;
}

std::string Signature(absl::string_view name, const google::protobuf::Descriptor* request,
                      const google::protobuf::Descriptor* response) {
  return absl::StrCat(name, "(", request->full_name(), ")", response->full_name());
}

std::unique_ptr<Method> Read(const MethodDescriptor* descriptor, int index) {
  auto method = std::make_unique<Method>();
  method->index = index;
  method->full_name = descriptor->full_name();
  method->service = descriptor->service()->full_name();
  method->name = descriptor->name();
  method->streaming = descriptor->client_streaming() || descriptor->server_streaming();
  if (absl::StartsWith(method->service, "grpc.reflection.")) {
    method->any_role = true;
    return method;
  }
  const auto& options = descriptor->options();
  if (!options.HasExtension(options::v1::permission)) Die(absl::StrCat(method->full_name, " has no permission option"));
  const auto& permission = options.GetExtension(options::v1::permission);
  method->is_public = permission.public_();
  method->roles.assign(permission.roles().begin(), permission.roles().end());
  return method;
}

}  // namespace

bool Method::Allows(const auth::Principal& principal) const {
  if (any_role) return true;
  for (const std::string& role : principal.roles) {
    if (role == "admin" || std::find(roles.begin(), roles.end(), role) != roles.end()) return true;
  }
  return false;
}

const Method& FindMethod(const char* name, const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response) {
  Registry& registry = TheRegistry();
  absl::MutexLock lock(&registry.mutex);
  const auto it = registry.by_signature.find(Signature(name, request, response));
  if (it == registry.by_signature.end()) Die(absl::StrCat("no service with a method ", name, " was added"));
  return *it->second;
}

std::vector<const Method*> AddService(const google::protobuf::ServiceDescriptor* service) {
  Registry& registry = TheRegistry();
  absl::MutexLock lock(&registry.mutex);
  std::vector<const Method*> added;
  for (int i = 0; i < service->method_count(); ++i) {
    const MethodDescriptor* const descriptor = service->method(i);
    const Method*& method = registry.by_name[descriptor->full_name()];
    if (method == nullptr) {
      registry.methods.push_back(Read(descriptor, static_cast<int>(registry.methods.size())));
      method = registry.methods.back().get();
      const std::string signature = Signature(descriptor->name(), descriptor->input_type(), descriptor->output_type());
      if (!registry.by_signature.emplace(signature, method).second)
        Die(absl::StrCat(signature, " is declared by two services"));
    }
    added.push_back(method);
  }
  return added;
}

}  // namespace vinculo::rpc
