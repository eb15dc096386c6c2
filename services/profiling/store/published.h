#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/sql/database.h"
#include "services/profiling/domain/compiled_flow.h"
#include "services/profiling/store/catalogue_repository.h"
#include "services/profiling/store/flow_repository.h"
#include "services/profiling/store/snapshot.h"

namespace vinculo::profiling {

// Reads the bytes that this room keeps without looking inside. Made by the api, which knows the contracts.
struct BlobReaders {
  std::function<absl::StatusOr<FlowDefinition>(absl::string_view)> flow;
  std::function<absl::StatusOr<Matrix>(absl::string_view)> matrix;
  std::function<absl::StatusOr<Product>(absl::string_view)> product;
  std::function<absl::StatusOr<std::vector<Product>>(absl::string_view)> products;
};

// A matrix ready to recommend by, with what is available of it.
struct ReadyMatrix {
  std::shared_ptr<const CompiledMatrix> matrix;
  Availability availability;
  std::string hash;  // of the compiled matrix, in hex
};

// What is published for one tenant, immutable.
struct TenantView {
  int64_t publication = 0;  // the count of changes that it holds
  absl::flat_hash_map<std::pair<std::string, int>, std::shared_ptr<const CompiledFlow>> flows;
  absl::flat_hash_map<std::string, int> live;  // flow -> version
  absl::flat_hash_map<std::string, Product> catalogue;
  absl::flat_hash_map<std::string, std::shared_ptr<const ReadyMatrix>>
      matrices;  // latest versions, over the live catalogue
  // Availability of the products of flows' own matrices.
  absl::flat_hash_map<const CompiledMatrix*, Availability> availability;

  // The products of a flow's matrix that may be recommended now.
  Bits Available(const CompiledMatrix& matrix, absl::Time now) const;
};

// Everything published, in memory; the read path takes no lock. A change becomes visible to readers when Invalidate was
// called after its commit and the tenant is looked at again; on a store that other replicas write to, each look
// compares the count of changes first.
class Published : public std::enable_shared_from_this<Published> {
 public:
  // Shared, since a reload may still run when its owner goes.
  static std::shared_ptr<Published> Make(sql::Database& database, BlobReaders readers) {
    return std::shared_ptr<Published>(new Published(database, std::move(readers)));
  }

  // The tenant's view, loaded first when there is none or it is stale. Not on the database's own threads.
  absl::StatusOr<std::shared_ptr<const TenantView>> View(const sql::Scope& scope);
  // The view as it is in memory, possibly a moment old; never loads. For steps inside a transaction.
  std::shared_ptr<const TenantView> Current(const std::string& tenant) const;
  // To be called after a commit that changed flows, matrices or products: reloads on the read pool.
  void Invalidate(const std::string& tenant);

  // The compiled version, from memory or, when it is too new for that, from the transaction. What another replica has
  // published since is in Current afterwards. NOT_FOUND `FLOW_VERSION_NOT_FOUND`.
  absl::StatusOr<std::shared_ptr<const CompiledFlow>> FlowFor(sql::Transaction& tx, const std::string& flow_id,
                                                              int version);
  const BlobReaders& readers() const { return readers_; }

  // Compiles a stored version with the products of its publication.
  absl::StatusOr<std::shared_ptr<const CompiledFlow>> Compile(sql::Transaction& tx, const VersionRow& row) const;

 private:
  struct Entry {
    std::shared_ptr<const TenantView> view;
    int64_t wanted = 0;   // raised by each change
    int64_t loaded = -1;  // the change that `view` holds at least
  };
  Published(sql::Database& database, BlobReaders readers) : database_(database), readers_(std::move(readers)) {}
  // Whether a view loaded earlier still holds everything that is committed.
  absl::StatusOr<bool> IsNewest(const sql::Scope& scope, const TenantView& view);
  // On a store that others write to, brings the view up to what the transaction sees.
  absl::Status Refresh(sql::Transaction& tx);
  void Keep(const std::string& tenant, int64_t generation, std::shared_ptr<const TenantView> view);
  using Entries = absl::flat_hash_map<std::string, Entry>;

  absl::StatusOr<std::shared_ptr<const TenantView>> Load(sql::Transaction& tx, const TenantView* before) const;
  absl::Status LoadCatalogue(sql::Transaction& tx, TenantView& view) const;
  absl::Status LoadFlows(sql::Transaction& tx, const TenantView* before, TenantView& view) const;

  sql::Database& database_;
  const BlobReaders readers_;
  Snapshot<Entries> entries_;
};

// SHA-256 in hex.
std::string HexDigest(absl::string_view text);

}  // namespace vinculo::profiling
