#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/rpc/stream.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/contact_service.pb.h"

namespace vinculo::messaging {

// Members put on a list and taken off, item by item. Items are gathered and applied in batches, each in one
// transaction; the next is read when the batch before is durable.
class EditMembersStream final : public rpc::ReadStream<v1::EditMembersRequest, v1::EditMembersResponse> {
 public:
  EditMembersStream(rpc::StreamContext stream, const ApiContext& context)
      : ReadStream(std::move(stream)), context_(context) {}

  void OnMessage(const v1::EditMembersRequest& message) override;
  void OnEnd() override;

 private:
  struct Item {
    int64_t number = 0;
    Uuid contact;
    bool remove = false;
    std::map<std::string, std::string> variables;
  };
  struct Outcome {
    bool changed = false;
    std::string code;  // "" when it was applied
    std::string fix;
  };

  absl::Status Begin(const v1::EditMembersRequest& message);
  void Add(const v1::EditMembersRequest& message);
  void Reject(int64_t item, const absl::Status& why);
  // Applies what is pending, then calls `then`.
  void Drain(absl::AnyInvocable<void()> then);
  absl::StatusOr<std::vector<Outcome>> Apply(sql::Transaction& tx, const std::vector<Item>& items) const;
  absl::StatusOr<Outcome> ApplyOne(sql::Transaction& tx, const Item& item, int64_t& members) const;

  const ApiContext context_;
  std::optional<Uuid> list_;
  int64_t number_ = 0;
  std::vector<Item> pending_;
  v1::EditMembersResponse response_;
};

}  // namespace vinculo::messaging
