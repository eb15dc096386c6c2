#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/template.h"
#include "services/messaging/domain/template_lint.h"

namespace vinculo::messaging {

// What WhatsApp says about a translation.
struct ProviderVerdict {
  std::string graph_id;
  std::string status;
  Category category = Category::kUnspecified;  // unspecified keeps it
  std::string rejected_reason;
  std::string quality;  // "" keeps it
  absl::Time at;        // older than the last applied: ignored
};

struct TranslationKey {
  Uuid channel_id;
  std::string name;
  std::string language;
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
  // One version's components; NOT_FOUND TEMPLATE_NOT_FOUND.
  static absl::StatusOr<TemplateComponents> GetVersion(sql::Transaction& tx, const TranslationKey& key, int version);

  // Adds a translation as draft version 1, and the template when it is new.
  static absl::Status Create(sql::Transaction& tx, const TranslationKey& key, VariableFormat format, Category category,
                             const TemplateComponents& components, absl::Time now);
  // Replaces the draft, or begins version `last + 1`.
  static absl::Status SaveDraft(sql::Transaction& tx, const TranslationKey& key, Category category,
                                const TemplateComponents& components, absl::Time now);
  // The draft becomes the submitted version, state SUBMITTING.
  static absl::Status Freeze(sql::Transaction& tx, const TranslationKey& key, absl::Time now);
  // Back to a draft, with why.
  static absl::Status FailSubmission(sql::Transaction& tx, const TranslationKey& key, const std::string& reason,
                                     absl::Time now);
  // Applies WhatsApp's word; false when it is older than what was applied before.
  static absl::StatusOr<bool> ApplyVerdict(sql::Transaction& tx, const TranslationKey& key,
                                           const ProviderVerdict& verdict, absl::Time now);
  static absl::StatusOr<std::optional<TranslationKey>> FindByGraphId(sql::Transaction& tx, const std::string& graph_id);

  // What the linter needs to know.
  static absl::StatusOr<AccountFacts> Facts(sql::Transaction& tx, const TranslationKey& key,
                                            const TemplateComponents& components);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
