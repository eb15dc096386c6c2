#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "common/auth/principal.h"

namespace vinculo::rpc {

// What the suite knows of one RPC from its contract. One per RPC and process, never destroyed.
struct Method {
  int index = 0;                   // dense from 0, the key of per-method tables
  std::string full_name;           // vinculo.support.v1.TicketService.GetTicket
  std::string service;             // vinculo.support.v1.TicketService
  std::string name;                // GetTicket
  std::vector<std::string> roles;  // any one of them may call; `admin` may call all
  bool is_public = false;          // needs no token
  bool any_role = false;           // any token will do: reflection
  bool streaming = false;

  bool Allows(const auth::Principal& principal) const;
};

// The method of the linked-in contracts with this name and these messages; its service must have been added with
// AddService before. Aborts when there is none: that is a mistake of the program, found by its first test. Thread-safe.
const Method& FindMethod(const char* name, const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response);

// Makes every method of a service known. Aborts when a method of ours has no permission option; reflection asks for any
// token. Thread-safe, may be repeated.
std::vector<const Method*> AddService(const google::protobuf::ServiceDescriptor* service);

}  // namespace vinculo::rpc
