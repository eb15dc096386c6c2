#pragma once

#include "common/rpc/call.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/template_service.grpc.pb.h"

namespace vinculo::messaging {

// Templates: drafts, the linter, submission, previews.
class TemplateService final : public v1::TemplateService::CallbackService {
 public:
  explicit TemplateService(const ApiContext& context);
  ~TemplateService() override;

  VINCULO_UNARY(CreateTemplate, v1::CreateTemplateRequest, v1::Template)
  VINCULO_UNARY(UpdateDraft, v1::UpdateDraftRequest, v1::Template)
  VINCULO_UNARY(SubmitTemplate, v1::SubmitTemplateRequest, v1::Template)
  VINCULO_UNARY(GetTemplate, v1::GetTemplateRequest, v1::Template)
  VINCULO_UNARY(ListTemplates, v1::ListTemplatesRequest, v1::ListTemplatesResponse)
  VINCULO_UNARY(LintTemplate, v1::LintTemplateRequest, v1::LintTemplateResponse)
  VINCULO_UNARY(PreviewTemplate, v1::PreviewTemplateRequest, v1::PreviewTemplateResponse)

 private:
  rpc::Runtime& runtime_;
  const ApiContext context_;
};

}  // namespace vinculo::messaging
