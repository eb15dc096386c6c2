#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/sandbox/customers.h"
#include "tests/sandbox/event_loop.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/http_server.h"
#include "tests/sandbox/ledger.h"
#include "tests/sandbox/send_request.h"
#include "tests/sandbox/settings.h"
#include "tests/sandbox/template_book.h"
#include "tests/sandbox/webhooks.h"

namespace vinculo::sandbox {

// POST /{phone_number_id}/messages: takes messages, lets rules spoil some, reports their fate by webhook and hands them
// to the customers.
class Sends {
 public:
  Sends(EventLoop& loop, Faults& faults, Webhooks& webhooks, TemplateBook& templates, Ledger& ledger,
        Customers& customers)
      : loop_(loop),
        faults_(faults),
        webhooks_(webhooks),
        templates_(templates),
        ledger_(ledger),
        customers_(customers) {}

  void Configure(const GraphSettings& settings);
  void Reset();

  void Handle(const std::string& phone_number_id, const HttpMessage& request, const Exchange& exchange);

  // The sender of that id, made on first use.
  const Sender* SenderOf(const std::string& phone_number_id);

  int64_t read_receipts() const { return read_receipts_; }
  int64_t without_plus() const { return without_plus_; }  // numbers sent without their leading `+`

 private:
  // What follows an accepted message.
  struct Fate {
    const Sender* sender;
    std::string who;
    std::string wa_id;
    std::string wamid;
    std::string callback;
    std::string category;
    std::string template_name;
    int64_t fail_code = 0;
  };

  HttpReply Take(const SendRequest& send, const HttpMessage& request, const Sender* sender, const std::string& who,
                 const FaultRule* fault);
  // An error of Graph's that this message deserves, or an empty body when it may be accepted.
  HttpReply Refuse(const SendRequest& send, const HttpMessage& request, const Sender* sender, const std::string& who,
                   const Template* t);
  bool OverSenderRate(const std::string& phone_number_id);
  bool OverPairRate(const std::string& who);
  std::string WaIdOf(const std::string& who) const;
  void Follow(Fate fate);
  void Report(const std::shared_ptr<Fate>& fate, absl::string_view status, int64_t after_ms);
  std::string StatusJson(const Fate& fate, absl::string_view status);

  EventLoop& loop_;
  Faults& faults_;
  Webhooks& webhooks_;
  TemplateBook& templates_;
  Ledger& ledger_;
  Customers& customers_;
  const GraphSettings* settings_ = nullptr;
  std::map<std::string, std::unique_ptr<Sender>> senders_;
  struct Bucket {
    double tokens = 0;
    int64_t at_us = 0;
  };
  std::map<std::string, Bucket> buckets_;
  uint64_t next_message_ = 1;
  uint64_t generation_ = 0;
  int64_t read_receipts_ = 0;
  int64_t without_plus_ = 0;
};

}  // namespace vinculo::sandbox
