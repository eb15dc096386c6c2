#include "services/profiling/store/published.h"

#include "common/http/crypto.h"
#include "common/status/status_macros.h"
#include "services/profiling/domain/flow_lint.h"
#include "services/profiling/store/publication.h"

namespace vinculo::profiling {
namespace {

constexpr int kPage = 1000;

}  // namespace

std::string HexDigest(absl::string_view text) { return crypto::HexEncode(crypto::Sha256(text)); }

Bits TenantView::Available(const CompiledMatrix& matrix, absl::Time now) const {
  const auto found = availability.find(&matrix);
  return found == availability.end() ? Availability(matrix, catalogue).At(now) : found->second.At(now);
}

std::shared_ptr<const TenantView> Published::Current(const std::string& tenant) const {
  static const auto* const kEmpty = new std::shared_ptr<const TenantView>(std::make_shared<const TenantView>());
  const std::shared_ptr<const Entries> entries = entries_.Load();
  const auto found = entries->find(tenant);
  return found == entries->end() || found->second.view == nullptr ? *kEmpty : found->second.view;
}

void Published::Keep(const std::string& tenant, int64_t generation, std::shared_ptr<const TenantView> view) {
  entries_.Update([&](Entries entries) {
    Entry& entry = entries[tenant];
    if (generation >= entry.loaded) {
      entry.view = view;
      entry.loaded = generation;
    }
    return entries;
  });
}

void Published::Invalidate(const std::string& tenant) {
  Entry entry;
  entries_.Update([&](Entries entries) {
    ++entries[tenant].wanted;
    entry = entries[tenant];
    return entries;
  });
  database_.ReadOnPool(
      sql::Scope::ForTenant(tenant),
      [self = shared_from_this(), before = entry.view](sql::Transaction& tx) { return self->Load(tx, before.get()); },
      [self = shared_from_this(), tenant,
       generation = entry.wanted](absl::StatusOr<std::shared_ptr<const TenantView>> view) {
        if (view.ok()) self->Keep(tenant, generation, *std::move(view));
      });
}

absl::StatusOr<bool> Published::IsNewest(const sql::Scope& scope, const TenantView& view) {
  if (!database_.engine().shared()) return true;
  ASSIGN_OR_RETURN(const int64_t publication, database_.ReadInline(scope, ReadPublication));
  return publication == view.publication;
}

absl::Status Published::Refresh(sql::Transaction& tx) {
  if (!database_.engine().shared()) return absl::OkStatus();
  const std::shared_ptr<const TenantView> view = Current(tx.tenant());
  ASSIGN_OR_RETURN(const int64_t publication, ReadPublication(tx));
  if (publication == view->publication) return absl::OkStatus();
  const std::shared_ptr<const Entries> entries = entries_.Load();
  const auto found = entries->find(tx.tenant());
  ASSIGN_OR_RETURN(std::shared_ptr<const TenantView> newer, Load(tx, view.get()));
  Keep(tx.tenant(), found == entries->end() ? 0 : found->second.wanted, std::move(newer));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const TenantView>> Published::View(const sql::Scope& scope) {
  Entry entry;
  {
    const std::shared_ptr<const Entries> entries = entries_.Load();
    const auto found = entries->find(scope.tenant());
    if (found != entries->end()) entry = found->second;
  }
  if (entry.view != nullptr && entry.loaded >= entry.wanted) {
    ASSIGN_OR_RETURN(const bool newest, IsNewest(scope, *entry.view));
    if (newest) return entry.view;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const TenantView> view,
                   database_.ReadInline(scope, [&](sql::Transaction& tx) { return Load(tx, entry.view.get()); }));
  Keep(scope.tenant(), entry.wanted, view);
  return view;
}

absl::StatusOr<std::shared_ptr<const TenantView>> Published::Load(sql::Transaction& tx,
                                                                  const TenantView* before) const {
  auto view = std::make_shared<TenantView>();
  ASSIGN_OR_RETURN(view->publication, ReadPublication(tx));
  RETURN_IF_ERROR(LoadCatalogue(tx, *view));
  RETURN_IF_ERROR(LoadFlows(tx, before, *view));
  return std::shared_ptr<const TenantView>(std::move(view));
}

absl::Status Published::LoadCatalogue(sql::Transaction& tx, TenantView& view) const {
  std::vector<Product> products;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<ProductRow> rows, CatalogueRepository::ListProducts(tx, after, kPage));
    for (const ProductRow& row : rows) {
      ASSIGN_OR_RETURN(Product product, readers_.product(row.body));
      product.revision = row.revision;
      view.catalogue[product.product_id] = product;
      products.push_back(std::move(product));
    }
    if (rows.size() < kPage) break;
    after = rows.back().product_id;
  }
  ASSIGN_OR_RETURN(const std::vector<MatrixRow> matrices, CatalogueRepository::ListLatest(tx));
  for (const MatrixRow& row : matrices) {
    ASSIGN_OR_RETURN(Matrix matrix, readers_.matrix(row.body));
    matrix.version = row.version;
    LintFindings ignored;
    auto compiled = CompiledMatrix::Compile(matrix, products, nullptr, ignored);
    Availability availability(*compiled);
    std::string hash = HexDigest(compiled->Canonical());
    view.matrices[row.matrix_id] =
        std::make_shared<const ReadyMatrix>(ReadyMatrix{std::move(compiled), std::move(availability), std::move(hash)});
  }
  return absl::OkStatus();
}

