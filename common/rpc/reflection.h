#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <string>
#include <vector>

#include "common/rpc/runtime.h"

namespace vinculo::rpc {

// Server reflection over the linked-in contracts, for any caller with a token: grpc.reflection.v1 and v1alpha, which
// clients still ask for first. `services` are the names that it lists.
std::vector<std::unique_ptr<grpc::Service>> MakeReflection(Runtime& runtime, const std::vector<std::string>& services);

}  // namespace vinculo::rpc
