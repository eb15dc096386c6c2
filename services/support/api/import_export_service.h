#pragma once

#include "common/rpc/stream.h"
#include "common/sql/database.h"
#include "services/support/store/desk.h"
#include "vinculo/support/v1/import_export_service.grpc.pb.h"

namespace vinculo::support {

// Bringing history in.
class ImportExportService final : public v1::ImportExportService::CallbackService {
 public:
  ImportExportService(rpc::Runtime& runtime, sql::Database& db, const Desk& desk);
  ~ImportExportService() override;

  VINCULO_CLIENT_STREAM(ImportConversations, v1::ImportConversationsRequest, v1::ImportConversationsResponse)

 private:
  rpc::Runtime& runtime_;
  sql::Database& db_;
  const Desk& desk_;
};

}  // namespace vinculo::support
