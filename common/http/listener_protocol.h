#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "common/http/listener.h"
#include "common/http/listener_server.h"
#include "common/http/message_framer.h"

namespace vinculo::http {

// Parses a request that has arrived as a whole and renders its answer, with cpp-httplib. Stateless; thread-safe.
class ListenerServer::Protocol {
 public:
  Protocol(const ListenerServer& server, int keep_alive_seconds);
  ~Protocol();

  struct Outcome {
    std::string bytes;  // what to send
    Answer::Ending ending = Answer::Ending::kKeepOpen;
  };
  // Hands the request to the server's Dispatch. `last` asks for `Connection: close`.
  Outcome Respond(MessageFramer& framer, const std::string& remote_address, bool last) const;
  // The answer to what is no request that could be handled.
  static std::string Refusal(int status);

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace vinculo::http
