#include "services/profiling/api/flow_service.h"

#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/api/page.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/profiling/api/after_commit.h"
#include "services/profiling/api/convert_flow.h"
#include "services/profiling/api/flow_checks.h"
#include "services/profiling/api/simulate.h"
#include "services/profiling/domain/flow_lint.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/store/catalogue_repository.h"

namespace vinculo::profiling {
namespace {

constexpr int kMaxInputs = 200;

// A draft as it may be saved: well formed and within the limits.
absl::Status CheckDraft(const v1::Flow& in, FieldViolations& bad) {
  const FlowDefinition definition = ParseDefinition(in.draft(), "flow.draft", bad);
  if (!bad.empty()) return bad.ToStatus();
  LintFindings findings;
  LintLimits(definition, findings);
  FieldViolations limits;
  for (const LintFinding& finding : findings.all()) limits.Add("flow.draft." + finding.path, finding.message);
  return limits.ToStatus("LIMIT_EXCEEDED");
}

absl::Status LintErrors(const LintFindings& findings) {
  ErrorDetails details;
  details.reason = "LINT_ERRORS";
  for (const LintFinding& finding : findings.all()) {
    if (finding.severity == LintFinding::Severity::kError)
      details.violations.push_back({finding.path, absl::StrCat(finding.rule, ": ", finding.message)});
  }
  details.metadata = {{"errors", absl::StrCat(findings.errors())}};
  return ErrorWithDetails(absl::StatusCode::kFailedPrecondition, "the flow has errors; nothing was published", details);
}

// A draft as it was checked, outside the writer's transaction: walking every path may take seconds.
struct CheckedDraft {
  FlowRow row;
  CheckedFlow checked;
};

absl::StatusOr<CheckedDraft> CheckDraftOf(sql::Transaction& tx, const std::string& flow_id,
                                          const BlobReaders& readers) {
  ASSIGN_OR_RETURN(FlowRow row, FlowRepository::Get(tx, flow_id));
  ASSIGN_OR_RETURN(const int last, FlowRepository::LastVersion(tx, flow_id));
  ASSIGN_OR_RETURN(CheckedFlow checked, CheckFlow(tx, row, readers, last + 1, true));
  return CheckedDraft{std::move(row), std::move(checked)};
}

// ABORTED when the draft or a matrix changed since it was checked.
absl::Status StillAsChecked(sql::Transaction& tx, const FlowRow& flow, const CheckedDraft& draft) {
  RETURN_IF_ERROR(api::CheckRevision("flow", flow.head.flow_id, draft.row.revision, flow.revision));
  for (const MatrixRef& ref : draft.checked.matrices) {
    ASSIGN_OR_RETURN(const auto now, CatalogueRepository::FindMatrix(tx, ref.matrix_id, 0));
    if (!now || now->version != ref.version) {
      return EtagMismatch("matrix", ref.matrix_id, api::FormatEtag(now ? now->version : 0));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<VersionRow> PublishDraft(sql::Transaction& tx, const CheckedDraft& draft,
                                        std::optional<int64_t> revision, absl::Time now) {
  const std::string& flow_id = draft.row.head.flow_id;
  const CheckedFlow& checked = draft.checked;
  ASSIGN_OR_RETURN(FlowRow flow, FlowRepository::Get(tx, flow_id));
  RETURN_IF_ERROR(api::CheckRevision("flow", flow_id, revision, flow.revision));
  if (flow.state == FlowState::kLive) {
    ASSIGN_OR_RETURN(VersionRow live, FlowRepository::GetVersion(tx, flow_id, flow.published_version));
    if (live.definition_hash == checked.definition_hash) return live;
  }
  RETURN_IF_ERROR(StillAsChecked(tx, flow, draft));
  if (checked.findings.has_errors()) return LintErrors(checked.findings);
  if (flow.published_version > 0) {
    RETURN_IF_ERROR(FlowRepository::SetVersionState(tx, flow_id, flow.published_version, VersionState::kDraining));
  }
  ASSIGN_OR_RETURN(const int last, FlowRepository::LastVersion(tx, flow_id));
  v1::LintReport report;
  RenderReport(checked.findings, checked.analysis ? &*checked.analysis : nullptr, &report);
  VersionRow version{flow.head,
                     last + 1,
                     flow.draft,
                     checked.definition_hash,
                     checked.matrices,
                     checked.products,
                     report.SerializeAsString(),
                     VersionState::kLive,
                     now,
                     tx.scope().principal->subject};
  RETURN_IF_ERROR(FlowRepository::InsertVersion(tx, version));
  flow.published_version = version.version;
  flow.state = FlowState::kLive;
  ++flow.revision;
  RETURN_IF_ERROR(FlowRepository::Update(tx, flow));
  return version;
}

}  // namespace

FlowService::FlowService(rpc::Runtime& runtime, sql::Database& database, Published& published, SessionEngine& engine)
    : runtime_(runtime), db_(database), published_(published), engine_(engine) {}
FlowService::~FlowService() = default;

void FlowService::CreateFlow(rpc::Call<v1::CreateFlowRequest, v1::Flow> call) {
  FieldViolations bad;
  FlowRow row;
  row.head = ParseHead(call.request().flow(), bad);
  if (const absl::Status status = CheckDraft(call.request().flow(), bad); !status.ok()) return call.Fail(status);
  row.draft = StableBytes(call.request().flow().draft());
  row.created_at = row.updated_at = call.now();
  db_.Write(
      call.scope(),
      [row = std::move(row)](sql::Transaction& tx) -> absl::StatusOr<FlowRow> {
        RETURN_IF_ERROR(FlowRepository::Insert(tx, row));
        return row;
      },
      call.Reply(RenderFlow));
}

void FlowService::GetFlow(rpc::Call<v1::GetFlowRequest, v1::Flow> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("flow_id", call.request().flow_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(), [&](sql::Transaction& tx) { return FlowRepository::Get(tx, id); }),
              RenderFlow);
}

void FlowService::ListFlows(rpc::Call<v1::ListFlowsRequest, v1::ListFlowsResponse> call) {
  FieldViolations bad;
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const api::PageScope scope{call.scope().tenant(), "profiling.FlowService.ListFlows", "", "flow_id"};
  const auto key = api::ParsePageToken(scope, call.request().page_token(), "s");
  if (!key.ok()) return call.Fail(key.status());
  const std::string after = *key ? std::get<std::string>((**key)[0]) : "";
  db_.ReadOnPool(
      call.scope(), [after, size](sql::Transaction& tx) { return FlowRepository::List(tx, after, size + 1); },
      call.Reply([size, tenant = call.scope().tenant()](const std::vector<FlowRow>& rows, v1::ListFlowsResponse* out) {
        for (int i = 0; i < std::min<int>(size, static_cast<int>(rows.size())); ++i)
          RenderFlow(rows[i], out->add_flows());
        if (static_cast<int>(rows.size()) > size) {
          out->set_next_page_token(api::EncodePageToken({tenant, "profiling.FlowService.ListFlows", "", "flow_id"},
                                                        {rows[size - 1].head.flow_id}));
        }
      }));
}

void FlowService::UpdateDraft(rpc::Call<v1::UpdateDraftRequest, v1::Flow> call) {
  FieldViolations bad;
  const v1::Flow& in = call.request().flow();
  FlowHead head = ParseHead(in, bad);
  const auto revision = api::ParseEtag(in.etag(), bad, "flow.etag");
  if (const absl::Status status = CheckDraft(in, bad); !status.ok()) return call.Fail(status);
  db_.Write(
      call.scope(),
      [head = std::move(head), draft = StableBytes(in.draft()), revision,
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<FlowRow> {
        ASSIGN_OR_RETURN(FlowRow row, FlowRepository::Get(tx, head.flow_id));
        RETURN_IF_ERROR(api::CheckRevision("flow", head.flow_id, revision, row.revision));
        const bool same = row.draft == draft && row.head.name == head.name &&
                          row.head.purpose_text == head.purpose_text && row.head.objectives == head.objectives &&
                          row.head.consent_purpose == head.consent_purpose &&
                          row.head.base_language == head.base_language;
        if (same) return row;
        row.head = head;
        row.draft = draft;
        row.updated_at = now;
        ++row.revision;
        RETURN_IF_ERROR(FlowRepository::Update(tx, row));
        return row;
      },
      call.Reply(RenderFlow));
}

void FlowService::ValidateFlow(rpc::Call<v1::ValidateFlowRequest, v1::LintReport> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("flow_id", call.request().flow_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.ReadOnPool(
      call.scope(),
      [id, &readers = published_.readers()](sql::Transaction& tx) -> absl::StatusOr<CheckedFlow> {
        ASSIGN_OR_RETURN(const FlowRow row, FlowRepository::Get(tx, id));
        return CheckFlow(tx, row, readers, 0, false);
      },
      call.Reply(
          [](const CheckedFlow& checked, v1::LintReport* out) { RenderReport(checked.findings, nullptr, out); }));
}

void FlowService::AnalyzeFlow(rpc::Call<v1::AnalyzeFlowRequest, v1::LintReport> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("flow_id", call.request().flow_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.ReadOnPool(
      call.scope(),
      [id, &readers = published_.readers()](sql::Transaction& tx) -> absl::StatusOr<CheckedFlow> {
        ASSIGN_OR_RETURN(const FlowRow row, FlowRepository::Get(tx, id));
        return CheckFlow(tx, row, readers, 0, true);
      },
      call.Reply([](const CheckedFlow& checked, v1::LintReport* out) {
        RenderReport(checked.findings, checked.analysis ? &*checked.analysis : nullptr, out);
      }));
}

void FlowService::PublishFlow(rpc::Call<v1::PublishFlowRequest, v1::FlowVersion> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("flow_id", call.request().flow_id(), bad);
  const auto revision = api::ParseEtag(call.request().etag(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.ReadOnPool(
      call.scope(),
      [id, &readers = published_.readers()](sql::Transaction& tx) { return CheckDraftOf(tx, id, readers); },
      [this, call, revision](absl::StatusOr<CheckedDraft> draft) {
        // A failed check goes through the writer too: a repeated request gets the reply it got before.
        db_.Write(
            call.scope(),
            [draft = std::make_shared<const absl::StatusOr<CheckedDraft>>(std::move(draft)), revision,
             now = call.now()](sql::Transaction& tx) -> absl::StatusOr<VersionRow> {
              if (!draft->ok()) return draft->status();
              return PublishDraft(tx, **draft, revision, now);
            },
            Republishing(published_, call.scope().tenant(), call.Reply(RenderVersion)));
      });
}

void FlowService::GetVersion(rpc::Call<v1::GetVersionRequest, v1::FlowVersion> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("flow_id", call.request().flow_id(), bad);
  const int version = static_cast<int>(text::ParseInRange("version", call.request().version(), 0, INT32_MAX, bad));
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(),
                             [&](sql::Transaction& tx) -> absl::StatusOr<VersionRow> {
                               if (version > 0) return FlowRepository::GetVersion(tx, id, version);
                               ASSIGN_OR_RETURN(const FlowRow flow, FlowRepository::Get(tx, id));
                               return FlowRepository::GetVersion(tx, id, flow.published_version);
                             }),
              RenderVersion);
}

void FlowService::ListVersions(rpc::Call<v1::ListVersionsRequest, v1::ListVersionsResponse> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("flow_id", call.request().flow_id(), bad);
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto key = api::ParsePageToken({call.scope().tenant(), "profiling.FlowService.ListVersions", id, "-version"},
                                       call.request().page_token(), "i");
  if (!key.ok()) return call.Fail(key.status());
  const int before = *key ? static_cast<int>(std::get<int64_t>((**key)[0])) : INT32_MAX;
  db_.ReadOnPool(
      call.scope(),
      [id, before, size](sql::Transaction& tx) { return FlowRepository::ListVersions(tx, id, before, size + 1); },
      call.Reply([size, id, tenant = call.scope().tenant()](const std::vector<VersionRow>& rows,
                                                            v1::ListVersionsResponse* out) {
        for (int i = 0; i < std::min<int>(size, static_cast<int>(rows.size())); ++i)
          RenderVersion(rows[i], out->add_versions());
        if (static_cast<int>(rows.size()) > size) {
          out->set_next_page_token(api::EncodePageToken({tenant, "profiling.FlowService.ListVersions", id, "-version"},
                                                        {int64_t{rows[size - 1].version}}));
        }
      }));
}

void FlowService::SimulateFlow(rpc::Call<v1::SimulateFlowRequest, v1::SimulateFlowResponse> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("flow_id", call.request().flow_id(), bad);
  text::CheckCount("inputs", call.request().inputs_size(), kMaxInputs, bad);
  absl::Time start = absl::FromCivil(absl::CivilDay(2025, 1, 1), absl::UTCTimeZone());
  if (call.request().has_start_at()) start = api::ParseTimestamp("start_at", call.request().start_at(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto view = published_.View(call.scope());
  if (!view.ok()) return call.Fail(view.status());
  db_.ReadOnPool(
      call.scope(),
      [this, id, version = call.request().version()](
          sql::Transaction& tx) -> absl::StatusOr<std::shared_ptr<const CompiledFlow>> {
        if (version > 0) return published_.FlowFor(tx, id, version);
        ASSIGN_OR_RETURN(const FlowRow row, FlowRepository::Get(tx, id));
        ASSIGN_OR_RETURN(CheckedFlow checked, CheckFlow(tx, row, published_.readers(), 0, false));
        if (checked.flow == nullptr) return LintErrors(checked.findings);
        return checked.flow;
      },
      call.Reply([this, request = call.request(), view = *view, start](const std::shared_ptr<const CompiledFlow>& flow,
                                                                       v1::SimulateFlowResponse* out) {
        Simulate(*flow, *view, request, start, engine_.options().phone, out);
      }));
}

void FlowService::GetLimits(rpc::Call<v1::GetLimitsRequest, v1::Limits> call) {
  v1::Limits out;
  const std::pair<const char*, int64_t> limits[] = {{"automatic_steps", kMaxAutomaticSteps},
                                                    {"captures", kMaxCaptures},
                                                    {"choices", kMaxChoices},
                                                    {"condition_depth", kMaxConditionDepth},
                                                    {"condition_nodes", kMaxConditionNodes},
                                                    {"events_per_session", kMaxEvents},
                                                    {"languages", kMaxLanguages},
                                                    {"nodes", kMaxNodes},
                                                    {"products", kMaxProducts},
                                                    {"questions", kMaxQuestions},
                                                    {"questions_per_path", kMaxLevels},
                                                    {"raw_answer", kMaxRawAnswer},
                                                    {"rendered_text", kMaxRendered},
                                                    {"text", kMaxTextLength}};
  for (const auto& [name, value] : limits) {
    out.add_limits()->set_name(name);
    out.mutable_limits()->rbegin()->set_value(value);
  }
  call.Succeed(std::move(out));
}

}  // namespace vinculo::profiling
