// UsageService.IngestUsage: each message is one transaction, and the next is read when it is durable.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/calendar/zone.h"
#include "common/status/status_macros.h"
#include "services/lifecycle/api/parse.h"
#include "services/lifecycle/api/usage_service.h"
#include "services/lifecycle/limits.h"
#include "services/lifecycle/store/usage_ledger.h"

namespace vinculo::lifecycle {
namespace {

// A fact of the message in hand: either ready for the ledger or refused already.
struct BatchItem {
  IncomingFact fact;
  FactOutcome outcome;
  v1::RefusedUsage as_it_came;
  bool parsed = false;
};

std::string Describe(const absl::Status& refusal) {
  const std::optional<ErrorDetails> details = GetErrorDetails(refusal);
  if (!details || details->violations.empty()) return std::string(refusal.message());
  return absl::StrJoin(details->violations, "; ", [](std::string* out, const FieldViolation& v) {
    absl::StrAppend(out, v.field, " ", v.description);
  });
}

class IngestStream final : public rpc::ReadStream<v1::IngestUsageRequest, v1::IngestUsageResponse> {
 public:
  IngestStream(rpc::StreamContext context, sql::Database& db, const Settings& settings, Metrics& metrics)
      : ReadStream(std::move(context)),
        db_(db),
        zone_(settings.zone),
        today_(calendar::LocalDay(now(), settings.zone)),
        metrics_(metrics) {}

 private:
  void OnMessage(const v1::IngestUsageRequest& message) override {
    if (message.facts_size() < 1 || message.facts_size() > kMaxFactsPerMessage) {
      FieldViolations bad;
      bad.Add("facts",
              absl::StrCat("a message holds 1 to ", kMaxFactsPerMessage, " facts, not ", message.facts_size()));
      return Finish(bad.ToStatus());
    }
    auto batch = std::make_shared<std::vector<BatchItem>>();
    batch->reserve(message.facts_size());
    for (const v1::UsageFact& fact : message.facts()) batch->push_back(Parse(fact));
    const auto self = std::static_pointer_cast<IngestStream>(shared_from_this());
    db_.Write(
        scope(), [self, batch](sql::Transaction& tx) { return self->TakeAll(tx, *batch); },
        [self, batch](const absl::Status& status) {
          if (!status.ok()) return self->Finish(status);
          self->Count(*batch);
          self->Next();
        });
  }

  BatchItem Parse(const v1::UsageFact& fact) {
    BatchItem item;
    FieldViolations bad;
    item.fact = ParseFact(fact, today_, bad);
    item.parsed = bad.empty();
    item.outcome.refusal = bad.ToStatus();
    item.as_it_came.set_index(received_++);
    item.as_it_came.set_customer_id(fact.customer_id());
    item.as_it_came.set_module_key(fact.module_key());
    item.as_it_came.set_local_date(fact.local_date());
    item.as_it_came.set_source(fact.source());
    return item;
  }

  // May run twice; each run writes every outcome anew.
  absl::Status TakeAll(sql::Transaction& tx, std::vector<BatchItem>& batch) const {
    UsageLedger ledger(zone_);
    for (BatchItem& item : batch) {
      if (!item.parsed) continue;
      ASSIGN_OR_RETURN(item.outcome, ledger.Take(tx, item.fact, now()));
    }
    return absl::OkStatus();
  }

  void Count(const std::vector<BatchItem>& batch) {
    for (const BatchItem& item : batch) {
      switch (item.outcome.result) {
        case FactResult::kAccepted:
          response_.set_accepted_count(response_.accepted_count() + 1);
          metrics_.usage_facts["accepted"].Increment();
          break;
        case FactResult::kUnchanged:
          response_.set_unchanged_count(response_.unchanged_count() + 1);
          metrics_.usage_facts["unchanged"].Increment();
          break;
        case FactResult::kRefused:
          Refuse(item);
      }
    }
  }

  void Refuse(const BatchItem& item) {
    response_.set_refused_count(response_.refused_count() + 1);
    metrics_.usage_facts["refused"].Increment();
    if (response_.refused_size() >= kMaxRefusedReported) return;
    v1::RefusedUsage* const refused = response_.add_refused();
    *refused = item.as_it_came;
    refused->set_reason(ErrorReason(item.outcome.refusal));
    refused->set_message(Describe(item.outcome.refusal));
  }

  void OnEnd() override {
    response_.set_received_count(received_);
    Reply(std::move(response_));
  }

  sql::Database& db_;
  const absl::TimeZone zone_;
  const absl::CivilDay today_;
  Metrics& metrics_;
  int64_t received_ = 0;
  v1::IngestUsageResponse response_;
};

}  // namespace

rpc::ReadStream<v1::IngestUsageRequest, v1::IngestUsageResponse>* UsageService::IngestUsage(
    rpc::StreamContext context) {
  return new IngestStream(std::move(context), db_, settings_, metrics_);
}

}  // namespace vinculo::lifecycle
