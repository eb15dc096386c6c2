#pragma once

#include "services/messaging/domain/help.h"

// The words of the help, a file for each few topics; only help.cc includes this.
namespace vinculo::messaging {

absl::Span<const HelpText> SetupHelp();
absl::Span<const HelpText> TemplateHelp();
absl::Span<const HelpText> ImportHelp();
absl::Span<const HelpText> PreflightHelp();
absl::Span<const HelpText> ExclusionHelp();  // exclusions and skips
absl::Span<const HelpText> PauseHelp();      // pauses and what a campaign waits for
absl::Span<const HelpText> FailureHelp();
absl::Span<const HelpText> ErrorHelp();
absl::Span<const HelpText> WhatsAppHelp();       // numbers of WhatsApp that deserve words of their own
absl::Span<const HelpText> WhatsAppClassHelp();  // by the letter of the class, for the others

}  // namespace vinculo::messaging
