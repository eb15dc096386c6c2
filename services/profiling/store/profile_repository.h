#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/profiling/domain/identity.h"

namespace vinculo::profiling {

// Profiles with identities, traits and consents.
class ProfileRepository {
 public:
  static absl::Status Insert(sql::Transaction& tx, const Profile& profile);
  // Without identities, traits and consents.
  static absl::StatusOr<std::optional<Profile>> FindRow(sql::Transaction& tx, const Uuid& id);
  // With everything. NOT_FOUND `PROFILE_NOT_FOUND`.
  static absl::StatusOr<Profile> Get(sql::Transaction& tx, const Uuid& id);
  // Name, locale, company, contact, last seen; raises the revision.
  static absl::Status Update(sql::Transaction& tx, const Profile& profile);

  static absl::StatusOr<std::optional<Uuid>> FindByIdentity(sql::Transaction& tx, IdentityType type,
                                                            const std::string& normalized);
  // Adds it unless another profile has it; true when `profile` has it afterwards.
  static absl::StatusOr<bool> AddIdentity(sql::Transaction& tx, const Uuid& profile, const Identity& identity);
  // Writes the trait if it supersedes what is held; true when it did.
  static absl::StatusOr<bool> PutTrait(sql::Transaction& tx, const Uuid& profile, const StoredTrait& trait);
  static absl::StatusOr<std::vector<StoredTrait>> Traits(sql::Transaction& tx, const Uuid& profile);
  // Writes the decision if it is not older than what is held; true when it was.
  static absl::StatusOr<bool> PutConsent(sql::Transaction& tx, const Uuid& profile, const Consent& consent);
  static absl::StatusOr<std::optional<Consent>> FindConsent(sql::Transaction& tx, const Uuid& profile,
                                                            const std::string& purpose);
};

const std::vector<sql::Query>& ProfileQueries();

}  // namespace vinculo::profiling
