#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/sandbox/event_loop.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/http_server.h"
#include "tests/sandbox/settings.h"

namespace vinculo::sandbox {

// Any path under /crm: a client's CRM that takes leads. It checks the Standard Webhooks signature and keeps, for every
// delivery, how often it came.
class Crm {
 public:
  Crm(EventLoop& loop, Faults& faults) : loop_(loop), faults_(faults) {}

  void Configure(std::vector<std::string> secrets) { secrets_ = std::move(secrets); }
  void Reset();
  void Handle(const HttpMessage& request, const Exchange& exchange);

  // {received, accepted, keys, ...} for GET /_sandbox/counts.
  Json Counts() const;
  // The same and every delivery, for GET /_sandbox/leads.
  Json Leads() const;

 private:
  struct Delivery {
    int64_t received = 0;
    int64_t accepted = 0;  // answered 2xx, or taken although the answer was spoiled
    int64_t valid_signatures = 0;
    int64_t bad_signatures = 0;  // wrong, absent, or more than 5 minutes off
    bool same_body = true;       // every attempt carried the bytes of the first
    bool keys_agree = true;      // webhook-id and Idempotency-Key were equal
    std::string path;
    std::string method;
    std::string body;
    std::string reference;  // what the CRM called it
  };

  bool SignatureValid(const HttpMessage& request) const;
  Delivery& Note(const HttpMessage& request);
  void Answer(const Delivery& delivery, const Exchange& exchange) const;

  EventLoop& loop_;
  Faults& faults_;
  std::vector<std::string> secrets_;
  std::map<std::string, Delivery> deliveries_;  // by webhook-id, else Idempotency-Key
  int64_t received_ = 0;
  int64_t without_key_ = 0;
};

}  // namespace vinculo::sandbox
