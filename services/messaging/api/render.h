#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/domain/contact.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/domain/routing.h"
#include "services/messaging/domain/template_lint.h"
#include "services/messaging/domain/template_render.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/store/import_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "vinculo/messaging/v1/campaign_service.pb.h"
#include "vinculo/messaging/v1/channel_service.pb.h"
#include "vinculo/messaging/v1/contact_service.pb.h"
#include "vinculo/messaging/v1/message_service.pb.h"
#include "vinculo/messaging/v1/routing_service.pb.h"
#include "vinculo/messaging/v1/template_service.pb.h"

// Domain values to replies. `personal` false leaves out or masks personal data [M-127].
namespace vinculo::messaging {

void RenderContent(const Content& in, v1::Content* out);
void RenderMessage(const Message& in, bool personal, v1::Message* out);
void RenderHold(const Hold& in, v1::Hold* out);
void RenderReplyRoute(const ReplyRoute& in, v1::ReplyRoute* out);
void RenderRule(const RoutingRule& in, v1::RoutingRule* out);
void RenderComponents(const TemplateComponents& in, v1::TemplateComponents* out);
void RenderVersion(const TemplateVersion& in, v1::TemplateVersion* out);
void RenderTemplate(const Template& in, v1::Template* out);
void RenderFindings(const std::vector<Finding>& in, google::protobuf::RepeatedPtrField<v1::Finding>* out);
void RenderRendered(const RenderedTemplate& in, v1::RenderedTemplate* out);
void RenderContact(const Contact& in, bool personal, v1::Contact* out);
void RenderConsent(const Consent& in, v1::Consent* out);
void RenderSuppression(const Uuid& contact, const Suppression& in, v1::Suppression* out);
void RenderList(const ContactList& in, v1::ContactList* out);
void RenderImport(const Import& in, v1::Import* out);
void RenderImportRow(const ImportRowReport& in, v1::ImportRow* out);
void RenderFilter(const AudienceFilter& in, v1::AudienceFilter* out);
void RenderCampaign(const Campaign& in, int64_t in_flight, v1::Campaign* out);
void RenderRecipient(const Recipient& in, v1::CampaignRecipient* out);
void RenderChannel(const Channel& in, v1::Channel* out);
void RenderSender(const Sender& in, v1::Sender* out);

}  // namespace vinculo::messaging
