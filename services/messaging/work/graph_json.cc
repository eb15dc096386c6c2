#include "services/messaging/work/graph_json.h"

#include "services/messaging/work/json_view.h"

namespace vinculo::messaging {

RawAnswer ReadSendAnswer(const http::Response& response) {
  RawAnswer raw;
  raw.whole = response.transport.ok();
  raw.request_written = response.request_bytes_written;
  raw.http = response.status;
  if (!raw.whole) return raw;
  const JsonView body = JsonView::Parse(response.body);
  if (const JsonView error = body["error"]; error.is_object()) {
    raw.graph_json = true;
    raw.code = static_cast<int>(error["code"].Int());
    raw.subcode = static_cast<int>(error["error_subcode"].Int());
    raw.details = error["message"].Text();
    raw.fbtrace = error["fbtrace_id"].Text();
    return raw;
  }
  raw.wamid = body["messages"][0]["id"].Text();
  raw.held = body["messages"][0]["message_status"].Text() == "held_for_quality_assessment";
  raw.wa_id = body["contacts"][0]["wa_id"].Text();
  raw.user_id = body["contacts"][0]["user_id"].Text();
  return raw;
}

}  // namespace vinculo::messaging
