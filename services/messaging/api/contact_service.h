#pragma once

#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/contact_service.grpc.pb.h"

namespace vinculo::messaging {

// People who may be written to, what they agreed to, and the lists they stand on.
class ContactService final : public v1::ContactService::CallbackService {
 public:
  explicit ContactService(const ApiContext& context);
  ~ContactService() override;

  VINCULO_CLIENT_STREAM(ImportContacts, v1::ImportContactsRequest, v1::ImportContactsResponse)
  VINCULO_UNARY(UpsertContact, v1::UpsertContactRequest, v1::Contact)
  VINCULO_UNARY(GetContact, v1::GetContactRequest, v1::Contact)
  VINCULO_UNARY(LookupContact, v1::LookupContactRequest, v1::Contact)
  VINCULO_UNARY(ListContacts, v1::ListContactsRequest, v1::ListContactsResponse)
  VINCULO_UNARY(GetImport, v1::GetImportRequest, v1::Import)
  VINCULO_UNARY(ListImportRows, v1::ListImportRowsRequest, v1::ListImportRowsResponse)
  VINCULO_UNARY(RecordConsent, v1::RecordConsentRequest, v1::Consent)
  VINCULO_UNARY(ListConsents, v1::ListConsentsRequest, v1::ListConsentsResponse)
  VINCULO_UNARY(CreateList, v1::CreateListRequest, v1::ContactList)
  VINCULO_UNARY(GetList, v1::GetListRequest, v1::ContactList)
  VINCULO_UNARY(ListLists, v1::ListListsRequest, v1::ListListsResponse)
  VINCULO_UNARY(UpdateContact, v1::UpdateContactRequest, v1::Contact)
  VINCULO_UNARY(MergeContacts, v1::MergeContactsRequest, v1::Contact)
  VINCULO_UNARY(EraseContact, v1::EraseContactRequest, v1::Contact)
  VINCULO_SERVER_STREAM(ExportContact, v1::ExportContactRequest, v1::ExportContactResponse)
  VINCULO_UNARY(AddSuppression, v1::AddSuppressionRequest, v1::Suppression)
  VINCULO_UNARY(RemoveSuppression, v1::RemoveSuppressionRequest, v1::RemoveSuppressionResponse)
  VINCULO_UNARY(ListSuppressions, v1::ListSuppressionsRequest, v1::ListSuppressionsResponse)
  VINCULO_UNARY(UpdateList, v1::UpdateListRequest, v1::ContactList)
  VINCULO_UNARY(DeleteList, v1::DeleteListRequest, v1::DeleteListResponse)
  VINCULO_CLIENT_STREAM(EditMembers, v1::EditMembersRequest, v1::EditMembersResponse)
  VINCULO_UNARY(ListMembers, v1::ListMembersRequest, v1::ListMembersResponse)
  VINCULO_UNARY(PutSegment, v1::PutSegmentRequest, v1::Segment)
  VINCULO_UNARY(DeleteSegment, v1::DeleteSegmentRequest, v1::DeleteSegmentResponse)
  VINCULO_UNARY(GetSegment, v1::GetSegmentRequest, v1::Segment)
  VINCULO_UNARY(ListSegments, v1::ListSegmentsRequest, v1::ListSegmentsResponse)
  VINCULO_UNARY(CountAudience, v1::CountAudienceRequest, v1::CountAudienceResponse)

 private:
  rpc::Runtime& runtime_;
  const ApiContext context_;
};

}  // namespace vinculo::messaging
