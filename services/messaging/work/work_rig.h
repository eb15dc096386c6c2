#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/events/event_log.h"
#include "common/jobs/job_queue.h"
#include "common/sql/test_database.h"
#include "common/status/status_macros.h"
#include "common/testing/status_matchers.h"
#include "messaging_store_migrations.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/template_repository.h"
#include "services/messaging/template_act.h"
#include "services/messaging/work/dispatch_intents.h"
#include "services/messaging/work/inbox_apply.h"

namespace vinculo::messaging {

inline const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

// A store with one channel, one sender held under token 1, and two approved templates, `promo` of marketing and `aviso`
// of utility: what intents and outcomes need, without a dispatcher or HTTP. Marketing may begin at any hour.
class WorkRig : public testing::Test {
 protected:
  template <class Body>
  auto Write(Body body) {
    return db_->WriteAndWait(sql::TestScope(), body);
  }

  void SetUp() override {
    ASSERT_THAT(
        Write([&](sql::Transaction& tx) -> absl::Status {
          Policy always;
          always.allowed_hours.fill({{0, 24 * 3600}});
          RETURN_IF_ERROR(PolicyRepository::Put(tx, always, kNow));
          RETURN_IF_ERROR(ChannelRepository::InsertChannel(tx, {.id = channel_,
                                                                .display_name = "x",
                                                                .waba_id = "77",
                                                                .app = "main",
                                                                .token_sealed = "s",
                                                                .token_tail = "t",
                                                                .created_at = kNow}));
          RETURN_IF_ERROR(ChannelRepository::InsertSender(tx, {.id = sender_,
                                                               .channel_id = channel_,
                                                               .phone_number_id = "55",
                                                               .phone_number = "+5491140000000",
                                                               .created_at = kNow}));
          for (const auto& [name, category] :
               {std::pair("promo", Category::kMarketing), {"aviso", Category::kUtility}}) {
            const TranslationKey key{channel_, name, "es"};
            RETURN_IF_ERROR(TemplateRepository::Create(tx, key, VariableFormat::kPositional, category,
                                                       {.body = "Hola {{1}}, chau"}, kNow));
            RETURN_IF_ERROR(TemplateRepository::Freeze(tx, key, kNow));
            RETURN_IF_ERROR(ApplyVerdict(tx, key, {.graph_id = name, .status = "APPROVED", .at = kNow}, kNow).status());
          }
          return ChannelRepository::ClaimDispatcher(tx, sender_, "one", kNow, kNow + absl::Seconds(15)).status();
        }),
        test::IsOk());
  }

  // Another number of the same account.
  Uuid AddNeighbour() {
    const Uuid id = Uuid::New(kNow);
    EXPECT_THAT(Write([&](sql::Transaction& tx) {
                  return ChannelRepository::InsertSender(tx, {.id = id,
                                                              .channel_id = channel_,
                                                              .phone_number_id = "56",
                                                              .phone_number = "+5491140000001",
                                                              .created_at = kNow});
                }),
                test::IsOk());
    return id;
  }

  // A row of a ledger as the freeze writes it.
  static Recipient QueuedRow(const Uuid& campaign, const Uuid& contact) {
    return {.campaign_id = campaign,
            .contact_id = contact,
            .position = RecipientPosition(campaign, contact),
            .language = "es",
            .version = 1,
            .category = Category::kMarketing,
            .params = {{"body.1", "Ana"}},
            .not_before = kNow,
            .updated_at = kNow};
  }

  // A running campaign with `n` queued people who agreed to marketing; people_ has them in the order of the ledger.
  Campaign NewCampaign(int n) {
    Campaign c{.id = Uuid::New(kNow),
               .display_name = "c",
               .sender_id = sender_,
               .channel_id = channel_,
               .template_name = "promo",
               .language = {false, "es"},
               .audience = {.kind = AudienceFilter::Kind::kAllContacts},
               .state = CampaignState::kRunning,
               .created_at = kNow};
    EXPECT_THAT(
        Write([&](sql::Transaction& tx) -> absl::Status {
          RETURN_IF_ERROR(CampaignRepository::Insert(tx, c));
          CountDeltas deltas;
          for (int i = 0; i < n; ++i) {
            ASSIGN_OR_RETURN(
                Contact contact,
                contacts_.Create(tx, {.phone = absl::StrCat("+54911000", 10000 + ++made_), .country = "AR"}, kNow));
            contact.marketing = Decision::kGranted;
            RETURN_IF_ERROR(contacts_.SetPermissions(tx, contact));
            RETURN_IF_ERROR(CampaignRepository::InsertRecipient(tx, QueuedRow(c.id, contact.id)));
            deltas.Add(c.id, RecipientState::kQueued, "", 1);
            people_.push_back(contact);
          }
          std::sort(people_.end() - n, people_.end(), [&](const Contact& a, const Contact& b) {
            return RecipientPosition(c.id, a.id) < RecipientPosition(c.id, b.id);
          });
          return deltas.Flush(tx);
        }),
        test::IsOk());
    return c;
  }

