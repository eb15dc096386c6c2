#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/content.h"

namespace vinculo::messaging {

// A file that WhatsApp keeps under a Graph id.
struct StoredMedia {
  std::string id;
  Uuid sender_id;
  std::optional<Uuid> contact_id;  // of whom it came; unset for our uploads
  MediaKind kind = MediaKind::kUnspecified;
  std::string mime_type;
  std::string filename;
  int64_t size = 0;  // bytes; 0 when unknown
  absl::Time created_at;
  absl::Time expire_at;
};

class MediaRepository {
 public:
  // One that is known already is left as it is.
  static absl::Status Put(sql::Transaction& tx, const StoredMedia& media);
  static absl::StatusOr<std::optional<StoredMedia>> Find(sql::Transaction& tx, const std::string& id);
  // Those of `ids` that are known to have ended at `now`: the first one, or nullopt.
  static absl::StatusOr<std::optional<std::string>> FirstEnded(sql::Transaction& tx,
                                                               const std::vector<std::string>& ids, absl::Time now);
  // Forgets the files of a person.
  static absl::Status ForgetContact(sql::Transaction& tx, const Uuid& contact);
  // Forgets up to `limit` that ended before `before`.
  static absl::StatusOr<int64_t> Sweep(sql::Transaction& tx, absl::Time before, int limit);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
