#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/inbox_repository.h"
#include "services/messaging/work/inbox.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {

inline constexpr char kSecret[] = "app-secret-for-tests";

// A store of its own with five people who each got a campaign message, of which the last one's answer was
// lost, and an inbox over it.
class World final : public WorkRig {
 public:
  World() {
    SetUp();
    campaign_ = NewCampaign(5);
    const IntentBatch batch = *Commit();
    std::vector<SendReport> reports;
    for (const Contact& person : people_) {
      for (const Intent& i : batch.intents) {
        if (i.message.contact_id == person.id) messages_.push_back(i.message);
      }
    }
    for (const Intent& i : batch.intents) {
      const bool lost = i.message.id == messages_.back().id;
      reports.push_back(lost ? SendReport{i.message.id, 1, {.result = SendResult::kAmbiguous}} : Accepted(i));
    }
    EXPECT_THAT(Record(reports), test::IsOk());
  }

  // `{M0}` is the id of the first person's message, `{P0}` the person's number.
  std::string Fill(std::string text) const {
    for (size_t i = 0; i < messages_.size(); ++i) {
      absl::StrReplaceAll({{absl::StrCat("{M", i, "}"), messages_[i].id.ToString()},
                           {absl::StrCat("{P", i, "}"), people_[i].phone.substr(1)}},
                          &text);
    }
    return text;
  }
  void Store(const std::vector<std::string>& bodies) {
    for (const std::string& body : bodies) {
      const absl::Time at = kNow + absl::Seconds(100) + absl::Milliseconds(++stored_);
      const RawBody raw{Uuid::New(at), "main", at, Fill(body)};
      ASSERT_THAT(db_->WriteAndWait(sql::Scope::ForTenant(sql::kSystemTenant, "test"),
                                    [&](sql::Transaction& tx) { return RawInbox::Append(tx, raw); }),
                  test::IsOk());
    }
  }
  void Process() {
    Inbox inbox(*db_, contacts_, metrics_, {"main", "t", {kSecret}});
    inbox.Start();
    while (Waiting() > 0) std::this_thread::yield();
    inbox.Stop();
  }
  int64_t Waiting() {
    return *Write([](sql::Transaction& tx) { return RawInbox::CountWaiting(tx); });
  }

  // Every row that webhooks change, without ids and without when we wrote it.
  std::string Snapshot() {
    std::string out;
    const auto time = [](const std::optional<absl::Time>& t) {
      return t ? absl::FormatDuration(*t - kNow) : std::string("-");
    };
    for (size_t i = 0; i < people_.size(); ++i) {
      const Message m = *Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, messages_[i].id); });
      const Progress& p = m.progress;
      absl::StrAppend(&out, "message ", i, " ", MessageStateName(m.state()), " accepted ", time(p.accepted_at),
                      " sent ", time(p.sent_at), " delivered ", time(p.delivered_at), " read ", time(p.read_at),
                      " failed ", time(p.failed_at), " ", p.error_code, "\n");
      const auto row = *Write(
          [&](sql::Transaction& tx) { return CampaignRepository::FindRecipient(tx, campaign_.id, people_[i].id); });
      absl::StrAppend(&out, "  ledger ", static_cast<int>(row->state), " ", row->reason, " replied ", row->replied,
                      " opted out ", row->opted_out, "\n");
      const Window w = *Write([&](sql::Transaction& tx) { return WindowRepository::Get(tx, sender_, people_[i].id); });
      absl::StrAppend(&out, "  window ", time(w.open_until), " entry ", time(w.entry_until), "\n");
      const Contact c = *Write([&](sql::Transaction& tx) { return contacts_.Get(tx, people_[i].id); });
      absl::StrAppend(&out, "  contact marketing ", static_cast<int>(c.marketing), " suppressed ", c.suppressed,
                      " heard ", time(c.last_inbound_at), "\n");
    }
    const auto echo = *Write([](sql::Transaction& tx) { return MessageRepository::FindByWamid(tx, "wamid.echo"); });
    absl::StrAppend(&out, "echo ", echo ? MessageStateName(echo->state()) : "none", "\n");
    for (const auto& [key, n] : Counts(campaign_).by_state)
      absl::StrAppend(&out, "count ", static_cast<int>(key), " ", n, "\n");
    std::map<std::string, int> events;
    for (const std::string& type : EventTypes()) ++events[type];
    absl::StrAppend(&out, "received ", events["message.received"], " echoed ", events["message.echoed"], "\n");
    return out;
  }
  sql::Database& db() { return *db_; }
  const ContactRepository& contacts() const { return contacts_; }
  void TestBody() override {}

  metrics::Registry other_registry_;

  metrics::Registry registry_;
  Metrics metrics_{registry_};
  Campaign campaign_;
  std::vector<Message> messages_;  // of people_, in their order
  int stored_ = 0;
};

