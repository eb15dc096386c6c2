#pragma once

#include <deque>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tests/sandbox/crm.h"
#include "tests/sandbox/customers.h"
#include "tests/sandbox/event_loop.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/http_client.h"
#include "tests/sandbox/http_server.h"
#include "tests/sandbox/jira.h"
#include "tests/sandbox/ledger.h"
#include "tests/sandbox/sends.h"
#include "tests/sandbox/settings.h"
#include "tests/sandbox/slack.h"
#include "tests/sandbox/template_book.h"
#include "tests/sandbox/webhooks.h"
#include "tests/sandbox/whatsapp.h"

namespace vinculo::sandbox {

// The outside world: WhatsApp's Graph API, a CRM, Jira and Slack behind one port, and a control interface under
// /_sandbox/. Everything runs on the thread that calls Run().
class Sandbox {
 public:
  Sandbox();

  absl::Status Listen(const std::string& address, int port) { return server_.Listen(address, port); }
  int port() const { return server_.port(); }
  // Merges `patch` (JSON merge patch) into the configuration. INVALID_ARGUMENT, and no change, when the result is
  // wrong.
  absl::Status Configure(const Json& patch);
  void Run() { loop_.Run(); }
  // From any thread; Run() then returns.
  void Stop() { loop_.Stop(); }

 private:
  // A request kept for GET /_sandbox/requests.
  struct Kept {
    std::string method;
    std::string path;
    std::string query;
    Json headers;
    std::string body;
    int64_t unix_ms = 0;
  };

  void Handle(const HttpMessage& request, const Exchange& exchange);
  void Keep(absl::string_view place, const HttpMessage& request);

  void Control(const HttpMessage& request, const Exchange& exchange);
  HttpReply ControlConfig(const HttpMessage& request);
  HttpReply ControlRecipients(const HttpMessage& request) const;
  HttpReply ControlRequests(const HttpMessage& request) const;
  HttpReply ControlInbound(const HttpMessage& request);
  HttpReply ControlTemplates(const HttpMessage& request);
  HttpReply ControlReset();
  void ControlVerify(const HttpMessage& request, const Exchange& exchange);
  Json Counts() const;

  EventLoop loop_;
  HttpClient client_;
  Faults faults_;
  Webhooks webhooks_;
  Ledger ledger_;
  TemplateBook templates_;
  Customers customers_;
  Sends sends_;
  WhatsApp whatsapp_;
  Crm crm_;
  Jira jira_;
  Slack slack_;
  Json config_ = Json::object();
  Settings settings_;
  std::map<std::string, std::deque<Kept>, std::less<>> kept_;  // by place
  std::map<std::string, int64_t, std::less<>> received_;       // by place
  HttpServer server_;
};

}  // namespace vinculo::sandbox
