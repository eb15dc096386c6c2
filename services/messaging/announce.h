#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/domain/contact.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/domain/template.h"
#include "vinculo/messaging/v1/events.pb.h"

// The events of this service, written in the transaction of the change they tell of. Shared by api and work.
namespace vinculo::messaging {

void RenderIdentities(const std::vector<Identity>& identities,
                      google::protobuf::RepeatedPtrField<v1::ContactIdentity>* out);

void RenderInbound(const InboundContent& content, v1::InboundContent* out);

// `message.sent`, `.delivered`, `.read` or `.failed` for the state the message has come to; nothing for the other
// states.
absl::Status AnnounceMessage(sql::Transaction& tx, const Message& message, absl::Time now);
absl::Status AnnounceUnknown(sql::Transaction& tx, const Message& message, absl::Time now);
absl::Status AnnounceEchoed(sql::Transaction& tx, const Message& message, const InboundContent& content, absl::Time at,
                            absl::Time now);
absl::Status AnnounceReceived(sql::Transaction& tx, const v1::MessageReceived& received, absl::Time at, absl::Time now);
// `type` is `campaign.scheduled`, `.started`, `.resumed`, `.completed` or `.cancelled`.
absl::Status AnnounceCampaign(sql::Transaction& tx, const Campaign& campaign, const char* type, absl::Time now);
// `campaign.paused` with its reason.
absl::Status AnnouncePaused(sql::Transaction& tx, const Campaign& campaign, absl::Time now);
// `type` is `template.submitted` or `template.status_changed`.
absl::Status AnnounceTemplate(sql::Transaction& tx, const Template& t, const Translation& translation, const char* type,
                              absl::Time now);
absl::Status AnnounceCategory(sql::Transaction& tx, const Template& t, const Translation& translation, Category before,
                              absl::Time now);
absl::Status AnnounceQuality(sql::Transaction& tx, const Template& t, const Translation& translation, absl::Time now);
// `scope` is MARKETING or INITIATED; the contact's identities are loaded.
absl::Status AnnounceOptOut(sql::Transaction& tx, const Contact& contact, const char* scope, const std::string& source,
                            absl::Time now);
absl::Status AnnounceOptIn(sql::Transaction& tx, const Contact& contact, const std::string& source, absl::Time now);
// The contact cannot be delivered to until `until`.
absl::Status AnnounceUnreachable(sql::Transaction& tx, const Contact& contact, absl::Time until, absl::Time now);
// `loser` was merged into the contact.
absl::Status AnnounceMerged(sql::Transaction& tx, const Contact& survivor, const Uuid& loser, absl::Time now);
absl::Status AnnounceErased(sql::Transaction& tx, const Uuid& contact, const std::string& customer_id, absl::Time now);
absl::Status AnnounceSender(sql::Transaction& tx, const Uuid& sender, SenderState state, const std::string& reason,
                            absl::Time now);
// `sender.limit_changed`: what holds now.
absl::Status AnnounceLimit(sql::Transaction& tx, const Sender& sender, absl::Time now);
absl::Status AnnounceImport(sql::Transaction& tx, const v1::ImportFinished& finished, absl::Time now);

}  // namespace vinculo::messaging
