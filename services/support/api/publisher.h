#pragma once

#include "services/support/store/desk.h"

namespace vinculo::support {

// Turns what the desk tells into events of the feed, in the transaction of the change. Of imports only that a
// conversation began, closed and was rated is told, marked as history.
absl::Status PublishEvents(sql::Transaction& tx, const Told& told);

}  // namespace vinculo::support
