#pragma once

#include "common/rpc/call.h"
#include "common/sql/database.h"
#include "services/profiling/store/session_engine.h"
#include "vinculo/profiling/v1/profile_service.grpc.pb.h"

namespace vinculo::profiling {

// Customers, found by what they are known by.
class ProfileService final : public v1::ProfileService::CallbackService {
 public:
  ProfileService(rpc::Runtime& runtime, sql::Database& database, EmitEvent emit, PhoneParser phone);
  ~ProfileService() override;

  VINCULO_UNARY(UpsertProfile, v1::UpsertProfileRequest, v1::Profile)
  VINCULO_UNARY(ResolveIdentity, v1::ResolveIdentityRequest, v1::Profile)
  VINCULO_UNARY(GetProfile, v1::GetProfileRequest, v1::Profile)

 private:
  rpc::Runtime& runtime_;
  sql::Database& db_;
  const EmitEvent emit_;
  const PhoneParser phone_;
};

}  // namespace vinculo::profiling
