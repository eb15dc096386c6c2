#pragma once

#include <string>

#include "clients/vinculoctl/commands.h"

// What a person names or leaves out, as the ids that messaging takes. Each ends the command with words on what to do
// when it finds nothing, or more than one.
namespace vinculo::ctl {

// `given` when it is not empty, else the tenant's only channel.
std::string ChannelOr(Session& session, const std::string& given);
// `given` when it is not empty, else the tenant's default number.
std::string SenderOr(Session& session, const std::string& given);
// A list by name or id. With `create` one of that name is made when there is none.
std::string ListNamed(Session& session, const std::string& name, bool create);
// A campaign by id or name; of several with one name the newest.
std::string CampaignNamed(Session& session, const std::string& name);
// A contact by id or phone.
std::string ContactNamed(Session& session, const std::string& name);

}  // namespace vinculo::ctl
