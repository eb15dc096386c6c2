#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/api/page.h"
#include "common/auth/principal.h"
#include "common/id/uuid.h"
#include "common/rpc/runtime.h"
#include "common/sql/database.h"
#include "services/messaging/api/media_budget.h"
#include "services/messaging/api/queue_room.h"
#include "services/messaging/domain/provider_rules.h"
#include "services/messaging/provider_port.h"
#include "services/messaging/store/contact_repository.h"
#include "services/messaging/store/data_key.h"

namespace vinculo::messaging {

// What every service of the api needs; all outlive it.
struct ApiContext {
  rpc::Runtime& runtime;
  sql::Database& db;
  const ContactRepository& contacts;
  const DataKey& key;
  ProviderPort& provider;
  MediaBudget& media_budget;
  QueueRoom& queue_room;
  const ProviderRules& rules;
  std::string instance;  // names this process; a new one for each start
};

// Viewers and roles of the rest of the suite see no personal data [M-127].
inline bool MaySeePersonal(const auth::Principal& p) {
  return p.HasRole("admin") || p.HasRole("agent") || p.HasRole("marketing") || p.HasRole("service");
}

// A page that goes by one id, nil for the first. Owns what its token is bound to, so it may be copied into closures.
struct IdPage {
  int size = 0;
  Uuid after;
  std::string tenant;
  std::string method;
  std::string filter;

  api::PageScope scope() const { return {tenant, method, filter, "id"}; }
  // Cuts the extra row off that shows that there is more, and returns the next token, "" on the last page.
  template <class Row, class IdOf>
  std::string Cut(std::vector<Row>& rows, IdOf id_of) const {
    if (static_cast<int>(rows.size()) <= size) return "";
    rows.resize(size);
    return api::EncodePageToken(scope(), {id_of(rows.back())});
  }
};

// Page size and token of a list request. INVALID_FIELDS for the size, PAGE_TOKEN for the token.
template <class Request>
absl::StatusOr<IdPage> ParseIdPage(const auth::Principal& principal, absl::string_view method, const Request& request) {
  Request filter = request;
  filter.clear_page_size();
  filter.clear_page_token();
  FieldViolations bad;
  IdPage page{.size = api::ParsePageSize(request.page_size(), bad),
              .after = Uuid(),
              .tenant = principal.tenant,
              .method = std::string(method),
              .filter = filter.SerializeAsString()};
  if (!bad.empty()) return bad.ToStatus();
  absl::StatusOr<std::optional<api::PageKey>> key = api::ParsePageToken(page.scope(), request.page_token(), "u");
  if (!key.ok()) return key.status();
  if (*key) page.after = std::get<Uuid>((**key)[0]);
  return page;
}

}  // namespace vinculo::messaging
