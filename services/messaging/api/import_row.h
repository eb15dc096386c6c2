#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/import.h"
#include "services/messaging/store/contact_repository.h"

namespace vinculo::messaging {

// Applies the rows of one batch of an import within its transaction, with as few statements as each row allows.
class RowApplier {
 public:
  struct Origin {
    Uuid import;
    std::string actor;
    std::optional<Uuid> list;  // every row's contact is put on it
  };
  RowApplier(const ContactRepository& contacts, const Origin& origin, absl::Time at)
      : contacts_(contacts), origin_(origin), at_(at) {}

  // In a read: what would happen. Warnings are added to. A row that would bring a contact beyond its bounds is REJECTED
  // VALUE_TOO_LONG, for which `rejection` says so.
  absl::StatusOr<RowOutcome> Apply(sql::Transaction& tx, const ImportedRow& row, std::vector<RowNote>& warnings,
                                   RowNote& rejection);
  // After the last row. RESOURCE_EXHAUSTED QUOTA_EXCEEDED when the list cannot take them all.
  absl::Status Finish(sql::Transaction& tx);

 private:
  // Whether the contact keeps within its bounds; nullopt is a new one.
  absl::StatusOr<bool> Fits(sql::Transaction& tx, const PersonRef& who, const ContactPatch& patch,
                            const std::optional<Contact>& contact) const;
  absl::Status Create(sql::Transaction& tx, const PersonRef& who, const ImportedRow& row,
                      std::vector<RowNote>& warnings);
  absl::StatusOr<bool> Change(sql::Transaction& tx, const PersonRef& who, const ImportedRow& row, Contact& contact,
                              std::vector<RowNote>& warnings);
  absl::StatusOr<bool> ApplyConsents(sql::Transaction& tx, Contact& contact, const ImportedRow& row,
                                     std::vector<RowNote>& warnings);
  Consent EvidenceOf(const ImportedRow& row, const RowConsent& consent, const Uuid& contact) const;

  const ContactRepository& contacts_;
  const Origin& origin_;
  const absl::Time at_;
  int64_t joined_ = 0;  // new members of the list
};

}  // namespace vinculo::messaging
