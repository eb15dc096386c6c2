#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/api/page.h"
#include "common/status/error.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/lifecycle/domain/records.h"
#include "services/lifecycle/store/usage_ledger.h"
#include "vinculo/lifecycle/v1/resources.pb.h"
#include "vinculo/lifecycle/v1/usage_service.pb.h"

// Requests to domain values. Each function adds a violation for what is wrong and returns a harmless default then.
namespace vinculo::lifecycle {

std::string ParseCustomerId(absl::string_view field, absl::string_view value, FieldViolations& bad);
// Empty is "".
std::string ParseOptionalCustomerId(absl::string_view field, absl::string_view value, FieldViolations& bad);
// A business time that is not after `now`; null is `now`.
absl::Time ParsePastTime(absl::string_view field, const google::protobuf::Timestamp* value, absl::Time now,
                         FieldViolations& bad);
// `YYYY-MM-DD`, not after `today`; empty is `today`.
absl::CivilDay ParseDateUpTo(absl::string_view field, absl::string_view value, absl::CivilDay today,
                             FieldViolations& bad);
// One of the nine stages.
Stage ParseStage(absl::string_view field, int value, FieldViolations& bad);
// The same; unspecified is kUnspecified.
Stage ParseOptionalStage(absl::string_view field, int value, FieldViolations& bad);
// Name, owners, segment, users and zone of `account` into `out`.
void ParseAccountFields(const v1::Account& account, Account& out, FieldViolations& bad);
ModuleDef ParseModuleDef(const v1::ModuleDef& def, FieldViolations& bad);
// `today` is the tenant's; facts of later days are refused.
IncomingFact ParseFact(const v1::UsageFact& fact, absl::CivilDay today, FieldViolations& bad);
std::vector<std::string> ParseCustomerIds(const google::protobuf::RepeatedPtrField<std::string>& ids,
                                          FieldViolations& bad);

// Binds page tokens to a request: all of it but page_size and page_token.
template <class Request>
std::string FilterOf(Request request) {
  request.clear_page_size();
  request.clear_page_token();
  return request.SerializeAsString();
}

}  // namespace vinculo::lifecycle
