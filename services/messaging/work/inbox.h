#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/http/listener.h"
#include "common/sql/database.h"
#include "services/messaging/domain/provider_rules.h"
#include "services/messaging/metrics.h"
#include "services/messaging/store/contact_repository.h"

namespace vinculo::messaging {

// The operator's app: who may post webhooks.
struct WebhookApp {
  std::string slug;  // in the path, `/webhooks/whatsapp/{slug}`; the path without one is this app's too
  std::string verify_token;
  std::vector<std::string> secrets;  // one, two while one is being replaced
  int64_t waiting_max = 200'000;     // bodies; beyond it the platform is told to come again [M-97]
};

// Webhooks: checks the signature over the raw bytes, stores them, answers 200, and applies them afterwards in stored
// order, each item on its own. Of several processes on one store one applies, the others store. [M-95] - [M-99]
class Inbox {
 public:
  // All outlive it. Construct before the database's first write. `others` are further apps, each under its own slug.
  Inbox(sql::Database& database, const ContactRepository& contacts, Metrics& metrics, WebhookApp app,
        std::vector<WebhookApp> others = {}, const ProviderRules& rules = ProviderRules::Default());
  // Stops.
  ~Inbox();

  // Adds the endpoint; before the listener starts. A body above 4 MiB is the listener's 413.
  void Serve(http::Listener& listener);
  // Processes what waits, and what comes.
  void Start();
  void Stop();
  // Until everything stored so far has been processed. For tests.
  void WaitIdle();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace vinculo::messaging