  absl::StatusOr<IntentBatch> Commit(int64_t token = 1, int limit = 64, absl::Time now = kNow) {
    const IntentRequest request{.sender_id = sender_, .token = token, .now = now, .limit = limit, .bulk_limit = limit};
    return Write([&](sql::Transaction& tx) { return CommitIntents(tx, contacts_, request); });
  }
  absl::Status Record(std::vector<SendReport> reports, absl::Time now = kNow) {
    return Write(
        [&](sql::Transaction& tx) { return RecordOutcomes(tx, contacts_, reports, {}, absl::Minutes(10), now); });
  }
  static SendReport Accepted(const Intent& i) {
    return SendReport::Of(std::make_shared<const Message>(i.message),
                          {.result = SendResult::kAccepted, .wamid = absl::StrCat("wamid.", i.message.id.ToString())});
  }
  static SendReport Refused(const Intent& i, int code) {
    return {i.message.id,
            i.message.progress.attempt,
            {.result = SendResult::kRefused, .graph_error = true, .code = code, .http = 400}};
  }
  Funnel Counts(const Campaign& c) {
    auto counts = Write([&](sql::Transaction& tx) { return CampaignRepository::Counts(tx, c.id); });
    auto actual = Write([&](sql::Transaction& tx) { return CampaignRepository::Recount(tx, c.id); });
    EXPECT_EQ(*counts, *actual) << "counters equal the rows";
    return MakeFunnel(*counts);
  }
  std::vector<std::string> EventTypes() {
    std::vector<std::string> out;
    auto events = Write([](sql::Transaction& tx) { return events::Read(tx, 0, 1000); });
    for (const events::StoredEvent& e : *events) out.push_back(e.type);
    return out;
  }
  absl::StatusOr<ItemResult> Status(const Message& m, ReportedStatus status, int at, int code = 0) {
    StatusItem item{.wamid = absl::StrCat("wamid.", m.id.ToString()), .callback = CallbackId(m.id.ToString(), 1)};
    item.report = {status, kNow + absl::Seconds(at), 0, code};
    return ApplyOne(item, kNow + absl::Seconds(100));
  }
  absl::StatusOr<ItemResult> Inbound(const Contact& from, const std::string& text, const std::string& payload = "",
                                     const std::string& names = "") {
    InboundItem item{.wamid = absl::StrCat("in.", ++made_),
                     .wa_id = from.phone.substr(1),
                     .names_wamid = names,
                     .at = kNow + absl::Seconds(10 + inbound_++)};
    item.content = {.kind = payload.empty() ? InboundKind::kText : InboundKind::kTemplateButton,
                    .type = "text",
                    .text = text,
                    .reply_id = payload};
    last_inbound_ = item;
    return Apply(item);
  }
  absl::StatusOr<ItemResult> Apply(const InboundItem& item) { return ApplyOne(item, kNow + absl::Seconds(11)); }
  // A webhook item in a transaction of its own, about the sender.
  template <class Item>
  absl::StatusOr<ItemResult> ApplyOne(const Item& item, absl::Time now) {
    return Write([&](sql::Transaction& tx) -> absl::StatusOr<ItemResult> {
      const ComplianceWords words;
      CountDeltas deltas;
      BatchFacts facts;
      ASSIGN_OR_RETURN(const ItemResult r, ApplyItem({tx, contacts_, words, sender_, deltas, facts, now}, item));
      RETURN_IF_ERROR(deltas.Flush(tx));
      return r;
    });
  }

  sql::TestDatabase db_{std::vector<sql::MigrationSet>{
      {"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"messaging", &Migrations()}}};
  DataKey key_ = *DataKey::FromSecret(std::string(32, 'k'));
  ContactRepository contacts_{key_};
  const Uuid channel_ = Uuid::New(kNow), sender_ = Uuid::New(kNow);
  std::vector<Contact> people_;
  InboundItem last_inbound_;
  int made_ = 0;
  int inbound_ = 0;
};

}  // namespace vinculo::messaging
