#pragma once

#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/template_service.grpc.pb.h"

namespace vinculo::messaging {

// Templates: drafts, the linter, submission, removal, the comparison with WhatsApp's listing, previews.
class TemplateService final : public v1::TemplateService::CallbackService {
 public:
  explicit TemplateService(const ApiContext& context);
  ~TemplateService() override;

  VINCULO_UNARY(CreateTemplate, v1::CreateTemplateRequest, v1::Template)
  VINCULO_UNARY(UpdateDraft, v1::UpdateDraftRequest, v1::Template)
  VINCULO_UNARY(CopyTemplate, v1::CopyTemplateRequest, v1::Template)
  VINCULO_UNARY(SubmitTemplate, v1::SubmitTemplateRequest, v1::Template)
  VINCULO_UNARY(DeleteTemplate, v1::DeleteTemplateRequest, v1::Template)
  VINCULO_UNARY(SyncTemplates, v1::SyncTemplatesRequest, v1::TemplateSync)
  VINCULO_UNARY(UnpauseTemplate, v1::UnpauseTemplateRequest, v1::Template)
  VINCULO_CLIENT_STREAM(UploadSample, v1::UploadSampleRequest, v1::UploadSampleResponse)
  VINCULO_UNARY(ListVersions, v1::ListVersionsRequest, v1::ListVersionsResponse)
  VINCULO_UNARY(GetTemplate, v1::GetTemplateRequest, v1::Template)
  VINCULO_UNARY(ListTemplates, v1::ListTemplatesRequest, v1::ListTemplatesResponse)
  VINCULO_UNARY(LintTemplate, v1::LintTemplateRequest, v1::LintTemplateResponse)
  VINCULO_UNARY(PreviewTemplate, v1::PreviewTemplateRequest, v1::PreviewTemplateResponse)

 private:
  rpc::Runtime& runtime_;
  const ApiContext context_;
};

}  // namespace vinculo::messaging
