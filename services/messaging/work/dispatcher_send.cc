#include "common/log/log.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/work/dispatcher_impl.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kBlockedWait = absl::Milliseconds(100);

}  // namespace

bool Dispatcher::Impl::TryReserve(const std::string& tenant, const Uuid& sender) {
  absl::MutexLock lock(&mutex_);
  const auto it = holdings_.find({tenant, sender});
  if (it == holdings_.end()) return false;
  Holding& h = *it->second;
  const absl::Time now = Mark();
  const bool may =
      !stopping_ && h.token != 0 && !h.blocked && now >= h.begin_at && now >= h.back_off_until && now < h.lease_until;
  return may && h.Reserve(now);
}

void Dispatcher::Impl::ReadInbound(Holding& h, absl::Time now, absl::Time wall) {
  h.reading_inbound = true;
  db_.ReadOnPool(
      ScopeOf(h),
      [sender = h.sender.id, wall](sql::Transaction& tx) {
        return LimitRepository::InboundOfLastSecond(tx, sender, wall);
      },
      [self = shared_from_this(), &h, now](absl::StatusOr<int64_t> inbound) {
        absl::MutexLock lock(&self->mutex_);
        h.reading_inbound = false;
        self->poked_ = true;
        if (!inbound.ok()) return;
        h.inbound = static_cast<int>(*inbound);
        h.inbound_read_at = now;
      });
}

void Dispatcher::Impl::Commit(Holding& h, absl::Time now, absl::Time wall) {
  IntentRequest request{.sender_id = h.sender.id,
                        .token = h.token,
                        .now = wall,
                        .busy_contacts = h.busy,
                        .last_campaign = h.last_campaign};
  request.limit = std::min(options_.in_flight_max - h.in_flight, h.FreeForMessages(now));
  request.bulk_limit = std::max(0, std::min(options_.bulk_in_flight_max - h.bulk_in_flight, h.FreeForBulk(now)));
  for (auto& [campaign, window] : h.campaign_windows) request.campaign_free[campaign] = window.Free(now);
  h.committing = true;
  h.promised = request.limit;
  h.work = false;
  h.next_due.reset();
  db_.Write(
      ScopeOf(h),
      [contacts = &contacts_, request](sql::Transaction& tx) { return CommitIntents(tx, *contacts, request); },
      [self = shared_from_this(), &h, began = now](absl::StatusOr<IntentBatch> batch) {
        self->Committed(h, std::move(batch), began);
      });
}

void Dispatcher::Impl::Committed(Holding& h, absl::StatusOr<IntentBatch> batch, absl::Time began) {
  std::vector<Intent> to_send;
  {
    absl::MutexLock lock(&mutex_);
    h.committing = false;
    h.promised = 0;
    poked_ = true;
    if (!batch.ok()) {
      if (ErrorReason(batch.status()) == "LEASE_LOST") return Lose(h, kClaimRetry);
      // Nobody knows what was begun, and no request follows: under the next token it is an older holder's [M-80].
      if (ErrorReason(batch.status()) == "COMMIT_UNKNOWN") return Lose(h, absl::ZeroDuration());
      log::Warning("intents could not be committed", {{"error", std::string(batch.status().message())}});
      h.back_off_until = std::max(h.back_off_until, Mark() + absl::Seconds(1));
      h.work = true;
      return;
    }
    const absl::Time now = Mark(), wall = db_.clock().Now();
    h.Adopt(batch->sender);
    h.blocked = batch->blocked;
    OpenToken(h, batch->token_sealed, batch->waba_id);
    h.last_campaign = batch->last_campaign;
    h.campaigns = batch->running_campaigns && (batch->more || !batch->intents.empty());
    h.work = h.work || batch->more;
    h.next_due = batch->next_due;
    // What is due and may not go yet, such as a second text to one contact, waits for an answer or a moment.
    if (h.next_due && *h.next_due <= wall && batch->intents.empty()) h.next_due = wall + kBlockedWait;
    if (batch->running_campaigns && (!h.next_due || *h.next_due > wall + absl::Seconds(1)))
      h.next_due = wall + absl::Seconds(1);
    h.AdoptRates(batch->campaign_rates, now);
    metrics_.intents.Observe(static_cast<double>(batch->intents.size()));
    const bool stale = now - began > options_.intent_age_max || now >= h.lease_until || h.token_text.empty();
    for (Intent& intent : batch->intents) {
      if (stale) {
        h.reports.push_back(
            {intent.message.id, intent.message.progress.attempt, {.result = SendResult::kNotSent}, /*untried=*/true});
        metrics_.sends["untried"].Increment();
      } else {
        Count(h, intent, now);
      }
    }
    h.WakeForRates(batch->campaign_rates, now, wall);
    if (!stale) to_send = std::move(batch->intents);
  }
  for (Intent& intent : to_send) Send(h, std::move(intent));
}

