#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/sql/database.h"
#include "common/time/steady.h"
#include "services/messaging/metrics.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/store/data_key.h"
#include "services/messaging/work/graph_provider.h"

namespace vinculo::messaging {

struct DispatcherOptions {
  std::vector<std::string> tenants;
  std::string holder;                        // names this process; a new one for each start
  absl::Duration lease = absl::Seconds(15);  // how long a claim holds
  absl::Duration renew = absl::Seconds(5);
  absl::Duration settle = absl::Seconds(1);          // after a claim nothing is begun for so long
  absl::Duration intent_age_max = absl::Seconds(5);  // older intents are not written to the network
  absl::Duration unknown_wait = absl::Minutes(10);   // for a status, before a resend or giving up
  absl::Duration sweep = absl::Seconds(5);           // between two looks at everything a sender may have to do
  int in_flight_max = 64;                            // per sender
  int bulk_in_flight_max = 56;
  ErrorClasses error_classes = ErrorClasses::Default();
  const Steady* steady = SystemSteady::Get();  // leases, rates and waits go by it
};

// Sends for every sender of the installation: claims the sender, turns what an older holder left into UNKNOWN, then
// commits intents in groups and writes a request for each, never more than the sender's rate in any second. Both lanes
// go through it; message and ledger rows are the queue. One thread drives all senders; no thread waits for a commit or
// an answer. [M-78] - [M-86]
class Dispatcher {
 public:
  // All outlive it. Construct before the database's first write.
  Dispatcher(sql::Database& database, const ContactRepository& contacts, const DataKey& key, GraphProvider& provider,
             Metrics& metrics, DispatcherOptions options);
  // Stops.
  ~Dispatcher();

  void Start();
  // Begins nothing more and waits for the answers under way and their records.
  void Stop();
  // Takes a slot of the sender's rate for a request to /messages that is not a message, such as a read mark: it may be
  // written now [M-84]. False when nothing is free, when the sender may not send, or when another process dispatches
  // for it: try again after a moment.
  bool TryReserve(const std::string& tenant, const Uuid& sender);
  // Looks for work now. For tests that move a manual clock.
  void Poke();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace vinculo::messaging
