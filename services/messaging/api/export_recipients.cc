#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/csv_stream.h"
#include "services/messaging/api/recipient_filter.h"
#include "services/messaging/api/report_service.h"
#include "services/messaging/store/policy_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kPage = 500;

const std::vector<std::string>& Header() {
  static const auto* const kHeader = new std::vector<std::string>{
      "contact_id", "phone",         "name",    "customer_id", "language",  "state",        "reason",
      "round",      "message_id",    "wamid",   "accepted_at", "sent_at",   "delivered_at", "read_at",
      "failed_at",  "provider_code", "replied", "replied_at",  "opted_out", "opted_out_at", "updated_at"};
  return *kHeader;
}

// The contract's word without its prefix: "DELIVERED".
std::string StateName(RecipientState state) {
  const std::string& name = v1::RecipientState_Name(static_cast<v1::RecipientState>(state));
  return std::string(absl::StripPrefix(name, "RECIPIENT_STATE_"));
}

std::vector<std::string> Cells(const ListedRecipient& r, absl::TimeZone zone) {
  const Recipient& row = r.row;
  const Progress& p = r.progress;
  const char* replied = row.replied == 1 ? "DIRECT" : row.replied == 2 ? "INFERRED" : "";
  return {row.contact_id.ToString(),
          r.phone,
          r.name,
          r.customer_id,
          row.language,
          StateName(row.state),
          row.reason,
          absl::StrCat(row.round),
          row.message_id ? row.message_id->ToString() : "",
          r.wamid,
          CsvTime(p.accepted_at, zone),
          CsvTime(p.sent_at, zone),
          CsvTime(p.delivered_at, zone),
          CsvTime(p.read_at, zone),
          CsvTime(p.failed_at, zone),
          p.error_code == 0 ? "" : absl::StrCat(p.error_code),
          replied,
          CsvTime(row.replied_at, zone),
          row.opted_out ? "yes" : "",
          CsvTime(row.opted_out_at, zone),
          CsvTime(row.updated_at, zone)};
}

}  // namespace

rpc::WriteStream<v1::ExportRecipientsResponse>* ReportService::ExportRecipients(
    rpc::StreamContext context, const v1::ExportRecipientsRequest& request) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", request.campaign_id(), bad);
  const RecipientFilter filter = ParseRecipientFilter(request.state(), request.reason(), request.figure(),
                                                      request.reply(), request.opted_out(), bad);
  const csv::WriterOptions format = ParseCsvFormat(request.format(), bad);
  if (!bad.empty()) return rpc::RefuseWrite<v1::ExportRecipientsResponse>(std::move(context), bad.ToStatus());
  const auto load = [id, filter](sql::Transaction& tx, const Uuid& after) -> absl::StatusOr<CsvPage> {
    if (after.is_nil()) RETURN_IF_ERROR(CampaignRepository::Get(tx, id).status());
    ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
    ASSIGN_OR_RETURN(const RecipientPage found, ListRecipients(tx, id, filter, after, kPage));
    CsvPage page{.rows = {}, .next = found.next, .more = found.more};
    for (const ListedRecipient& r : found.rows) page.rows.push_back(Cells(r, policy.zone()));
    return page;
  };
  return new CsvStream<v1::ExportRecipientsResponse>(std::move(context), context_.db, format, Header(), load);
}

}  // namespace vinculo::messaging
