#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/id/uuid.h"
#include "common/sql/transaction.h"
#include "common/status/error.h"
#include "services/messaging/domain/audience.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/content.h"
#include "services/messaging/domain/routing.h"
#include "services/messaging/domain/template.h"
#include "vinculo/messaging/v1/audience.pb.h"
#include "vinculo/messaging/v1/campaign_service.pb.h"
#include "vinculo/messaging/v1/content.pb.h"
#include "vinculo/messaging/v1/routing_service.pb.h"
#include "vinculo/messaging/v1/template_service.pb.h"

// Requests to domain values, collecting every violation.
namespace vinculo::messaging {

Content ParseContent(const v1::Content& in, absl::string_view field, FieldViolations& bad);
TemplateContent ParseTemplateContent(const v1::TemplateContent& in);
Hold ParseHold(const v1::Hold& in, absl::string_view field, absl::Time now, FieldViolations& bad);
// The sender named, else the tenant's default. NOT_FOUND SENDER_NOT_FOUND.
absl::StatusOr<Uuid> ResolveSenderId(sql::Transaction& tx, const std::optional<Uuid>& named);
// A route is required when `required`.
ReplyRoute ParseReplyRoute(const v1::ReplyRoute& in, absl::string_view field, bool required, FieldViolations& bad);

// Structure only: what WhatsApp would reject is the linter's to say.
TemplateComponents ParseComponents(const v1::TemplateComponents& in, absl::string_view field, FieldViolations& bad);
Category ParseCategory(v1::TemplateCategory in, absl::string_view field, bool required, FieldViolations& bad);
// Of a field `variable_format`; positional unless it says otherwise.
VariableFormat ParseFormat(v1::VariableFormat in, FieldViolations& bad);

AudienceFilter ParseFilter(const v1::AudienceFilter& in, absl::string_view field, FieldViolations& bad, int depth = 1);
CampaignStart ParseStart(const v1::CampaignStart& in, absl::string_view field, FieldViolations& bad);
// What people set. Whether times lie ahead is the caller's to check, who knows what it was before.
Campaign ParseCampaign(const v1::Campaign& in, absl::Time now, FieldViolations& bad);
RoutingRule ParseRule(const v1::RoutingRule& in, FieldViolations& bad);

}  // namespace vinculo::messaging
