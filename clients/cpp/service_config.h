#pragma once

#include <string>

namespace vinculo::clients {

// The service config that we publish for the four services and their feed, as gRPC's JSON: round robin over all addresses,
// retry throttling, and per method a deadline and the retries that are safe. A read and a write that carries a request_id are
// tried again on UNAVAILABLE; anything else is not. Computed from the descriptors linked in.
const std::string& ServiceConfigJson();

}  // namespace vinculo::clients
