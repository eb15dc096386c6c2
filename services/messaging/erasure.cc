#include "services/messaging/erasure.h"

#include <algorithm>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/events/consumer.h"
#include "common/events/event_log.h"
#include "common/jobs/job_queue.h"
#include "common/json/json_text.h"
#include "common/sql/replay_log.h"
#include "common/status/status_macros.h"
#include "google/protobuf/message.h"
#include "services/messaging/announce.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/erasure_repository.h"
#include "services/messaging/store/media_repository.h"
#include "vinculo/options/v1/options.pb.h"

namespace vinculo::messaging {
namespace {

using Json = nlohmann::json;

constexpr int kPage = 500;
constexpr int kBodies = 64;
constexpr absl::Duration kUnprocessedWait = absl::Seconds(2);

enum class Stage { kRows = 0, kEvents = 1, kReplies = 2, kDeadLetters = 3, kRaw = 4, kDone = 5 };

// How far the emptying of one person came.
struct Erasure {
  std::vector<Uuid> ids;            // the contact and those merged into it
  std::vector<std::string> values;  // what names the person in bodies: gone from the store otherwise
  std::string customer;             // what names the person in profiling's events; "" when not known
  Stage stage = Stage::kRows;
  std::string cursor;

  std::vector<std::string> Needles() const {
    std::vector<std::string> out = values;
    for (const Uuid& id : ids) out.push_back(id.ToString());
    return out;
  }
};

std::string Encode(const Erasure& p) {
  Json ids = Json::array();
  for (const Uuid& id : p.ids) ids.push_back(id.ToString());
  return DumpJson({{"c", ids},
                   {"v", p.values},
                   {"u", p.customer},
                   {"s", static_cast<int>(p.stage)},
                   {"k", absl::BytesToHexString(p.cursor)}});
}

absl::StatusOr<Erasure> Decode(const std::string& payload) {
  return DecodeStoredJson<Erasure>(payload, [](const Json& j) {
    Erasure p;
    for (const Json& id : j.at("c")) p.ids.push_back(Uuid::Parse(id.get<std::string>()).value_or(Uuid()));
    p.values = j.at("v").get<std::vector<std::string>>();
    p.customer = j.at("u").get<std::string>();
    p.stage = static_cast<Stage>(j.at("s").get<int>());
    p.cursor = absl::HexStringToBytes(j.at("k").get<std::string>());
    return p;
  });
}

void Advance(Erasure& p) {
  p.stage = static_cast<Stage>(static_cast<int>(p.stage) + 1);
  p.cursor.clear();
}

absl::Status SkipErased(sql::Transaction& tx, const std::vector<Uuid>& ids, absl::Time now) {
  CountDeltas deltas;
  for (const Uuid& id : ids) {
    ASSIGN_OR_RETURN(std::vector<Recipient> queued, CampaignRepository::QueuedOf(tx, id));
    for (Recipient& row : queued) {
      RETURN_IF_ERROR(SkipRow(tx, row, "ERASED", deltas, now));
    }
  }
  return deltas.Flush(tx);
}

// Opt-outs outlive the person, under every identity, also one that was only recorded.
absl::Status KeepOptOuts(sql::Transaction& tx, const ContactRepository& contacts, const Contact& contact,
                         absl::Time now) {
  RETURN_IF_ERROR(contacts.SpreadSuppressions(tx, contact, now));
  if (contact.marketing != Decision::kRevoked) return absl::OkStatus();
  return contacts.Suppress(tx, contact, kSuppressedMarketing, std::nullopt, now);
}

// Clears whatever the contract marks as personal, at any depth.
void ClearPersonal(google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->options().GetExtension(options::v1::pii)) {
      reflection.ClearField(&message, field);
    } else if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) {
      continue;
    } else if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i)
        ClearPersonal(*reflection.MutableRepeatedMessage(&message, field, i));
    } else {
      ClearPersonal(*reflection.MutableMessage(&message, field));
    }
  }
}

