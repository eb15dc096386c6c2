#pragma once

#include <string>

#include "absl/status/status.h"
#include "clients/vinculoctl/session.h"

namespace vinculo::ctl {

// The command that helps with a refusal of this reason; "" when there is none for it.
std::string NextCommand(const std::string& reason);

// What a person does after a refusal, under the error: the help on its reason and on the codes it names, in `language`,
// and the command to run. `session` is null while nothing was asked yet; a service that does not answer is no further
// error.
void PrintNextStep(std::ostream& out, const absl::Status& status, Session* session, const std::string& language);

}  // namespace vinculo::ctl
