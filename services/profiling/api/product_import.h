#pragma once

#include <string>
#include <vector>

#include "common/rpc/stream.h"
#include "common/sql/database.h"
#include "services/profiling/store/published.h"
#include "vinculo/profiling/v1/catalogue_service.pb.h"

namespace vinculo::profiling {

// Takes products as they come and writes them at the end in one transaction; a product is refused on its own unless the
// header asks for all or nothing. The same products put again are UNCHANGED, which makes a repetition harmless.
rpc::ReadStream<v1::UpsertProductsRequest, v1::UpsertProductsResponse>* ImportProducts(rpc::StreamContext context,
                                                                                       sql::Database& database,
                                                                                       Published& published);

}  // namespace vinculo::profiling
