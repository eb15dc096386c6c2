#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/store/contact_repository.h"

// Shared by api and work.
namespace vinculo::messaging {

// Forgets a person [M-10]: from this transaction on the contact is ERASED and has no identity, name or attribute, and
// nothing more is sent; opt-outs stay as keyed hashes. What was said, frozen parameters, events, replies, dead
// letters of profiling's feed and raw webhook bodies are emptied by a durable job. Does nothing to one that is erased.
// Announces `contact.erased`.
absl::Status EraseContact(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& contact, absl::Time now);

// One page of that job, whose payload says how far it came; it enqueues the next page or completes the job.
absl::Status ErasePage(sql::Transaction& tx, const std::string& key, const std::string& payload, absl::Time now);

}  // namespace vinculo::messaging
