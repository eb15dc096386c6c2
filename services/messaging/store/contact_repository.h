#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/contact.h"
#include "services/messaging/store/data_key.h"

namespace vinculo::messaging {

// What is known about a person when a contact is looked for or made.
struct PersonRef {
  std::string phone;  // E.164
  std::string wa_id;  // digits
  std::string bsuid;
  std::string country;
};

// Contacts with their identities, suppressions included. A contact's permission columns repeat what evidence and
// suppressions say.
class ContactRepository {
 public:
  explicit ContactRepository(const DataKey& key) : key_(key) {}

  // NOT_FOUND CONTACT_NOT_FOUND. The loser of a merge reads as the survivor.
  absl::StatusOr<Contact> Get(sql::Transaction& tx, const Uuid& id) const;
  // By exact WA_ID, then BSUID, then exact phone, then phone key.
  absl::StatusOr<std::optional<Contact>> Find(sql::Transaction& tx, const PersonRef& who) const;
  // Of several the last heard from.
  absl::StatusOr<std::optional<Contact>> FindByCustomer(sql::Transaction& tx, const std::string& customer_id) const;
  // The contact of `who`; made when there is none. Adds identities it did not have, unless they are somebody else's.
  absl::StatusOr<Contact> GetOrCreate(sql::Transaction& tx, const PersonRef& who, absl::Time now) const;
  absl::StatusOr<Contact> Create(sql::Transaction& tx, const PersonRef& who, absl::Time now) const;
  // True when something was added.
  absl::StatusOr<bool> AddIdentities(sql::Transaction& tx, const PersonRef& who, Contact& contact) const;

  // Writes everything but identities; bumps the revision.
  absl::Status Update(sql::Transaction& tx, Contact& contact, absl::Time now) const;
  absl::Status SetPermissions(sql::Transaction& tx, const Contact& contact) const;
  // No marketing to the contact until then; never sooner than what is known already [M-110].
  absl::Status RestMarketing(sql::Transaction& tx, const Uuid& id, absl::Time until) const;
  absl::Status Heard(sql::Transaction& tx, const Uuid& id, absl::Time at) const;
  struct LastRoute {
    int route = 0;
    std::string ref;
  };
  absl::StatusOr<LastRoute> GetLastRoute(sql::Transaction& tx, const Uuid& id) const;
  absl::Status SetLastRoute(sql::Transaction& tx, const Uuid& id, int route, const std::string& ref) const;
  absl::Status LoadIdentities(sql::Transaction& tx, Contact& contact) const;

  // Live contacts by id, after `after`. With a list: its members, each with its variables.
  struct Member {
    Contact contact;
    std::map<std::string, std::string> variables;
  };
  absl::StatusOr<std::vector<Member>> Page(sql::Transaction& tx, const std::optional<Uuid>& list, const Uuid& after,
                                           int limit) const;
  absl::StatusOr<std::map<std::string, std::string>> MemberVariables(sql::Transaction& tx, const Uuid& list,
                                                                     const Uuid& contact) const;
  // The lists a contact stands on.
  absl::StatusOr<std::vector<Uuid>> ListsOfContact(sql::Transaction& tx, const Uuid& contact) const;

  // Evidence, newest first.
  absl::StatusOr<std::vector<Consent>> Evidence(sql::Transaction& tx, const Uuid& contact) const;
  // Evidence older than (before, id), newest first.
  absl::StatusOr<std::vector<Consent>> EvidencePage(sql::Transaction& tx, const Uuid& contact, absl::Time before,
                                                    const Uuid& id, int limit) const;
  absl::Status InsertEvidence(sql::Transaction& tx, const Consent& consent) const;

  // Suppressions of all identities of a contact; `flag` is one of Suppressed.
  absl::Status Suppress(sql::Transaction& tx, const Contact& contact, int flag, std::optional<absl::Time> until,
                        absl::Time now) const;
  absl::Status Lift(sql::Transaction& tx, const Contact& contact, int flag) const;

  static std::vector<sql::Query> Queries();

 private:
  absl::StatusOr<std::optional<Contact>> ByIdentity(sql::Transaction& tx, IdentityKind kind,
                                                    const std::string& value) const;
  absl::StatusOr<int> SuppressedOf(sql::Transaction& tx, const std::vector<Identity>& identities, absl::Time now) const;

  const DataKey& key_;
};

struct ContactList {
  Uuid id;
  std::string display_name;
  int64_t members = 0;
  absl::Time created_at;
};

class ListRepository {
 public:
  // ALREADY_EXISTS NAME_TAKEN.
  static absl::Status Insert(sql::Transaction& tx, const ContactList& list);
  // NOT_FOUND LIST_NOT_FOUND.
  static absl::StatusOr<ContactList> Get(sql::Transaction& tx, const Uuid& id);
  static absl::StatusOr<std::vector<ContactList>> List(sql::Transaction& tx, const Uuid& after, int limit);
  // True when the contact or its variables were new on the list.
  static absl::StatusOr<bool> PutMember(sql::Transaction& tx, const Uuid& list, const Uuid& contact,
                                        const std::map<std::string, std::string>& variables);
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
