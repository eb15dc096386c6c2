#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/status/error.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "services/support/domain/filter.h"
#include "services/support/domain/report.h"
#include "services/support/store/desk.h"
#include "services/support/store/importer.h"
#include "vinculo/support/v1/directory_service.pb.h"
#include "vinculo/support/v1/import_export_service.pb.h"
#include "vinculo/support/v1/report_service.pb.h"
#include "vinculo/support/v1/ticket_service.pb.h"

// Requests to domain values. Each adds every violation it finds to `bad`, with the path as the caller wrote it, and
// returns a harmless value where there was one.
namespace vinculo::support {

// The enumerator with this number; 0 is `otherwise` when there is one, else a violation, like every unknown number.
Channel ParseChannel(absl::string_view field, int value, FieldViolations& bad);
Priority ParsePriority(absl::string_view field, int value, FieldViolations& bad);

// Ids that other systems make: one line, not empty.
std::string ParsePersonId(absl::string_view field, absl::string_view value, FieldViolations& bad);
std::string ParseOptionalId(absl::string_view field, absl::string_view value, FieldViolations& bad);
// Empty is the default inbox.
std::string ParseInbox(absl::string_view field, absl::string_view value, FieldViolations& bad);
std::vector<std::string> ParseTags(absl::string_view field,
                                   const google::protobuf::RepeatedPtrField<std::string>& values, FieldViolations& bad);
std::string ParseBody(absl::string_view field, absl::string_view value, FieldViolations& bad);
std::vector<Attachment> ParseAttachments(const google::protobuf::RepeatedPtrField<v1::Attachment>& values,
                                         FieldViolations& bad);

struct NewConversation {
  Conversation conversation;
  std::optional<Message> first;
};
NewConversation ParseCreate(const v1::CreateConversationRequest& request, const std::string& caller, absl::Time now,
                            FieldViolations& bad);
Inbound ParseIngest(const v1::IngestMessageRequest& request, absl::Time now, FieldViolations& bad);
Outgoing ParseReply(const v1::PostReplyRequest& request, const std::string& caller, FieldViolations& bad);
ConversationFilter ParseFilter(const v1::ConversationFilter& filter, FieldViolations& bad);

Team ParseTeam(const v1::Team& team, FieldViolations& bad);
Agent ParseAgent(const v1::Agent& agent, absl::Time now, FieldViolations& bad);
Inbox ParseInboxResource(const v1::Inbox& inbox, FieldViolations& bad);
Tag ParseTag(const v1::Tag& tag, FieldViolations& bad);

// The query of a metric without its buckets. UNKNOWN_METRIC is the caller's to check.
MetricQuery ParseMetricQuery(const v1::GetMetricRequest& request, FieldViolations& bad);

ImportItem ParseImport(const v1::ImportedConversation& imported, absl::Time now, FieldViolations& bad);

}  // namespace vinculo::support
