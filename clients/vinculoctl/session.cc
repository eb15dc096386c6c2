#include "clients/vinculoctl/session.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "clients/cpp/channel.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::ctl {

using google::protobuf::Message;

class Session::Impl {
 public:
  explicit Impl(const Connection& connection)
      : connection_(connection), tokens_(std::make_shared<clients::FixedToken>(connection.token)) {}

  // The channel of the area that the method's package names.
  absl::StatusOr<clients::Channel*> ChannelFor(const std::string& method) {
    const std::vector<std::string> parts = absl::StrSplit(method, '.');
    const std::string area = parts.size() > 1 ? parts[1] : "";
    std::shared_ptr<clients::Channel>& channel = channels_[area];
    if (channel == nullptr) {
      const auto address = connection_.addresses.find(area);
      if (address == connection_.addresses.end() || address->second.empty()) {
        return Error(absl::StatusCode::kInvalidArgument, "ADDRESS_MISSING",
                     absl::StrCat("where is ", area, "? Give --", area,
                                  " host:port, or set the environment (vinculoctl --help)"));
      }
      clients::ChannelOptions options;
      options.target = address->second;
      options.insecure_loopback = connection_.insecure;
      options.ca_file = connection_.ca_file;
      options.certificate_file = connection_.certificate_file;
      options.key_file = connection_.key_file;
      ASSIGN_OR_RETURN(channel, clients::Channel::Open(options, tokens_));
    }
    return channel.get();
  }

 private:
  const Connection& connection_;
  const std::shared_ptr<clients::TokenSource> tokens_;
  std::map<std::string, std::shared_ptr<clients::Channel>> channels_;
};

Session::Session(Connection connection)
    : connection_(std::move(connection)), impl_(std::make_unique<Impl>(connection_)) {}
Session::~Session() = default;

absl::Status Session::Call(const std::string& method, Message& request, Message* response) {
  ASSIGN_OR_RETURN(clients::Channel * channel, impl_->ChannelFor(method));
  return channel->CallAndWait(method, "", request, absl::Now() + connection_.timeout, response);
}

absl::Status Session::Upload(const std::string& method, Message* message, absl::FunctionRef<bool(Message*)> next,
                             Message* response) {
  ASSIGN_OR_RETURN(clients::Channel * channel, impl_->ChannelFor(method));
  return channel->Upload(method, "", message, next, response);
}

absl::Status Session::Follow(const std::string& method, Message& request, Message* response,
                             absl::FunctionRef<bool(const Message&)> on_message, bool endless) {
  ASSIGN_OR_RETURN(clients::Channel * channel, impl_->ChannelFor(method));
  const absl::Time deadline = endless ? absl::InfiniteFuture() : absl::Now() + connection_.timeout;
  return channel->Follow(method, "", request, deadline, response, on_message);
}

}  // namespace vinculo::ctl
