#pragma once

#include "services/messaging/domain/content.h"
#include "services/messaging/work/json_view.h"

namespace vinculo::messaging {

// What a message says: `message` is one of `messages[]` or of `message_echoes[]`. A kind nobody knows reads as kOther.
InboundContent ParseInboundContent(const JsonView& message);

}  // namespace vinculo::messaging