void Dispatcher::Impl::Count(Holding& h, const Intent& intent, absl::Time now) {
  ++h.in_flight;
  h.Begin(now);
  const Message& m = intent.message;
  if (m.lane == Lane::kTransactional) h.busy.insert(m.contact_id);
  if (m.lane == Lane::kBulk) ++h.bulk_in_flight;
  if (m.campaign_id) {
    const auto window = h.campaign_windows.find(*m.campaign_id);
    if (window != h.campaign_windows.end()) window->second.Take(now, 1);
  }
}

void Dispatcher::Impl::Send(Holding& h, Intent intent) {
  metrics_.in_flight.Increment();
  std::string body = SendBody(intent.message, intent.target);
  provider_.Send(h.sender.phone_number_id, h.token_text, std::move(body),
                 [self = shared_from_this(), &h, begun = std::make_shared<const Message>(std::move(intent.message))](
                     SendOutcome outcome) { self->Answered(h, begun, std::move(outcome)); });
}

void Dispatcher::Impl::Answered(Holding& h, std::shared_ptr<const Message> begun, SendOutcome outcome) {
  static constexpr const char* kNames[] = {"", "accepted", "refused", "not_sent", "ambiguous"};
  metrics_.in_flight.Decrement();
  metrics_.sends[kNames[static_cast<int>(outcome.result)]].Increment();
  if (outcome.result == SendResult::kRefused)
    metrics_.provider_errors[ErrorClasses::Default().Label(outcome)].Increment();
  absl::MutexLock lock(&mutex_);
  --h.in_flight;
  if (begun->lane == Lane::kBulk) --h.bulk_in_flight;
  if (begun->lane == Lane::kTransactional) h.busy.erase(begun->contact_id);
  SendReport report = SendReport::Of(begun, std::move(outcome));
  report.jitter = std::uniform_real_distribution<double>(0, 1)(random_);
  h.Learn(report.outcome, options_.error_classes, begun->campaign_id, Mark(), report.jitter);
  h.reports.push_back(std::move(report));
  poked_ = true;
}

void Dispatcher::Impl::Record(Holding& h) {
  h.recording = true;
  auto reports = std::make_shared<std::vector<SendReport>>(std::move(h.reports));
  auto failing = std::make_shared<std::set<Uuid>>(std::move(h.failing));
  h.reports.clear();
  h.failing.clear();
  const absl::Duration silence = h.silent_since ? Mark() - *h.silent_since : absl::ZeroDuration();
  db_.Write(
      ScopeOf(h),
      [contacts = &contacts_, reports, failing, silence, sender = h.sender.id, options = &options_,
       now = db_.clock().Now()](sql::Transaction& tx) -> absl::Status {
        RETURN_IF_ERROR(
            RecordOutcomes(tx, *contacts, *reports, *failing, options->unknown_wait, now, options->error_classes));
        return PauseForSilence(tx, sender, silence, now);
      },
      [self = shared_from_this(), &h, reports, failing](absl::Status recorded) {
        absl::MutexLock lock(&self->mutex_);
        h.recording = false;
        h.work = true;
        self->poked_ = true;
        if (recorded.ok()) return;
        // Outcomes are facts and are never dropped: they are written as soon as the store takes them.
        log::Warning("outcomes could not be recorded yet", {{"error", std::string(recorded.message())}});
        h.reports.insert(h.reports.begin(), reports->begin(), reports->end());
        h.failing.insert(failing->begin(), failing->end());
      });
}

}  // namespace vinculo::messaging
