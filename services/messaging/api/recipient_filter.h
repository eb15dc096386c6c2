#pragma once

#include "common/status/error.h"
#include "services/messaging/store/recipient_query.h"
#include "vinculo/messaging/v1/campaign_service.pb.h"

namespace vinculo::messaging {

// What the request fields `state`, `reason`, `figure`, `reply` and `opted_out` ask for. A state and a figure at once is
// a violation: a figure is made of states.
RecipientFilter ParseRecipientFilter(v1::RecipientState state, const std::string& reason, v1::RecipientFigure figure,
                                     v1::ReplyFilter reply, bool opted_out, FieldViolations& bad);

}  // namespace vinculo::messaging
