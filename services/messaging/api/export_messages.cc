#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "services/messaging/api/csv_stream.h"
#include "services/messaging/api/report_service.h"
#include "services/messaging/domain/figures.h"
#include "services/messaging/store/message_export.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/report_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kPage = 500;
constexpr absl::Duration kMaxSpan = absl::Hours(24 * 366);

const std::vector<std::string>& Header() {
  static const auto* const kHeader = new std::vector<std::string>{
      "message_id",  "created_at", "contact_id",       "phone",    "name",         "customer_id", "sender_phone",
      "campaign_id", "template",   "language",         "version",  "category",     "text",        "state",
      "reason",      "wamid",      "accepted_at",      "sent_at",  "delivered_at", "read_at",     "failed_at",
      "expired_at",  "attempts",   "billing_category", "billable", "labels",       "caller"};
  return *kHeader;
}

// The body of what was written freely; a template's words are its version's.
std::string TextOf(const Content& content) {
  return std::visit(
      [](const auto& c) -> std::string {
        if constexpr (requires { c.body; }) return c.body;
        return "";
      },
      content);
}

std::vector<std::string> Cells(const ExportedMessage& e, absl::TimeZone zone) {
  const Message& m = e.message;
  const Progress& p = m.progress;
  const auto* t = std::get_if<TemplateContent>(&m.content);
  return {m.id.ToString(),
          CsvTime(m.created_at, zone),
          m.contact_id.ToString(),
          e.phone,
          e.name,
          m.customer_id,
          e.sender_phone,
          m.campaign_id ? m.campaign_id->ToString() : "",
          t == nullptr ? "" : t->name,
          t == nullptr ? "" : t->language,
          t == nullptr ? "" : absl::StrCat(m.version),
          std::string(CategoryName(m.category)),
          TextOf(m.content),
          std::string(MessageStateName(m.state())),
          FailureReason(m),
          m.wamid,
          CsvTime(p.accepted_at, zone),
          CsvTime(p.sent_at, zone),
          CsvTime(p.delivered_at, zone),
          CsvTime(p.read_at, zone),
          CsvTime(p.failed_at, zone),
          CsvTime(p.expired_at, zone),
          absl::StrCat(p.attempt),
          m.billing_category,
          !m.billable   ? ""
          : *m.billable ? "yes"
                        : "no",
          absl::StrJoin(m.labels, " ", absl::PairFormatter("=")),
          m.caller};
}

}  // namespace

rpc::WriteStream<v1::ExportMessagesResponse>* ReportService::ExportMessages(rpc::StreamContext context,
                                                                            const v1::ExportMessagesRequest& request) {
  FieldViolations bad;
  if (!request.has_start_time()) bad.Add("start_time", "is required");
  const absl::Time end =
      api::ParseOptionalTimestamp("end_time", request.has_end_time() ? &request.end_time() : nullptr, bad)
          .value_or(context.now());
  const absl::Time start =
      api::ParseOptionalTimestamp("start_time", request.has_start_time() ? &request.start_time() : nullptr, bad)
          .value_or(end);
  if (start > end) bad.Add("start_time", "must not be after end_time");
  if (end - start > kMaxSpan) bad.Add("start_time", "must be at most 366 days before end_time");
  const csv::WriterOptions format = ParseCsvFormat(request.format(), bad);
  if (!bad.empty()) return rpc::RefuseWrite<v1::ExportMessagesResponse>(std::move(context), bad.ToStatus());
  const auto load = [first = Uuid::LeastAt(start), before = Uuid::LeastAt(end)](
                        sql::Transaction& tx, const Uuid& after) -> absl::StatusOr<CsvPage> {
    ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
    ASSIGN_OR_RETURN(const std::vector<ExportedMessage> found,
                     ExportPage(tx, after.is_nil() ? first : after, before, kPage));
    CsvPage page{.rows = {}, .next = after, .more = static_cast<int>(found.size()) == kPage};
    for (const ExportedMessage& e : found) page.rows.push_back(Cells(e, policy.zone()));
    if (!found.empty()) page.next = found.back().message.id;
    return page;
  };
  return new CsvStream<v1::ExportMessagesResponse>(std::move(context), context_.db, format, Header(), load);
}

}  // namespace vinculo::messaging