absl::Status Published::LoadFlows(sql::Transaction& tx, const TenantView* before, TenantView& view) const {
  ASSIGN_OR_RETURN(const std::vector<VersionRow> rows, FlowRepository::ListRunning(tx));
  for (const VersionRow& row : rows) {
    const auto key = std::make_pair(row.head.flow_id, row.version);
    std::shared_ptr<const CompiledFlow> flow;
    if (before != nullptr) {
      const auto kept = before->flows.find(key);
      if (kept != before->flows.end()) flow = kept->second;
    }
    if (flow == nullptr) {
      ASSIGN_OR_RETURN(flow, Compile(tx, row));
    }
    if (row.state == VersionState::kLive) view.live[row.head.flow_id] = row.version;
    for (const CompiledFlow::Node& node : flow->nodes()) {
      if (node.matrix != nullptr)
        view.availability.emplace(node.matrix.get(), Availability(*node.matrix, view.catalogue));
    }
    view.flows.emplace(key, std::move(flow));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const CompiledFlow>> Published::Compile(sql::Transaction& tx,
                                                                       const VersionRow& row) const {
  ASSIGN_OR_RETURN(FlowDefinition definition, readers_.flow(row.definition));
  ASSIGN_OR_RETURN(const std::vector<Product> products, readers_.products(row.products));
  const CompiledMatrix::Uses uses = UsesOf(definition);
  CompiledFlow::Matrices matrices;
  for (const MatrixRef& ref : row.matrices) {
    ASSIGN_OR_RETURN(const auto stored, CatalogueRepository::FindMatrix(tx, ref.matrix_id, ref.version));
    if (!stored) return absl::DataLossError("a published flow names a matrix version that is gone");
    ASSIGN_OR_RETURN(Matrix matrix, readers_.matrix(stored->body));
    matrix.version = stored->version;
    LintFindings ignored;
    matrices[ref.matrix_id] = CompiledMatrix::Compile(matrix, products, &uses, ignored);
  }
  return CompiledFlow::Compile(row.head, row.version, std::move(definition), matrices);
}

absl::StatusOr<std::shared_ptr<const CompiledFlow>> Published::FlowFor(sql::Transaction& tx, const std::string& flow_id,
                                                                       int version) {
  RETURN_IF_ERROR(Refresh(tx));
  const std::shared_ptr<const TenantView> view = Current(tx.tenant());
  const auto found = view->flows.find(std::make_pair(flow_id, version));
  if (found != view->flows.end()) return found->second;
  ASSIGN_OR_RETURN(const VersionRow row, FlowRepository::GetVersion(tx, flow_id, version));
  return Compile(tx, row);
}

}  // namespace vinculo::profiling
