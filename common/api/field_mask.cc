#include "common/api/field_mask.h"

#include <google/protobuf/util/field_mask_util.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "vinculo/options/v1/options.pb.h"

namespace vinculo::api {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FieldMask;
using ::google::protobuf::Message;
using ::google::protobuf::util::FieldMaskUtil;

bool IsOutputOnly(const FieldDescriptor* field) {
  return field->options().GetExtension(vinculo::options::v1::output_only);
}

// A singular message of ours, into which output_only fields may hide.
bool HasFieldsOfOurs(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated() &&
         field->message_type()->full_name().rfind("google.protobuf.", 0) != 0;
}

void Merge(const Message& from, const FieldMask& mask, Message* to) {
  FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  FieldMaskUtil::MergeMessageTo(from, mask, options, to);
}

// Gives every output_only field of `to` the value that it has in `from`.
void RestoreOutputOnly(const Message& from, Message* to) {
  const Descriptor* type = to->GetDescriptor();
  FieldMask restored;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (IsOutputOnly(field)) {
      to->GetReflection()->ClearField(to, field);
      restored.add_paths(field->name());
    } else if (HasFieldsOfOurs(field) && to->GetReflection()->HasField(*to, field)) {
      RestoreOutputOnly(from.GetReflection()->GetMessage(from, field), to->GetReflection()->MutableMessage(to, field));
    }
  }
  if (restored.paths_size() > 0) Merge(from, restored, to);
}

// The mask that says what an absent one means.
FieldMask PopulatedFields(const Message& patch) {
  std::vector<const FieldDescriptor*> fields;
  patch.GetReflection()->ListFields(patch, &fields);
  FieldMask mask;
  for (const FieldDescriptor* field : fields) mask.add_paths(field->name());
  return mask;
}

// Adds a violation for each path that names nothing; the rest is returned, output_only paths left out.
FieldMask CheckedPaths(const FieldMask& mask, const Descriptor* type, const std::string& name, FieldViolations& bad) {
  FieldMask checked;
  for (const std::string& path : mask.paths()) {
    std::vector<const FieldDescriptor*> fields;
    if (path == "*") {
      bad.Add(name, "\"*\" stands alone");
    } else if (path.empty() || !FieldMaskUtil::GetFieldDescriptors(type, path, &fields)) {
      bad.Add(name, absl::StrCat("\"", path, "\" is not a field that can be updated"));
    } else {
      bool output_only = false;
      for (const FieldDescriptor* field : fields) output_only |= IsOutputOnly(field);
      if (!output_only) checked.add_paths(path);
    }
  }
  return checked;
}

}  // namespace

absl::Status ApplyFieldMask(const FieldMask& mask, const Message& patch, Message* target, absl::string_view field) {
  const std::unique_ptr<Message> before(target->New());
  before->CopyFrom(*target);
  if (mask.paths_size() == 1 && mask.paths(0) == "*") {
    target->CopyFrom(patch);
  } else if (mask.paths_size() == 0) {
    Merge(patch, PopulatedFields(patch), target);
  } else {
    FieldViolations bad;
    const FieldMask checked = CheckedPaths(mask, target->GetDescriptor(), std::string(field), bad);
    if (!bad.empty()) return bad.ToStatus();
    // An empty mask would mean everything.
    if (checked.paths_size() > 0) Merge(patch, checked, target);
  }
  RestoreOutputOnly(*before, target);
  return absl::OkStatus();
}

void ClearOutputOnly(Message* message) {
  const std::unique_ptr<Message> nothing(message->New());
  RestoreOutputOnly(*nothing, message);
}

}  // namespace vinculo::api
