#pragma once

#include <optional>
#include <string>

#include "services/profiling/store/session_engine.h"

namespace vinculo::profiling {

// What led to a step, for its log and its events.
struct StepCause {
  bool has_inbound = false;
  std::string event_id;
  std::string text;
  absl::Time at;
  bool through_messaging = false;
  bool quiet = false;  // nothing is sent: a timer or another session
};

// One step inside one transaction: lends the machine what it may look at, and saves what comes out. Internal to the
// engine.
class EngineStep {
 public:
  EngineStep(SessionEngine& engine, sql::Transaction& tx, const CompiledFlow& flow, Uuid profile, absl::Time now)
      : engine_(engine),
        tx_(tx),
        flow_(flow),
        profile_(profile),
        now_(now),
        view_(engine.published_.Current(tx.tenant())) {}

  // Runs `decide(const Environment&) -> Step`.
  template <class Decide>
  Step Run(Decide&& decide) {
    const auto customer = [this]() -> const Customer& { return LoadCustomer(); };
    const auto available = [this](const CompiledMatrix& matrix) { return view_->Available(matrix, now_); };
    const auto mac = [this](absl::string_view text) { return engine_.secrets_.Mac8(tx_.tenant(), text); };
    const auto digest = [](absl::string_view text) { return HexDigest(text); };
    const Environment env{now_, flow_, customer, available, mac, digest, engine_.options_.phone};
    return decide(env);
  }

  // Saves the step and everything it leads to. `revision_before` 0: the session is new.
  absl::Status Save(Step& step, int64_t revision_before, const StepCause& cause);
  // An error of the store met while the machine asked for the customer.
  const absl::Status& load_status() const { return load_status_; }

 private:
  const Customer& LoadCustomer();
  absl::Status SaveSession(Session& session, int64_t revision_before);
  absl::Status SaveLog(const Step& step, const StepCause& cause);
  absl::Status SaveProfile(const Step& step);
  absl::Status SaveConsent(const Step& step);
  absl::Status MakeLead(Step& step);
  absl::Status Deliver(const Step& step, const Lead& lead, absl::string_view event);
  absl::Status EmitAll(const Step& step, const StepCause& cause);
  absl::Status LeaveJobs(const Step& step, const StepCause& cause, bool is_new);

  SessionEngine& engine_;
  sql::Transaction& tx_;
  const CompiledFlow& flow_;
  const Uuid profile_;
  const absl::Time now_;
  const std::shared_ptr<const TenantView> view_;
  std::optional<Customer> customer_;
  absl::Status load_status_;
};

}  // namespace vinculo::profiling
