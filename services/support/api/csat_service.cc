#include "services/support/api/csat_service.h"

#include <utility>

#include "common/api/page.h"
#include "common/text/validate.h"
#include "services/support/api/parse.h"
#include "services/support/api/render.h"
#include "services/support/limits.h"

namespace vinculo::support {

CsatService::CsatService(rpc::Runtime& runtime, sql::Database& db, const Desk& desk)
    : runtime_(runtime), db_(db), desk_(desk) {}
CsatService::~CsatService() = default;

void CsatService::SendSurvey(rpc::Call<v1::SendSurveyRequest, v1::Survey> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("conversation_id", call.request().conversation_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const Step step{call.now(), {Author::kAgent, call.principal().subject}, Cause::kCaller};
  db_.Write(
      call.scope(), [this, id, step](sql::Transaction& tx) { return desk_.SendSurvey(tx, id, step, step.at); },
      call.Reply(RenderSurvey));
}

void CsatService::SubmitRating(rpc::Call<v1::SubmitRatingRequest, v1::Rating> call) {
  FieldViolations bad;
  const v1::SubmitRatingRequest& request = call.request();
  if (request.token().empty()) bad.Add("token", "is required");
  if (request.rating() == 0) bad.Add("rating", "is required, from 1 to 5");
  std::string remark = text::ParseText("remark", request.remark(), {.max = kMaxRemark}, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const Step step{call.now(), {Author::kCustomer, ""}, Cause::kCustomer};
  db_.Write(
      call.scope(),
      [this, token = request.token(), rating = request.rating(), remark = std::move(remark),
       step](sql::Transaction& tx) { return desk_.Rate(tx, token, rating, remark, step, step.at); },
      call.Reply(RenderRating));
}

void CsatService::ListRatings(rpc::Call<v1::ListRatingsRequest, v1::ListRatingsResponse> call) {
  FieldViolations bad;
  const std::optional<Uuid> conversation =
      text::ParseOptionalUuid("conversation_id", call.request().conversation_id(), bad);
  const size_t limit = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  api::PageScope scope{call.scope().tenant(), "support.CsatService.ListRatings", call.request().conversation_id(),
                       "rated_at desc"};
  const auto token = api::ParsePageToken(scope, call.request().page_token(), "tu");
  if (!token.ok()) return call.Fail(token.status());
  std::optional<SurveyRepository::Position> after;
  if (*token) after = {std::get<absl::Time>((**token)[0]), std::get<Uuid>((**token)[1])};
  db_.ReadOnPool(
      call.scope(),
      [this, conversation, after, limit](sql::Transaction& tx) {
        return desk_.surveys().ListRated(tx, conversation, after, static_cast<int>(limit) + 1);
      },
      call.Reply([call, scope, limit](const std::vector<Survey>& rated, v1::ListRatingsResponse* out) {
        for (size_t i = 0; i < rated.size() && i < limit; ++i) RenderRating(rated[i], out->add_ratings());
        if (rated.size() <= limit) return;
        out->set_next_page_token(api::EncodePageToken(scope, {*rated[limit - 1].rated_at, rated[limit - 1].id}));
      }));
}

}  // namespace vinculo::support
