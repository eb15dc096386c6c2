#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/id/uuid.h"

namespace vinculo::profiling {

enum class LeadState { kOpen = 1, kSent, kConfirmed, kFailed, kCancelled };

struct Lead {
  Uuid id;
  Uuid profile_id;
  Uuid session_id;
  std::string flow_id;
  int flow_version = 0;
  std::string product_id;
  std::string product_name;
  int recommendation_rank = 0;
  std::string name, first_name, last_name, email, phone;
  std::string answers_summary;
  std::string source;
  absl::Time created_at;
  LeadState state = LeadState::kOpen;
  std::string crm_ref;
  int64_t revision = 1;
  bool test = false;
};

struct FieldMapping {
  enum class Transform { kNone, kTrim, kLower, kUpper, kFirstName, kLastName };
  std::string to;
  std::string from;
  Transform transform = Transform::kNone;
  std::map<std::string, std::string> map;
  bool required = false;
  bool omit_empty = false;
};

enum class ConnectorState { kActive = 1, kPaused, kDisabled };
enum class AuthKind { kNone, kBasic, kBearer, kApiKey };

// A web service that receives leads. Secrets are sealed: this struct holds what is stored, never what is sent.
struct Connector {
  std::string connector_id;
  std::string url;
  std::vector<FieldMapping> mapping;
  AuthKind auth = AuthKind::kNone;
  std::string auth_user;    // basic: user; API key: header
  std::string auth_prefix;  // API key
  std::string sealed_auth;  // password, token or key
  std::string auth_hint;    // its last 4 characters
  std::string sealed_signing;
  std::string signing_hint;
  std::string sealed_previous;
  std::optional<absl::Time> rotate_until;
  absl::Duration timeout = absl::Seconds(15);
  std::string success_pointer, success_equals, reference_pointer;
  bool conflict_is_success = false;
  bool enabled = true;
  bool test = false;
  ConnectorState state = ConnectorState::kActive;
  std::string state_reason;
  int64_t revision = 0;
};

enum class DeliveryState { kPending = 1, kInFlight, kRetry, kDelivered, kDead, kCancelled };

struct DeliveryAttempt {
  int number = 0;
  absl::Time at;
  int http_status = 0;
  std::string error;
  absl::Duration latency;
};

struct Delivery {
  Uuid id;
  Uuid lead_id;
  std::string connector_id;
  std::string event;
  std::string payload;
  DeliveryState state = DeliveryState::kPending;
  int attempts_used = 0;  // since the last replay
  std::vector<DeliveryAttempt> attempts;
  std::optional<absl::Time> next_at;
  absl::Time created_at;
  std::string error;
};

}  // namespace vinculo::profiling
