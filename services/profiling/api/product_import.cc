#include "services/profiling/api/product_import.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/profiling/api/convert_catalogue.h"
#include "services/profiling/api/convert_flow.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/store/catalogue_repository.h"

namespace vinculo::profiling {
namespace {

using Response = v1::UpsertProductsResponse;

constexpr size_t kMaxItems = 10000;

struct Item {
  int index = 0;
  v1::Product product;
  std::string refused;  // what is wrong with it by itself
};

// What is stored: the product as sent, without what the server says of it and with its rank.
std::string BodyOf(v1::Product product, int rank) {
  product.clear_etag();
  product.set_catalogue_rank(rank);
  return StableBytes(product);
}

void Report(const Item& item, Response::Result::Outcome outcome, absl::string_view reason, absl::string_view message,
            Response& out) {
  Response::Result* line = out.add_results();
  line->set_index(item.index);
  line->set_product_id(item.product.product_id());
  line->set_outcome(outcome);
  line->set_reason(std::string(reason));
  line->set_message(std::string(message));
}

absl::Status PutOne(sql::Transaction& tx, const Item& item, int& next_rank, Response& out) {
  ASSIGN_OR_RETURN(const auto before, CatalogueRepository::FindProduct(tx, item.product.product_id()));
  FieldViolations bad;
  const auto expected = api::ParseEtag(item.product.etag(), bad);
  if (!bad.empty()) return bad.ToStatus();
  if (expected)
    RETURN_IF_ERROR(api::CheckRevision("product", item.product.product_id(), expected, before ? before->revision : 0));
  int rank = item.product.catalogue_rank();
  if (rank == 0) rank = before ? before->catalogue_rank : next_rank;
  ProductRow row{item.product.product_id(), rank, before ? before->revision + 1 : 1, BodyOf(item.product, rank)};
  if (before && before->body == row.body) {
    out.set_unchanged(out.unchanged() + 1);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CatalogueRepository::PutProduct(tx, row));
  next_rank = std::max(next_rank, rank + 1);
  if (before) {
    out.set_updated(out.updated() + 1);
  } else {
    out.set_created(out.created() + 1);
  }
  Report(item, before ? Response::Result::OUTCOME_UPDATED : Response::Result::OUTCOME_CREATED, "", "", out);
  return absl::OkStatus();
}

absl::StatusOr<Response> PutAll(sql::Transaction& tx, const std::vector<Item>& items, bool atomic) {
  Response out;
  ASSIGN_OR_RETURN(int next_rank, CatalogueRepository::NextRank(tx));
  for (const Item& item : items) {
    const absl::Status status =
        item.refused.empty() ? PutOne(tx, item, next_rank, out) : absl::InvalidArgumentError(item.refused);
    if (status.ok()) continue;
    const bool own_fault = absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status) || absl::IsAborted(status);
    if (!own_fault) return status;
    const std::string reason = ErrorReason(status).empty() ? "INVALID_FIELDS" : ErrorReason(status);
    if (atomic) {
      return Error(status.code(), reason, absl::StrCat("item ", item.index, ": ", std::string(status.message())),
                   {{"index", absl::StrCat(item.index)}, {"product_id", item.product.product_id()}});
    }
    out.set_rejected(out.rejected() + 1);
    Report(item, Response::Result::OUTCOME_REJECTED, reason, status.message(), out);
  }
  return out;
}

class Import final : public rpc::ReadStream<v1::UpsertProductsRequest, Response> {
 public:
  Import(rpc::StreamContext context, sql::Database& database, Published& published)
      : ReadStream(std::move(context)), db_(database), published_(published) {}

  void OnMessage(const v1::UpsertProductsRequest& message) override {
    if (message.has_header()) {
      if (started_)
        return Finish(Error(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS", "the header comes first and once"));
      header_ = message.header();
    } else if (message.has_product()) {
      if (items_.size() >= kMaxItems) {
        return Finish(Error(absl::StatusCode::kInvalidArgument, "LIMIT_EXCEEDED",
                            absl::StrCat("at most ", kMaxItems, " products at once")));
      }
      Add(message.product());
    } else {
      return Finish(
          Error(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS", "a message carries a header or a product"));
    }
    started_ = true;
    Next();
  }

  void OnEnd() override {
    auto self = std::static_pointer_cast<Import>(shared_from_this());
    db_.Write(
        scope(),
        [items = std::move(items_), atomic = header_.atomic()](sql::Transaction& tx) {
          return PutAll(tx, items, atomic);
        },
        [self](absl::StatusOr<Response> out) {
          if (!out.ok()) return self->Finish(out.status());
          if (out->created() + out->updated() > 0) self->published_.Invalidate(self->scope().tenant());
          self->Reply(*std::move(out));
        });
  }

 private:
  void Add(const v1::Product& product) {
    Item item{static_cast<int>(items_.size()), product, ""};
    FieldViolations bad;
    ParseProduct(product, "product", bad);
    for (const FieldViolation& violation : bad.violations()) {
      absl::StrAppend(&item.refused, item.refused.empty() ? "" : "; ", violation.field, " ", violation.description);
    }
    items_.push_back(std::move(item));
  }

  sql::Database& db_;
  Published& published_;
  v1::UpsertProductsRequest::Header header_;
  std::vector<Item> items_;
  bool started_ = false;
};

}  // namespace

rpc::ReadStream<v1::UpsertProductsRequest, v1::UpsertProductsResponse>* ImportProducts(rpc::StreamContext context,
                                                                                       sql::Database& database,
                                                                                       Published& published) {
  return new Import(std::move(context), database, published);
}

}  // namespace vinculo::profiling
