#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/template.h"

namespace vinculo::messaging {

struct TranslationKey {
  Uuid channel_id;
  std::string name;
  std::string language;
  friend bool operator==(const TranslationKey&, const TranslationKey&) = default;
};

// Templates, their translations and versions.
class TemplateRepository {
 public:
  // NOT_FOUND TEMPLATE_NOT_FOUND.
  static absl::StatusOr<Template> Get(sql::Transaction& tx, const Uuid& channel, const std::string& name);
  static absl::StatusOr<std::optional<Template>> Find(sql::Transaction& tx, const Uuid& channel,
                                                      const std::string& name);
  // By name, after `after`.
  static absl::StatusOr<std::vector<Template>> List(sql::Transaction& tx, const Uuid& channel, const std::string& after,
                                                    int limit);
  static absl::StatusOr<std::optional<TranslationKey>> FindByGraphId(sql::Transaction& tx, const std::string& graph_id);

  // One version, with its components. NOT_FOUND TEMPLATE_NOT_FOUND.
  static absl::StatusOr<TemplateComponents> GetVersion(sql::Transaction& tx, const TranslationKey& key, int version);
  // Newest first, below `before` (0: from the newest).
  static absl::StatusOr<std::vector<TemplateVersion>> ListVersions(sql::Transaction& tx, const TranslationKey& key,
                                                                   int before, int limit);

  // Adds a translation as a draft, and the template when it is new. A translation that was deleted comes back as a
  // draft with a further version.
  static absl::Status Create(sql::Transaction& tx, const TranslationKey& key, VariableFormat format, Category category,
                             const TemplateComponents& components, absl::Time now);
  // Replaces the draft, or begins version `last + 1`.
  static absl::Status SaveDraft(sql::Transaction& tx, const TranslationKey& key, Category category,
                                const TemplateComponents& components, absl::Time now);
  // Removes a translation that was never submitted; one that was, and deleted, loses only its draft.
  static absl::Status DropDraft(sql::Transaction& tx, const TranslationKey& key, absl::Time now);

  // The draft becomes the submitted version, state SUBMITTING.
  static absl::Status Freeze(sql::Transaction& tx, const TranslationKey& key, absl::Time now);
  // One more request is made for this submission.
  static absl::Status CountPost(sql::Transaction& tx, const TranslationKey& key);
  // Back to a draft, or to what WhatsApp has, with why.
  static absl::Status FailSubmission(sql::Transaction& tx, const TranslationKey& key, const std::string& reason,
                                     absl::Time now);

  // Stores what MergeVerdict made of a translation. `visible`: the change shows, so etag and time move.
  static absl::Status SaveVerdict(sql::Transaction& tx, const TranslationKey& key, const Translation& translation,
                                  bool visible, absl::Time now);

  // --- for the sync ---
  // What WhatsApp has becomes the submitted version, as a new one of origin SYNC; template and translation are added
  // when they are new.
  static absl::Status AddSynced(sql::Transaction& tx, const TranslationKey& key, VariableFormat format,
                                Category category, const TemplateComponents& components, absl::Time now);
  // The draft is what WhatsApp has.
  static absl::Status AdoptDraft(sql::Transaction& tx, const TranslationKey& key, absl::Time now);
  static absl::Status MarkSeen(sql::Transaction& tx, const TranslationKey& key, absl::Time listing_began);
  // Translations that WhatsApp had, were not seen in the listing that began then, and have not changed since; after
  // `after`, by name and language.
  static absl::StatusOr<std::vector<TranslationKey>> Unseen(sql::Transaction& tx, const TranslationKey& after,
                                                            absl::Time listing_began, int limit);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
