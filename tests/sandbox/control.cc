// The half of the sandbox that its user talks to: everything under /_sandbox/.
#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/sandbox/sandbox.h"

namespace vinculo::sandbox {
namespace {

HttpReply Reply(const Json& json, int status = 200) {
  return {.status = status, .body = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

HttpReply Problem(absl::string_view text, int status = 400) { return Reply({{"error", std::string(text)}}, status); }

std::string Text(const Json& json, const char* key) {
  const auto it = json.is_object() ? json.find(key) : json.end();
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

Json Parse(absl::string_view body) { return Json::parse(body.begin(), body.end(), nullptr, false); }

// The webhook content that an inbound request asks for: text, button {payload,text}, button_reply {id,title},
// list_reply {id,title}, or message (Meta's object as it is). Null when none is given.
Json InboundContent(const Json& in) {
  if (in.contains("text")) return {{"type", "text"}, {"text", {{"body", Text(in, "text")}}}};
  if (in.contains("button")) return {{"type", "button"}, {"button", in["button"]}};
  for (const char* kind : {"button_reply", "list_reply"}) {
    if (in.contains(kind)) return {{"type", "interactive"}, {"interactive", {{"type", kind}, {kind, in[kind]}}}};
  }
  return in.contains("message") && in["message"].is_object() ? in["message"] : Json();
}

}  // namespace

void Sandbox::Control(const HttpMessage& request, const Exchange& exchange) {
  absl::string_view path = request.path;
  absl::ConsumePrefix(&path, "/_sandbox/");
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (path == "config") return exchange.Send(ControlConfig(request));
  if (path == "counts" && get) return exchange.Send(Reply(Counts()));
  if (path == "recipients" && get) return exchange.Send(ControlRecipients(request));
  if (path == "leads" && get) return exchange.Send(Reply(crm_.Leads()));
  if (path == "issues" && get) return exchange.Send(Reply(jira_.Issues()));
  if (path == "requests" && get) return exchange.Send(ControlRequests(request));
  if (path == "inbound" && post) return exchange.Send(ControlInbound(request));
  if (path == "templates" && post) return exchange.Send(ControlTemplates(request));
  if (path == "verify" && post) return ControlVerify(request, exchange);
  if (path == "reset" && post) return exchange.Send(ControlReset());
  exchange.Send(Problem(absl::StrCat("no such control: ", request.method, " ", request.path), 404));
}

HttpReply Sandbox::ControlConfig(const HttpMessage& request) {
  if (request.method == "GET") return Reply(config_);
  if (request.method != "PUT" && request.method != "PATCH") return Problem("PUT a JSON merge patch");
  const Json patch = Parse(request.body);
  if (!patch.is_object()) return Problem("the body is not a JSON object");
  const absl::Status status = Configure(patch);
  return status.ok() ? Reply(config_) : Problem(status.message());
}

Json Sandbox::Counts() const {
  const Webhooks::Counts& hooks = webhooks_.counts();
  Json answers = Json::object();
  for (const auto& [status, times] : hooks.by_answer) answers[absl::StrCat(status)] = times;
  return {{"requests", received_},
          {"connections", server_.connections()},
          {"send", ledger_.Totals()},
          {"graph", whatsapp_.Counts()},
          {"templates", templates_.Counts()},
          {"webhooks",
           {{"statuses", hooks.statuses},
            {"inbound", hooks.inbound},
            {"fields", hooks.fields},
            {"posts", hooks.posts},
            {"posts_ok", hooks.posts_ok},
            {"posts_failed", hooks.posts_failed},
            {"updates_acked", hooks.updates_acked},
            {"answer_p99_ms", hooks.AnswerMs(0.99)},
            {"pending", webhooks_.pending()},
            {"answers", answers}}},
          {"customers", customers_.answers()},
          {"crm", crm_.Counts()},
          {"jira", jira_.Counts()},
          {"slack", slack_.Counts()}};
}

HttpReply Sandbox::ControlRecipients(const HttpMessage& request) const {
  if (QueryParameter(request.query, "format") == "ndjson") {
    return {.body = ledger_.RecipientLines(), .content_type = "application/x-ndjson"};
  }
  const std::string to = QueryParameter(request.query, "to");
  if (!to.empty()) {
    const Recipient* r = ledger_.Find(to);
    return r == nullptr ? Problem("nothing was sent to that recipient", 404) : Reply(Ledger::ItemOf(to, *r));
  }
  Json out = ledger_.Summary();
  if (QueryParameter(request.query, "items") != "0") out["items"] = ledger_.RecipientItems();
  return Reply(out);
}

HttpReply Sandbox::ControlRequests(const HttpMessage& request) const {
  const std::string prefix = QueryParameter(request.query, "path");
  size_t limit = 50;
  if (!absl::SimpleAtoi(QueryParameter(request.query, "limit"), &limit)) limit = 50;
  std::vector<const Kept*> found;
  for (const auto& [place, requests] : kept_) {
    for (const Kept& kept : requests) {
      if (absl::StrContains(kept.path, prefix)) found.push_back(&kept);
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Kept* a, const Kept* b) { return a->unix_ms > b->unix_ms; });
  Json items = Json::array();
  for (size_t i = 0; i < found.size() && i < limit; ++i) {
    const Kept& kept = *found[i];
    items.push_back({{"method", kept.method},
                     {"path", kept.path},
                     {"query", kept.query},
                     {"headers", kept.headers},
                     {"body", kept.body},
                     {"unix_ms", kept.unix_ms}});
  }
  return Reply({{"requests", items}});
}

HttpReply Sandbox::ControlInbound(const HttpMessage& request) {
  const Json in = Parse(request.body);
  const std::string from = Text(in, "from"), number = Text(in, "phone_number_id");
  if (from.empty() || number.empty()) return Problem("from and phone_number_id are required");
  const Json content = InboundContent(in);
  if (!content.is_object()) return Problem("one of text, button, button_reply, list_reply, message is required");
  if (!webhooks_.enabled()) return Problem("no webhook url is configured", 409);
  Recipient& recipient = ledger_.Of(from);
  ++recipient.inbound;
  recipient.last_inbound_s = static_cast<uint32_t>(UnixSeconds());
  const std::string id =
      customers_.Write(sends_.SenderOf(number), from, content, Text(in, "context_id"), Text(in, "name"));
  return Reply({{"id", id}});
}

HttpReply Sandbox::ControlTemplates(const HttpMessage& request) {
  const Json in = Parse(request.body);
  const std::string status = Text(in, "status"), quality = Text(in, "quality");
  if (Text(in, "name").empty() || (status.empty() && quality.empty())) {
    return Problem("name and at least one of status and quality are required");
  }
  const int64_t hit =
      templates_.Decide(Text(in, "name"), Text(in, "language"), status, Text(in, "reason"), quality, Text(in, "title"));
  return hit > 0 ? Reply({{"changed", hit}}) : Problem("no such template", 404);
}

void Sandbox::ControlVerify(const HttpMessage& request, const Exchange& exchange) {
  if (!webhooks_.enabled()) return exchange.Send(Problem("no webhook url is configured", 409));
  webhooks_.Verify(Text(Parse(request.body), "verify_token"), [exchange](bool verified) {
    exchange.Send(Reply({{"verified", verified}}));
  });
}

HttpReply Sandbox::ControlReset() {
  faults_.Reset();
  webhooks_.Reset();
  ledger_ = Ledger();
  templates_.Reset();
  customers_.Reset();
  sends_.Reset();
  whatsapp_.Reset();
  crm_.Reset();
  jira_.Reset();
  slack_.Reset();
  kept_.clear();
  received_.clear();
  return Reply(Json::object());
}

}  // namespace vinculo::sandbox
