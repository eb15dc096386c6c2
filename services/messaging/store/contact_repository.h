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

std::vector<Identity> IdentitiesOf(const PersonRef& who);

// A reason not to write to a person, kept under the keyed hash of each identity.
struct Suppression {
  std::string hash;
  int flag = 0;  // one of Suppressed
  std::optional<absl::Time> until;
  absl::Time created_at;
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
  // Live ones, at most 100.
  absl::StatusOr<std::vector<Contact>> OfCustomer(sql::Transaction& tx, const std::string& customer_id) const;
  // The contact of `who`; made when there is none. Adds identities it did not have, unless they are somebody else's.
  absl::StatusOr<Contact> GetOrCreate(sql::Transaction& tx, const PersonRef& who, absl::Time now) const;
  absl::StatusOr<Contact> Create(sql::Transaction& tx, const PersonRef& who, absl::Time now) const;
  // The same with data and permissions that are known already: Prepare gives it its id, identities and the suppressions
  // kept for them, Insert stores it.
  absl::StatusOr<Contact> Prepare(sql::Transaction& tx, const PersonRef& who, absl::Time now) const;
  absl::Status Insert(sql::Transaction& tx, const Contact& contact) const;
  // Adds what nobody has yet; true when something was added. A suppression kept for a new identity holds for the
  // contact.
  absl::StatusOr<bool> AddIdentities(sql::Transaction& tx, const PersonRef& who, Contact& contact,
                                     absl::Time now) const;
  // Whose identity it is, by exact value; a merged contact's are the survivor's.
  absl::StatusOr<std::optional<Uuid>> OwnerOf(sql::Transaction& tx, const Identity& identity) const;
  absl::Status RemoveIdentity(sql::Transaction& tx, const Contact& contact, const Identity& identity) const;
  // Contacts merged into this one.
  absl::StatusOr<std::vector<Uuid>> Aliases(sql::Transaction& tx, const Uuid& contact) const;

  // Writes everything but identities; bumps the revision.
  absl::Status Update(sql::Transaction& tx, Contact& contact, absl::Time now) const;
  absl::Status SetPermissions(sql::Transaction& tx, const Contact& contact) const;
  // No marketing to the contact until then; never sooner than what is known already [M-110].
  absl::Status RestMarketing(sql::Transaction& tx, const Uuid& id, absl::Time until) const;
  // Marketing begun lately; the revision stays.
  absl::Status SetRecentMarketing(sql::Transaction& tx, const Contact& contact) const;
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

  // Suppressions of all identities of a contact, whose identities are loaded; `flag` is one of Suppressed. One that
  // ends has the contact's standing looked at again then.
  absl::Status Suppress(sql::Transaction& tx, const Contact& contact, int flag, std::optional<absl::Time> until,
                        absl::Time now) const;
  absl::Status Lift(sql::Transaction& tx, const Contact& contact, int flag) const;
  // Those in force, one for each flag with the later end.
  absl::StatusOr<std::vector<Suppression>> Suppressions(sql::Transaction& tx, const std::vector<Identity>& identities,
                                                        absl::Time now) const;
  // What the suppressions of the contact say, written to every identity it has.
  absl::Status SpreadSuppressions(sql::Transaction& tx, const Contact& contact, absl::Time now) const;
  // All of a tenant after (hash, flag): whose they are is not kept.
  absl::StatusOr<std::vector<Suppression>> SuppressionPage(sql::Transaction& tx, const std::string& hash, int flag,
                                                           int limit) const;
  // Has the contact's standing looked at again at `at`, when something that decides it ends.
  absl::Status WatchStanding(sql::Transaction& tx, const Uuid& contact, std::optional<absl::Time> at) const;

  static std::vector<sql::Query> Queries();

 private:
  absl::StatusOr<std::optional<Contact>> ByIdentity(sql::Transaction& tx, IdentityKind kind,
                                                    const std::string& value) const;
  // Adds the flags of suppressions kept for `identities` to the contact.
  absl::StatusOr<bool> Inherit(sql::Transaction& tx, const std::vector<Identity>& identities, Contact& contact,
                               absl::Time now) const;
  static std::vector<sql::Query> StandingQueries();

  const DataKey& key_;
};

struct ContactList {
  Uuid id;
  std::string display_name;
  int64_t members = 0;
  absl::Time created_at;
  int64_t revision = 1;
};

inline constexpr int64_t kMaxMembers = 5'000'000;  // of one list [M-128]

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
  // A contact that stands on no list yet; the caller grows the list.
  static absl::Status InsertMember(sql::Transaction& tx, const Uuid& list, const Uuid& contact,
                                   const std::map<std::string, std::string>& variables);
  static absl::Status Grow(sql::Transaction& tx, const Uuid& list, int64_t by);
  // True when the contact stood on it.
  static absl::StatusOr<bool> RemoveMember(sql::Transaction& tx, const Uuid& list, const Uuid& contact);
  // Name; bumps the revision. ALREADY_EXISTS NAME_TAKEN.
  static absl::Status Rename(sql::Transaction& tx, ContactList& list);
  // From now on there is no such list; its members are taken off page by page, false when none is left.
  static absl::Status Delete(sql::Transaction& tx, const Uuid& list);
  static absl::StatusOr<bool> Empty(sql::Transaction& tx, const Uuid& list, int limit);
  static absl::StatusOr<int64_t> Count(sql::Transaction& tx);
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
