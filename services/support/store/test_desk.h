#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/calendar/zone.h"
#include "common/events/event_log.h"
#include "common/jobs/job_queue.h"
#include "common/sql/test_database.h"
#include "common/status/error.h"
#include "common/testing/status_matchers.h"
#include "services/support/store/desk.h"
#include "services/support/store/importer.h"
#include "support_store_migrations.h"

namespace vinculo::support {

// A desk over a real store, with what it told. Time is minutes after Monday 4 March 2024, 10:00 in Buenos Aires.
class DeskTest : public testing::Test {
 protected:
  DeskTest()
      : database_(std::vector<sql::MigrationSet>{
            {"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"support", &Migrations()}}),
        zone_(*calendar::LoadZone(calendar::kDefaultZone)),
        start_(absl::FromCivil(absl::CivilSecond(2024, 3, 4, 10, 0, 0), zone_)),
        desk_({zone_, "https://support.example/rate/", [this](sql::Transaction&, const Told& told) {
                 for (const HistoryEvent& event : told.events) told_.push_back(event.kind);
                 if (told.posted != nullptr) ++posted_;
                 if (!told.survey_link.empty()) link_ = told.survey_link;
                 return absl::OkStatus();
               }}) {}

  absl::Time At(double minute) const { return start_ + absl::Seconds(60 * minute); }
  Step Who(double minute, std::string agent) const {
    return {At(minute), {Author::kAgent, std::move(agent)}, Cause::kCaller};
  }

  // Runs one transaction.
  template <class Body>
  auto Do(Body body, std::string tenant = "demo") {
    return database_->WriteAndWait(sql::TestScope(std::move(tenant)), body);
  }

  Inbound From(std::string requester, std::string external_id, double minute) const {
    Inbound in;
    in.channel = Channel::kWeb;
    in.external_id = std::move(external_id);
    in.inbox = kDefaultInbox;
    in.requester_id = std::move(requester);
    in.body = "hola";
    in.at = At(minute);
    return in;
  }
  absl::StatusOr<Received> Receive(Inbound in) {
    return Do([&](sql::Transaction& tx) { return desk_.Receive(tx, in, in.at); });
  }
  absl::StatusOr<Message> Reply(const Uuid& conversation, double minute, std::string agent = "ana") {
    return Do([&](sql::Transaction& tx) {
      return desk_.Reply(tx, {conversation, {Author::kAgent, agent}, "buen dia"}, At(minute));
    });
  }
  absl::StatusOr<Conversation> Close(const Uuid& conversation, double minute, std::string agent = "ana") {
    return Do([&](sql::Transaction& tx) {
      return desk_.CloseAndAsk(tx, conversation, std::nullopt, Who(minute, agent), At(minute));
    });
  }
  absl::StatusOr<Conversation> Change(const Uuid& conversation, double minute,
                                      std::function<absl::Status(Draft&)> rule) {
    return Do([&](sql::Transaction& tx) { return desk_.Change(tx, conversation, std::nullopt, At(minute), rule); });
  }
  Conversation Get(const Uuid& id) {
    return *Do([&](sql::Transaction& tx) { return desk_.conversations().Get(tx, id); });
  }
  Figures Week() {
    const calendar::Period week = calendar::Period::Containing(calendar::PeriodKind::kWeek, start_, zone_);
    return *Do([&](sql::Transaction& tx) { return desk_.metrics().TotalFigures(tx, week.days()); });
  }

  sql::TestDatabase database_;
  const absl::TimeZone zone_;
  const absl::Time start_;
  std::vector<EventKind> told_;
  int posted_ = 0;
  std::string link_;
  Desk desk_;
};

}  // namespace vinculo::support