// The payload without what is personal; empty when this binary does not know its type.
std::string Redacted(const events::StoredEvent& event) {
  const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(event.payload_type);
  if (type == nullptr) return "";
  const std::unique_ptr<google::protobuf::Message> payload(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  if (!payload->ParseFromString(event.payload)) return "";
  ClearPersonal(*payload);
  return payload->SerializeAsString();
}

absl::Status ScrubEvents(sql::Transaction& tx, Erasure& p) {
  int64_t after = 0;
  (void)absl::SimpleAtoi(p.cursor, &after);
  absl::StatusOr<std::vector<events::StoredEvent>> page = events::Read(tx, after, kPage);
  // Old ones were swept meanwhile: the rest begins anew.
  if (absl::IsFailedPrecondition(page.status())) page = events::Read(tx, 0, kPage);
  RETURN_IF_ERROR(page.status());
  const std::vector<std::string> needles = p.Needles();
  for (const events::StoredEvent& event : *page) {
    const bool about = absl::c_any_of(needles, [&](const std::string& needle) {
      return event.subject == needle || event.payload.find(needle) != std::string::npos;
    });
    if (about) RETURN_IF_ERROR(events::Redact(tx, event.seq, Redacted(event)));
  }
  if (static_cast<int>(page->size()) < kPage) return Advance(p), absl::OkStatus();
  p.cursor = absl::StrCat(page->back().seq);
  return absl::OkStatus();
}

absl::Status ScrubRows(sql::Transaction& tx, Erasure& p) {
  bool more = false;
  for (const Uuid& id : p.ids) {
    for (auto* scrub :
         {ErasureRepository::ScrubMessages, ErasureRepository::ScrubRecipients, ErasureRepository::ScrubInbound}) {
      ASSIGN_OR_RETURN(const int64_t n, scrub(tx, id, kPage));
      more = more || n == kPage;
    }
    if (more) return absl::OkStatus();
  }
  Advance(p);
  return absl::OkStatus();
}

// True when the next page has to wait for the inbox.
absl::StatusOr<bool> ScrubPage(sql::Transaction& tx, Erasure& p) {
  switch (p.stage) {
    case Stage::kRows:
      RETURN_IF_ERROR(ScrubRows(tx, p));
      return false;
    case Stage::kEvents:
      RETURN_IF_ERROR(ScrubEvents(tx, p));
      return false;
    case Stage::kReplies: {
      ASSIGN_OR_RETURN(p.cursor, sql::RedactReplies(tx, p.cursor, p.Needles(), kPage));
      if (p.cursor.empty()) Advance(p);
      return false;
    }
    case Stage::kDeadLetters: {
      std::vector<std::string> needles = p.Needles();
      if (!p.customer.empty()) needles.push_back(p.customer);
      ASSIGN_OR_RETURN(p.cursor, events::RedactDeadLetters(tx, p.cursor, needles, kPage));
      if (p.cursor.empty()) Advance(p);
      return false;
    }
    case Stage::kRaw: {
      const Uuid after = Uuid::FromBytes(p.cursor).value_or(Uuid());
      ASSIGN_OR_RETURN(const ErasureRepository::RawPage page,
                       ErasureRepository::ScrubRaw(tx, after, p.values, kBodies));
      p.cursor = std::string(page.last.bytes());
      if (page.done) Advance(p);
      return page.waits;
    }
    case Stage::kDone:
      return false;
  }
  return false;
}

}  // namespace

absl::Status EraseContact(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& contact_id,
                          absl::Time now) {
  ASSIGN_OR_RETURN(Contact contact, contacts.Get(tx, contact_id));
  if (contact.state != ContactState::kActive) return absl::OkStatus();
  RETURN_IF_ERROR(contacts.LoadIdentities(tx, contact));
  RETURN_IF_ERROR(KeepOptOuts(tx, contacts, contact, now));
  Erasure progress{.customer = contact.customer_id};
  ASSIGN_OR_RETURN(progress.ids, contacts.Aliases(tx, contact.id));
  progress.ids.push_back(contact.id);
  for (const Identity& id : contact.identities) {
    // Without the plus a phone is found where only digits are written.
    progress.values.push_back(id.kind == IdentityKind::kPhone ? id.value.substr(1) : id.value);
  }
  RETURN_IF_ERROR(SkipErased(tx, progress.ids, now));
  for (const Uuid& id : progress.ids) RETURN_IF_ERROR(MediaRepository::ForgetContact(tx, id));
  ASSIGN_OR_RETURN(const std::vector<Uuid> lists, contacts.ListsOfContact(tx, contact.id));
  for (const Uuid& list : lists) RETURN_IF_ERROR(ListRepository::RemoveMember(tx, list, contact.id).status());
  RETURN_IF_ERROR(ErasureRepository::ScrubConsents(tx, contact.id));
  RETURN_IF_ERROR(ErasureRepository::ScrubContact(tx, contact.id, now));
  RETURN_IF_ERROR(AnnounceErased(tx, contact.id, contact.customer_id, now));
  return jobs::Enqueue(tx,
                       {.kind = kJobErase, .key = contact.id.ToString(), .due_at = now, .payload = Encode(progress)});
}

absl::Status ErasePage(sql::Transaction& tx, const std::string& key, const std::string& payload, absl::Time now) {
  ASSIGN_OR_RETURN(Erasure progress, Decode(payload));
  ASSIGN_OR_RETURN(const bool waits, ScrubPage(tx, progress));
  if (progress.stage == Stage::kDone) return jobs::Cancel(tx, kJobErase, key).status();
  return jobs::Enqueue(
      tx, {.kind = kJobErase, .key = key, .due_at = waits ? now + kUnprocessedWait : now, .payload = Encode(progress)});
}

}  // namespace vinculo::messaging