inline std::string Change(const std::string& field, const std::string& value) {
  return absl::StrCat(R"({"field":")", field, R"(","value":{"metadata":{"phone_number_id":"55"},)", value, "}}");
}
inline std::string Status(const std::string& message, const std::string& status, int at, const std::string& rest = "") {
  return Change("messages", absl::StrCat(R"("statuses":[{"id":"wamid.)", message, R"(","status":")", status,
                                         R"(","timestamp":")", 1'760'000'000 + at,
                                         R"(","biz_opaque_callback_data":"m1:)", message, R"(:1")", rest, "}]"));
}
inline std::string Said(const std::string& person, const std::string& wamid, int at, const std::string& content) {
  return Change("messages", absl::StrCat(R"("messages":[{"id":")", wamid, R"(","from":")", person, R"(","timestamp":)",
                                         1'760'000'000 + at, ",", content, "}]"));
}

inline std::vector<std::string> Changes() {
  return {
      Status("{M0}", "sent", 1, R"(,"pricing":{"billable":true,"category":"marketing"})"),
      Status("{M0}", "delivered", 2),
      Status("{M0}", "read", 3),
      Status("{M1}", "failed", 4, R"(,"errors":[{"code":131049}])"),
      Status("{M1}", "delivered", 5),
      Status("{M2}", "failed", 4, R"(,"errors":[{"code":131026}])"),
      Status("{M2}", "failed", 4, R"(,"errors":[{"code":131000}])"),
      Status("{M3}", "sent", 9),
      Status("{M3}", "sent", 7),
      Status("{M4}", "sent", 6),
      Status("{M4}", "delivered", 5),
      Status("{M4}", "read", 7),
      Said("{P0}", "in.1", 10, R"("type":"text","text":{"body":"sí"},"context":{"id":"wamid.{M0}"})"),
      Said("{P0}", "in.2", 11, R"("type":"text","text":{"body":"otra"})"),
      Said("{P1}", "in.3", 12, R"("type":"text","text":{"body":"hola"},"referral":{"source_id":"1"})"),
      Said("{P1}", "in.4", 13, R"("type":"reaction","reaction":{"message_id":"wamid.{M1}","emoji":"👍"})"),
      Said("{P2}", "in.5", 14,
           R"("type":"button","button":{"payload":"STOP:marketing","text":"No"},"context":{"id":"wamid.{M2}"})"),
      Said("{P3}", "in.6", 15, R"("type":"image","image":{"id":"901","mime_type":"image/png"})"),
      Said("{P3}", "in.7", 8, R"("type":"text","text":{"body":"antes"})"),
      Change(
          "smb_message_echoes",
          R"("message_echoes":[{"to":"{P3}","id":"wamid.echo","timestamp":1760000016,"type":"text","text":{"body":"ya"}}])"),
      Change("messages", R"("statuses":[{"id":"wamid.echo","status":"delivered","timestamp":1760000017}])"),
      Change("messages", R"("statuses":[{"id":"wamid.nobody","status":"read","timestamp":1760000017}])"),
  };
}

// Cuts `changes` into bodies of up to `most` changes.
inline std::vector<std::string> Bodies(const std::vector<std::string>& changes, size_t most) {
  std::vector<std::string> bodies;
  for (size_t at = 0; at < changes.size(); at += most) {
    const auto begin = changes.begin() + static_cast<int64_t>(at);
    const auto end = changes.begin() + static_cast<int64_t>(std::min(at + most, changes.size()));
    bodies.push_back(absl::StrCat(R"({"object":"whatsapp_business_account","entry":[{"id":"77","changes":[)",
                                  absl::StrJoin(begin, end, ","), "]}]}"));
  }
  return bodies;
}

}  // namespace vinculo::messaging
