#pragma once

// Kinds of durable jobs, enqueued by api and run by work. Payloads are what stands beside them.
namespace vinculo::messaging {

inline constexpr char kJobSubmitTemplate[] = "template_submit";    // channel id, name and language, each on a line
inline constexpr char kJobDeleteTemplate[] = "template_delete";    // the same; no language means all
inline constexpr char kJobUnpauseTemplate[] = "template_unpause";  // the same, with a language
inline constexpr char kJobSyncTemplates[] = "template_sync";       // channel id
inline constexpr char kJobFreeze[] = "campaign_freeze";            // campaign id
inline constexpr char kJobStanding[] = "contact_standing";         // contact id
inline constexpr char kJobMoveHistory[] = "contact_move";          // ids of the loser and the survivor, each on a line
inline constexpr char kJobErase[] = "contact_erase";               // JSON, written and read by erasure
inline constexpr char kJobForgetImport[] = "import_forget";        // import id
inline constexpr char kJobEmptyList[] = "list_empty";              // list id
inline constexpr char kJobSkip[] = "campaign_skip";                // campaign id and reason, each on a line
inline constexpr char kJobMarkRead[] = "mark_read";    // sender id, wamid, 1 for typing, until when (microseconds)
inline constexpr char kJobRetry[] = "campaign_retry";  // RetryWork
inline constexpr char kJobSubscribe[] = "channel_subscribe";   // channel id
inline constexpr char kJobRefreshSender[] = "sender_refresh";  // sender id

}  // namespace vinculo::messaging
