#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/api/etag.h"
#include "common/sql/transaction.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/template_repository.h"

// What the RPCs about templates share.
namespace vinculo::messaging {

// What most requests name.
struct Named {
  std::optional<Uuid> channel;
  std::string name;
  std::string language;
};

// Content may be wrong (the linter tells); names only need to be storable.
inline std::string ParseTemplateName(absl::string_view field, const std::string& name, FieldViolations& bad) {
  return text::ParseText(field, name, {.min = 1, .max = 512, .trim = false, .single_line = true}, bad);
}

template <class Request>
Named ParseNamed(const Request& request, bool language, FieldViolations& bad) {
  Named out{text::ParseOptionalUuid("channel_id", request.channel_id(), bad),
            ParseTemplateName("name", request.name(), bad), ""};
  if constexpr (requires { request.language(); }) {
    out.language = text::ParseLanguage("language", request.language(), bad);
    if (language && request.language().empty()) bad.Add("language", "is required");
  }
  return out;
}

inline absl::StatusOr<TranslationKey> Resolve(sql::Transaction& tx, const Named& named) {
  ASSIGN_OR_RETURN(const Channel channel, ChannelRepository::ResolveChannel(tx, named.channel));
  return TranslationKey{channel.id, named.name, named.language};
}

// A template with the translation that a request names.
struct Loaded {
  Template t;
  const Translation* translation = nullptr;
};

inline absl::Status Load(sql::Transaction& tx, const TranslationKey& key, std::optional<int64_t> revision,
                         Loaded& out) {
  ASSIGN_OR_RETURN(out.t, TemplateRepository::Get(tx, key.channel_id, key.name));
  RETURN_IF_ERROR(api::CheckRevision("template", key.name, revision, out.t.revision));
  out.translation = out.t.Find(key.language);
  if (out.translation == nullptr) return NotFound("template", key.name + " in " + key.language);
  return absl::OkStatus();
}

inline absl::Status Locked(absl::string_view why) {
  return Error(absl::StatusCode::kFailedPrecondition, "TEMPLATE_LOCKED", why);
}
inline absl::Status UnderWay() { return Locked("A submission is under way; wait for its answer."); }

// The draft, or without one what WhatsApp has; null for neither.
inline const TemplateVersion* NewestOf(const Translation& t) {
  if (t.draft) return &*t.draft;
  return t.submitted ? &*t.submitted : nullptr;
}

// For a new translation: ALREADY_EXISTS TEMPLATE_EXISTS, FAILED_PRECONDITION TEMPLATE_LOCKED while something of its
// name is being deleted, and the agreement of formats.
absl::Status CheckNewTranslation(sql::Transaction& tx, const TranslationKey& key, VariableFormat format);

}  // namespace vinculo::messaging
