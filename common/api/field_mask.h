#pragma once

#include "absl/status/status.h"
#include "common/status/error.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"

namespace vinculo::api {

// Applies an update to `target` (the resource as it stands, rendered): afterwards `target` is what the caller wants it
// to be and is parsed like a create request. `patch` and `target` are of one type.
//   no mask     every top-level field that is set in `patch` replaces the field in `target`
//   "*"         `patch` replaces everything
//   paths       each named field takes the value of `patch`, unset clears it; messages, lists and maps are replaced as
//   a whole
// Fields marked output_only keep what they have in `target`, at any depth of singular messages, and naming them is
// harmless. INVALID_ARGUMENT INVALID_FIELDS naming each path that does not exist, that goes through a list or a map, or
// a "*" among others; `target` is then untouched.
absl::Status ApplyFieldMask(const google::protobuf::FieldMask& mask, const google::protobuf::Message& patch,
                            google::protobuf::Message* target, absl::string_view field = "update_mask");

// Clears every output_only field, at any depth of singular messages: what a caller sent there is ignored.
void ClearOutputOnly(google::protobuf::Message* message);

}  // namespace vinculo::api
