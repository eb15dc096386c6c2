#pragma once

#include <string>

#include "absl/time/time.h"

namespace google::protobuf {
class MethodDescriptor;
}

namespace vinculo::clients {

// How long a call may take when its caller does not say: reads 2 s, mutations 5 s, streams without end.
absl::Duration DefaultTimeout(const google::protobuf::MethodDescriptor* method);

// The service config (gRPC's JSON form) of all linked-in contracts: round robin, health checking, retry throttling, and
// for each unary RPC its timeout and a retry on UNAVAILABLE. A request with a request_id is a mutation, which may be
// repeated because our clients always set it; everything else is a read.
const std::string& ServiceConfigJson();

// The same without the timeouts, for channels that set the deadline of each call themselves: this gRPC reckons a
// configured timeout by a cycle counter that it calibrates at start, which on a busy virtual machine can be far off.
const std::string& ChannelConfigJson();

}  // namespace vinculo::clients
