#include "tests/load/load_generator.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "common/id/uuid.h"
#include "common/rpc/status.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::load {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Stub = grpc::TemplatedGenericStub<Message, Message>;

// A string field inside a message, by its path.
class Field {
 public:
  static std::optional<Field> Find(const Message& message, const std::string& path) {
    Field field;
    const google::protobuf::Descriptor* type = message.GetDescriptor();
    for (const absl::string_view name : absl::StrSplit(path, '.')) {
      const FieldDescriptor* const step = type == nullptr ? nullptr : type->FindFieldByName(std::string(name));
      if (step == nullptr || step->is_repeated()) return std::nullopt;
      field.path_.push_back(step);
      type = step->message_type();
    }
    if (field.path_.back()->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return std::nullopt;
    field.prefix_ = field.Owner(const_cast<Message*>(&message))
                        ->GetReflection()
                        ->GetString(*field.Owner(const_cast<Message*>(&message)), field.path_.back());
    return field;
  }
  void Set(Message& message, const std::string& value) const {
    Message* const owner = Owner(&message);
    owner->GetReflection()->SetString(owner, path_.back(), absl::StrCat(prefix_, value));
  }

 private:
  Message* Owner(Message* message) const {
    for (size_t i = 0; i + 1 < path_.size(); ++i) message = message->GetReflection()->MutableMessage(message, path_[i]);
    return message;
  }
  std::vector<const FieldDescriptor*> path_;
  std::string prefix_;
};

struct Plan {
  std::string path;
  std::unique_ptr<Message> request;
  std::unique_ptr<Message> response;
  std::optional<Field> request_id;
  std::vector<Field> unique;
};

absl::StatusOr<Plan> MakePlan(const LoadOptions& options) {
  const auto bad = [](absl::string_view message) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_LOAD", message);
  };
  const auto* const method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      absl::StrReplaceAll(options.method, {{"/", "."}}));
  if (method == nullptr) return bad(absl::StrCat("no method ", options.method));
  auto* const factory = google::protobuf::MessageFactory::generated_factory();
  Plan plan;
  plan.path = absl::StrCat("/", options.method);
  plan.request.reset(factory->GetPrototype(method->input_type())->New());
  plan.response.reset(factory->GetPrototype(method->output_type())->New());
  const auto parsed = google::protobuf::util::JsonStringToMessage(options.request_json, plan.request.get());
  if (!parsed.ok()) return bad(absl::StrCat("the request does not fit: ", std::string(parsed.message())));
  plan.request_id = Field::Find(*plan.request, "request_id");
  for (const std::string& path : options.unique_fields) {
    auto field = Field::Find(*plan.request, path);
    if (!field) return bad(absl::StrCat("no string field ", path));
    plan.unique.push_back(*std::move(field));
  }
  return plan;
}

// One call after the other; as many of these as calls are to be in flight.
class Slot {
 public:
  Slot(const Plan& plan, const LoadOptions& options, Stub& stub, std::atomic<int64_t>& serial, absl::Time from,
       absl::Time until, absl::BlockingCounter& left)
      : plan_(plan),
        authorization_(absl::StrCat("Bearer ", options.token)),
        stub_(stub),
        serial_(serial),
        from_(from),
        until_(until),
        left_(left),
        request_(plan.request->New()),
        response_(plan.response->New()) {
    request_->CopyFrom(*plan.request);
  }

  void Next() {
    begun_ = absl::Now();
    if (begun_ >= until_) {
      context_.reset();
      left_.DecrementCount();
      return;
    }
    context_.emplace();
    context_->AddMetadata("authorization", authorization_);
    context_->set_deadline(absl::ToChronoTime(begun_ + absl::Seconds(20)));
    if (plan_.request_id) plan_.request_id->Set(*request_, Uuid::New(begun_).ToString());
    if (!plan_.unique.empty()) {
      const std::string value = absl::StrCat(serial_.fetch_add(1, std::memory_order_relaxed));
      for (const Field& field : plan_.unique) field.Set(*request_, value);
    }
    stub_.UnaryCall(&*context_, plan_.path, grpc::StubOptions(), request_.get(), response_.get(),
                    [this](const grpc::Status& status) { Done(status); });
  }

  const std::vector<uint32_t>& micros() const { return micros_; }
  const std::map<std::string, int64_t>& errors() const { return errors_; }

 private:
  void Done(const grpc::Status& status) {
    const absl::Time now = absl::Now();
    if (!status.ok()) {
      const absl::Status error = rpc::FromGrpcStatus(status);
      ++errors_[absl::StrCat(rpc::CodeName(error.code()), " ", ErrorReason(error))];
    } else if (now >= from_ && now < until_) {
      micros_.push_back(static_cast<uint32_t>(absl::ToInt64Microseconds(now - begun_)));
    }
    Next();
  }

  const Plan& plan_;
  const std::string authorization_;
  Stub& stub_;
  std::atomic<int64_t>& serial_;
  const absl::Time from_;
  const absl::Time until_;
  absl::BlockingCounter& left_;
  const std::unique_ptr<Message> request_;
  const std::unique_ptr<Message> response_;
  std::optional<grpc::ClientContext> context_;
  absl::Time begun_;
  std::vector<uint32_t> micros_;
  std::map<std::string, int64_t> errors_;
};

LoadResult Summarize(const std::vector<std::unique_ptr<Slot>>& slots, absl::Duration duration) {
  LoadResult result;
  std::vector<uint32_t> micros;
  for (const auto& slot : slots) {
    micros.insert(micros.end(), slot->micros().begin(), slot->micros().end());
    for (const auto& [name, count] : slot->errors()) {
      result.errors += count;
      result.errors_by_name[name] += count;
    }
  }
  std::sort(micros.begin(), micros.end());
  result.calls = static_cast<int64_t>(micros.size());
  result.calls_per_s = static_cast<double>(micros.size()) / absl::ToDoubleSeconds(duration);
  if (!micros.empty()) {
    result.p50_ms = micros[micros.size() / 2] / 1000.0;
    result.p99_ms = micros[micros.size() * 99 / 100] / 1000.0;
  }
  return result;
}

}  // namespace

absl::StatusOr<LoadResult> RunLoad(const LoadOptions& options) {
  ASSIGN_OR_RETURN(const Plan plan, MakePlan(options));
  std::vector<std::unique_ptr<Stub>> stubs;
  for (int i = 0; i < options.connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    stubs.push_back(std::make_unique<Stub>(
        grpc::CreateCustomChannel(options.target, grpc::InsecureChannelCredentials(), arguments)));
  }
  std::atomic<int64_t> serial = absl::GetCurrentTimeNanos();
  absl::BlockingCounter left(options.in_flight);
  const absl::Time from = absl::Now() + options.warm_up;
  std::vector<std::unique_ptr<Slot>> slots;
  for (int i = 0; i < options.in_flight; ++i) {
    slots.push_back(
        std::make_unique<Slot>(plan, options, *stubs[i % stubs.size()], serial, from, from + options.duration, left));
  }
  for (const auto& slot : slots) slot->Next();
  left.Wait();
  return Summarize(slots, options.duration);
}

}  // namespace vinculo::load
