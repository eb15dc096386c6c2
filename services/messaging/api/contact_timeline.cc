#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/render.h"
#include "services/messaging/api/report_service.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/report_repository.h"
#include "services/messaging/store/timeline_repository.h"

// ReportService.GetContactTimeline: four lists, merged by time.
namespace vinculo::messaging {
namespace {

// Further rows of each list, for those that share their time with the last of the page before.
constexpr int kTies = 64;

struct Item {
  absl::Time at;
  std::string key;  // orders what happened at the same time
  std::variant<Message, InboundItemRow, Consent, SilentCampaign> what;
};

// Newest first.
bool Before(const Item& a, const Item& b) { return a.at != b.at ? a.at > b.at : a.key > b.key; }

struct Cursor {
  absl::Time at = absl::FromUnixSeconds(253'402'300'799);  // the end of the year 9999
  std::string key;                                         // "": nothing was shown yet
  bool Shown(const Item& item) const { return item.at > at || (item.at == at && !key.empty() && item.key >= key); }
};

struct TimelinePage {
  std::vector<Item> items;
  bool more = false;
};

absl::StatusOr<TimelinePage> LoadTimeline(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& asked,
                                          const Cursor& cursor, int size) {
  ASSIGN_OR_RETURN(const Contact contact, contacts.Get(tx, asked));
  const int limit = size + 1 + kTies;
  std::vector<Item> all;
  const Uuid newest = Uuid::LeastAt(cursor.at + absl::Milliseconds(1));
  ASSIGN_OR_RETURN(std::vector<Message> messages, MessageRepository::ListByContact(tx, contact.id, newest, limit));
  for (Message& m : messages) all.push_back({m.created_at, absl::StrCat("message ", m.id.ToString()), std::move(m)});
  ASSIGN_OR_RETURN(std::vector<InboundItemRow> inbound, TimelineRepository::Inbound(tx, contact.id, cursor.at, limit));
  for (InboundItemRow& i : inbound) all.push_back({i.at, absl::StrCat("inbound ", i.wamid), std::move(i)});
  ASSIGN_OR_RETURN(std::vector<Consent> consents,
                   contacts.EvidencePage(tx, contact.id, cursor.at + absl::Microseconds(1), Uuid(), limit));
  for (Consent& c : consents) all.push_back({c.at, absl::StrCat("consent ", c.id.ToString()), std::move(c)});
  // A merge leaves the rows of a ledger where they are.
  ASSIGN_OR_RETURN(std::vector<Uuid> ids, contacts.Aliases(tx, contact.id));
  ids.push_back(contact.id);
  for (const Uuid& id : ids) {
    ASSIGN_OR_RETURN(std::vector<SilentCampaign> campaigns, TimelineRepository::Campaigns(tx, id));
    for (SilentCampaign& c : campaigns)
      all.push_back({c.at, absl::StrCat("campaign ", c.campaign_id.ToString(), id.ToString()), std::move(c)});
  }
  std::erase_if(all, [&](const Item& item) { return cursor.Shown(item); });
  std::sort(all.begin(), all.end(), Before);
  TimelinePage page{.items = {}, .more = static_cast<int>(all.size()) > size};
  if (page.more) all.resize(size);
  page.items = std::move(all);
  return page;
}

struct Renderer {
  bool personal;
  v1::TimelineItem* out;

  void operator()(const Message& m) const { RenderMessage(m, personal, out->mutable_message()); }
  void operator()(const InboundItemRow& i) const {
    v1::TimelineInbound* in = out->mutable_inbound();
    in->set_wamid(i.wamid);
    in->set_sender_id(i.sender_id.ToString());
    in->set_type(i.type);
    if (personal) in->set_text(i.text);
    in->set_route(std::string(RouteName(i.route)));
    if (i.campaign_id) in->set_campaign_id(i.campaign_id->ToString());
  }
  void operator()(const Consent& c) const { RenderConsent(c, out->mutable_consent()); }
  void operator()(const SilentCampaign& c) const {
    v1::TimelineCampaign* campaign = out->mutable_campaign();
    campaign->set_campaign_id(c.campaign_id.ToString());
    campaign->set_display_name(c.display_name);
    campaign->set_state(static_cast<v1::RecipientState>(c.state));
    campaign->set_reason(c.reason);
  }
};

}  // namespace

void ReportService::GetContactTimeline(rpc::Call<v1::GetContactTimelineRequest, v1::GetContactTimelineResponse> call) {
  const v1::GetContactTimelineRequest& request = call.request();
  FieldViolations bad;
  const Uuid contact = text::ParseUuid("contact_id", request.contact_id(), bad);
  const int size = api::ParsePageSize(request.page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string tenant = call.principal().tenant, filter = request.contact_id();
  const api::PageScope bound{tenant, "messaging.ReportService.GetContactTimeline", filter, "at,key"};
  const absl::StatusOr<std::optional<api::PageKey>> key = api::ParsePageToken(bound, request.page_token(), "ts");
  if (!key.ok()) return call.Fail(key.status());
  Cursor cursor;
  if (*key) cursor = {std::get<absl::Time>((**key)[0]), std::get<std::string>((**key)[1])};
  const bool personal = MaySeePersonal(call.principal());
  context_.db.ReadOnPool(
      call.scope(),
      [contact, cursor, size, contacts = &context_.contacts](sql::Transaction& tx) {
        return LoadTimeline(tx, *contacts, contact, cursor, size);
      },
      call.Reply([personal, tenant, filter](const TimelinePage& page, v1::GetContactTimelineResponse* out) {
        for (const Item& item : page.items) {
          v1::TimelineItem* added = out->add_items();
          api::SetTimestamp(item.at, added->mutable_time());
          std::visit(Renderer{personal, added}, item.what);
        }
        if (!page.more) return;
        const api::PageScope scope{tenant, "messaging.ReportService.GetContactTimeline", filter, "at,key"};
        out->set_next_page_token(api::EncodePageToken(scope, {page.items.back().at, page.items.back().key}));
      }));
}

}  // namespace vinculo::messaging
