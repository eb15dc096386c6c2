
#include "absl/strings/str_cat.h"
#include "clients/vinculoctl/commands.h"
#include "common/status/error.h"
#include "vinculo/events/v1/event_feed.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::events::v1;

struct WatchOptions {
  std::string area;
  int64_t after = 0;
  int limit = 0;
  std::vector<std::string> types;
  bool once = false;
};

// Every service serves the same feed under the same name; the area's channel is chosen by a name that begins with the
// area's package.
void Watch(const Context& context, const WatchOptions& options) {
  Connection connection = context.session().connection();
  connection.addresses["events"] = connection.addresses[options.area];
  if (connection.addresses["events"].empty()) {
    Check(Error(absl::StatusCode::kInvalidArgument, "ADDRESS_MISSING",
                absl::StrCat("where is ", options.area, "? Give --", options.area, " host:port")));
  }
  Session session(connection);
  int seen = 0;
  const auto print = [&](const auto& events) {
    for (const v1::Event& event : events) {
      if (context.format == Format::kJson) {
        PrintOne(std::cout, Format::kJson, event, {});
      } else {
        std::cout << event.seq() << "  " << CellAt(event, "occurred_at") << "  " << event.type() << "  "
                  << event.subject() << std::endl;
      }
      if (options.limit > 0 && ++seen >= options.limit) return false;
    }
    return true;
  };
  if (options.once) {
    v1::ReadRequest request;
    request.set_after_seq(options.after);
    request.set_page_size(1000);
    for (const std::string& type : options.types) request.add_types(type);
    for (;;) {
      v1::ReadResponse page;
      Check(session.Call("vinculo.events.v1.EventFeed/Read", request, &page));
      if (!print(page.events()) || page.next_after_seq() == request.after_seq()) return;
      request.set_after_seq(page.next_after_seq());
    }
  }
  v1::WatchRequest request;
  request.set_after_seq(options.after);
  for (const std::string& type : options.types) request.add_types(type);
  v1::WatchResponse response;
  Check(session.Follow(
      "vinculo.events.v1.EventFeed/Watch", request, &response,
      [&](const google::protobuf::Message& message) {
        return print(static_cast<const v1::WatchResponse&>(message).events());
      },
      /*endless=*/true));
}

}  // namespace

void AddEventCommands(CLI::App& app, Context& context) {
  CLI::App* events = app.add_subcommand("events", "what happened, as the services tell each other");
  events->require_subcommand(1);
  auto options = std::make_shared<WatchOptions>();
  CLI::App* watch = events->add_subcommand("watch", "follow a service's events (Ctrl-C ends)");
  watch->add_option("service", options->area, "messaging, profiling, lifecycle or support")
      ->required()
      ->check(CLI::IsMember({"messaging", "profiling", "lifecycle", "support"}));
  watch->add_option("--after", options->after, "begin after this number")->capture_default_str();
  watch->add_option("--limit", options->limit, "stop after so many");
  watch->add_option("--type", options->types, "only these types; repeat");
  watch->add_flag("--once", options->once, "print what there is and end");
  watch->callback([&context, options] { Watch(context, *options); });
}

}  // namespace vinculo::ctl
