#pragma once

#include "services/messaging/domain/template.h"

// What a listing of WhatsApp's tells of a template's content, and what it does not.
namespace vinculo::messaging {

// Completes what WhatsApp's listing cannot tell with what `live` says: opt-out flags of buttons with the same label,
// examples, samples, coupons, apps, labels that WhatsApp writes itself. `ttl_known` is false when the listing left the
// time to live out.
TemplateComponents CompleteListed(TemplateComponents listed, const TemplateComponents& live, bool ttl_known);

// The content that people see and messages depend on: without examples, samples and coupons of examples. Equal when two
// versions say the same.
TemplateComponents ContentOf(TemplateComponents components);

}  // namespace vinculo::messaging
