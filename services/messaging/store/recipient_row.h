#pragma once

#include "common/sql/row.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/encoding.h"

namespace vinculo::messaging {

// The columns of a ledger row, each after `t` ("" or an alias with its dot), in the order in which ReadRecipient takes
// them.
#define VINCULO_RECIPIENT_ROW(t)                                                                            \
  t "campaign_id, " t "contact_id, " t "position, " t "state, " t "reason, " t "language, " t "version, " t \
    "category, " t "params, " t "round, " t "tries, " t "message_id, " t "not_before, " t "replied, " t     \
    "opted_out, " t "updated_at, " t "first_message_id, " t "capped_retries, " t "replied_at, " t "opted_out_at"

inline Recipient ReadRecipient(const sql::Row& r, absl::Status& status) {
  Recipient out;
  out.campaign_id = r.Id(0);
  out.contact_id = r.Id(1);
  out.position = r.Int(2);
  out.state = static_cast<RecipientState>(r.Int(3));
  out.reason = r.String(4);
  out.language = r.String(5);
  out.version = static_cast<int>(r.Int(6));
  out.category = static_cast<Category>(r.Int(7));
  absl::StatusOr<PlaceValues> params = DecodeMap(r.Text(8));
  params.ok() ? void(out.params = *std::move(params)) : void(status = params.status());
  out.round = static_cast<int>(r.Int(9));
  out.tries = static_cast<int>(r.Int(10));
  out.message_id = r.OptionalId(11);
  out.not_before = r.Time(12);
  out.replied = static_cast<int>(r.Int(13));
  out.opted_out = r.Bool(14);
  out.updated_at = r.Time(15);
  out.first_message_id = r.OptionalId(16);
  out.capped_retries = static_cast<int>(r.Int(17));
  out.replied_at = r.OptionalTime(18);
  out.opted_out_at = r.OptionalTime(19);
  return out;
}

}  // namespace vinculo::messaging
