#include "services/messaging/work/profiling_feed.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "google/protobuf/util/time_util.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/erasure.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "vinculo/profiling/v1/events.pb.h"

namespace vinculo::messaging {
namespace {

namespace p = vinculo::profiling::v1;

absl::Time ToTime(const google::protobuf::Timestamp& t) {
  return absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(t));
}

template <class E>
absl::StatusOr<E> Unpack(const events::v1::Event& event) {
  E payload;
  if (event.payload().UnpackTo(&payload)) return payload;
  return Error(absl::StatusCode::kInvalidArgument, "EVENT_PAYLOAD",
               absl::StrCat("not what ", event.type(), " should carry"));
}

// Where a session runs; nullopt for other channels, and for contacts and numbers that are not ours.
struct Place {
  Uuid sender;
  Uuid contact;
};
absl::StatusOr<std::optional<Place>> PlaceOf(const ContactRepository& contacts, sql::Transaction& tx,
                                             const std::string& sender, const std::string& contact) {
  const std::optional<Uuid> sender_id = Uuid::Parse(sender), contact_id = Uuid::Parse(contact);
  if (!sender_id || !contact_id) return std::nullopt;
  const absl::StatusOr<Contact> found = contacts.Get(tx, *contact_id);
  const absl::Status known = ChannelRepository::GetSender(tx, *sender_id).status();
  if (absl::IsNotFound(found.status()) || absl::IsNotFound(known)) return std::nullopt;
  RETURN_IF_ERROR(found.status());
  RETURN_IF_ERROR(known);
  if (found->state != ContactState::kActive) return std::nullopt;
  return Place{*sender_id, found->id};
}

absl::Status Started(const ContactRepository& contacts, sql::Transaction& tx, const events::v1::Event& event) {
  ASSIGN_OR_RETURN(const p::SessionStarted started, Unpack<p::SessionStarted>(event));
  ASSIGN_OR_RETURN(const std::optional<Place> place, PlaceOf(contacts, tx, started.sender_id(), started.contact_id()));
  if (!place) return absl::OkStatus();
  const absl::Time at = ToTime(event.occurred_at());
  const absl::Time until = started.has_expires_at() ? ToTime(started.expires_at()) : at + kDefaultHold;
  return WindowRepository::SetHold(tx, place->sender, place->contact,
                                   {{Route::kProfiling, started.session_id()}, std::min(until, at + kMaxHold), at});
}

absl::Status Ended(const ContactRepository& contacts, sql::Transaction& tx, const events::v1::Event& event) {
  ASSIGN_OR_RETURN(const p::SessionEnded ended, Unpack<p::SessionEnded>(event));
  ASSIGN_OR_RETURN(const std::optional<Place> place, PlaceOf(contacts, tx, ended.sender_id(), ended.contact_id()));
  if (!place) return absl::OkStatus();
  return WindowRepository::ClearHold(tx, place->sender, place->contact, ended.session_id());
}

std::optional<Purpose> PurposeOf(const std::string& word) {
  if (word == "marketing") return Purpose::kMarketing;
  if (word == "transactional") return Purpose::kTransactional;
  return std::nullopt;
}

absl::Status Decided(const ContactRepository& contacts, sql::Transaction& tx, const events::v1::Event& event,
                     absl::Time now) {
  ASSIGN_OR_RETURN(const p::ProfileConsentChanged changed, Unpack<p::ProfileConsentChanged>(event));
  const p::Consent& c = changed.consent();
  const std::optional<Purpose> purpose = PurposeOf(c.purpose());
  const bool granted = c.decision() == p::Consent::DECISION_GRANTED;
  const bool refused = c.decision() == p::Consent::DECISION_DENIED || c.decision() == p::Consent::DECISION_REVOKED;
  if (changed.from_messaging() || !purpose || (!granted && !refused)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Contact> people, contacts.OfCustomer(tx, changed.profile_id()));
  for (Contact contact : people) {
    RETURN_IF_ERROR(contacts.LoadIdentities(tx, contact));
    Consent evidence{.id = Uuid::New(now),
                     .contact_id = contact.id,
                     .purpose = *purpose,
                     .decision = granted ? Decision::kGranted : Decision::kRevoked,
                     .at = c.has_at() ? ToTime(c.at()) : ToTime(event.occurred_at()),
                     .source = "profiling",
                     .text_version = c.text_hash(),
                     .reference = c.source(),
                     .actor = "profiling",
                     .by_person = granted && Uuid::Parse(c.source()).has_value()};
    if (granted && c.has_expires_at()) evidence.expires_at = ToTime(c.expires_at());
    const absl::Status acted = ActOnConsent(tx, contacts, contact, evidence, "API", now);
    // The person opted out here by an act of their own, and this is none.
    if (!acted.ok() && ErrorReason(acted) != "OPT_OUT_BY_PERSON") return acted;
  }
  return absl::OkStatus();
}

// Calls `act` for each live contact of the customer, after which the contact must be the customer's no more.
template <class Act>
absl::Status ForEachOf(const ContactRepository& contacts, sql::Transaction& tx, const std::string& customer, Act act) {
  while (true) {
    ASSIGN_OR_RETURN(std::vector<Contact> people, contacts.OfCustomer(tx, customer));
    if (people.empty()) return absl::OkStatus();
    for (Contact& contact : people) RETURN_IF_ERROR(act(contact));
  }
}

absl::Status Erased(const ContactRepository& contacts, sql::Transaction& tx, const events::v1::Event& event,
                    absl::Time now) {
  ASSIGN_OR_RETURN(const p::ProfileErased erased, Unpack<p::ProfileErased>(event));
  return ForEachOf(contacts, tx, erased.profile_id(),
                   [&](const Contact& contact) { return EraseContact(tx, contacts, contact.id, now); });
}

absl::Status Merged(const ContactRepository& contacts, sql::Transaction& tx, const events::v1::Event& event,
                    absl::Time now) {
  ASSIGN_OR_RETURN(const p::ProfileMerged merged, Unpack<p::ProfileMerged>(event));
  if (merged.into().empty() || merged.into() == merged.from()) return absl::OkStatus();
  return ForEachOf(contacts, tx, merged.from(), [&](Contact& contact) {
    contact.customer_id = merged.into();
    return contacts.Update(tx, contact, now);
  });
}

}  // namespace

std::vector<std::string> ProfilingEventTypes() {
  return {"session.started", "session.ended", "profile.consent_changed", "profile.erased", "profile.merged"};
}

absl::Status ApplyProfilingEvent(const ContactRepository& contacts, sql::Transaction& tx,
                                 const events::v1::Event& event, absl::Time now) {
  if (event.type() == "session.started") return Started(contacts, tx, event);
  if (event.type() == "session.ended") return Ended(contacts, tx, event);
  if (event.type() == "profile.consent_changed") return Decided(contacts, tx, event, now);
  if (event.type() == "profile.erased") return Erased(contacts, tx, event, now);
  if (event.type() == "profile.merged") return Merged(contacts, tx, event, now);
  return absl::OkStatus();
}

}  // namespace vinculo::messaging
