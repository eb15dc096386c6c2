#pragma once

#include <deque>
#include <string>
#include <vector>

#include "common/rpc/stream.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/contact_service.pb.h"

namespace vinculo::messaging {

// Everything that is kept under one contact, item by item, read page by page as the caller takes them.
class ExportContactStream final : public rpc::WriteStream<v1::ExportContactResponse> {
 public:
  ExportContactStream(rpc::StreamContext stream, const ApiContext& context, const Uuid& contact)
      : WriteStream(std::move(stream)), context_(context), contact_(contact) {}

  void Produce() override;

 private:
  enum class Stage { kContact, kMessages, kInbound, kRecipients, kDone };
  // Where the next page begins.
  struct Place {
    Stage stage = Stage::kContact;
    Uuid after;
    absl::Time after_at = absl::UnixEpoch();
    std::string after_wamid;
    size_t alias = 0;  // whose ledger rows
  };
  struct Page {
    std::vector<v1::ExportContactResponse> items;
    Place next;
  };

  absl::StatusOr<Page> Read(sql::Transaction& tx, const Place& from) const;
  absl::Status ReadContact(sql::Transaction& tx, Page& page) const;
  absl::Status ReadMessages(sql::Transaction& tx, Page& page) const;
  absl::Status ReadInbound(sql::Transaction& tx, Page& page) const;
  absl::Status ReadRecipients(sql::Transaction& tx, Page& page) const;

  const ApiContext context_;
  const Uuid contact_;
  Place place_;
  std::deque<v1::ExportContactResponse> ready_;
};

}  // namespace vinculo::messaging
