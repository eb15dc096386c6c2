#pragma once

#include "services/support/domain/report.h"
#include "services/support/domain/survey.h"
#include "services/support/domain/types.h"
#include "services/support/store/desk.h"
#include "vinculo/support/v1/csat_service.pb.h"
#include "vinculo/support/v1/directory_service.pb.h"
#include "vinculo/support/v1/events.pb.h"
#include "vinculo/support/v1/report_service.pb.h"
#include "vinculo/support/v1/ticket_service.pb.h"

// Domain values to replies.
namespace vinculo::support {

void RenderConversation(const Conversation& conversation, v1::Conversation* out);
void RenderMessage(const Message& message, v1::Message* out);
void RenderReceived(const Received& received, v1::IngestMessageResponse* out);
void RenderHistoryEvent(const HistoryEvent& event, v1::ConversationEvent* out);
void RenderAttachments(const std::vector<Attachment>& attachments,
                       google::protobuf::RepeatedPtrField<v1::Attachment>* out);
void RenderTeam(const Team& team, v1::Team* out);
void RenderAgent(const Agent& agent, v1::Agent* out);
void RenderInbox(const Inbox& inbox, v1::Inbox* out);
void RenderTag(const Tag& tag, v1::Tag* out);
void RenderSurvey(const Survey& survey, v1::Survey* out);
void RenderRating(const Survey& survey, v1::Rating* out);
// `now` gives the age of the oldest unanswered.
void RenderFigures(const Figures& figures, absl::Time now, v1::WeekFigures* out);
// What moved between two weeks, only what either has.
void RenderChanges(const Figures& current, const Figures& previous,
                   google::protobuf::RepeatedPtrField<v1::FigureChange>* out);

}  // namespace vinculo::support
