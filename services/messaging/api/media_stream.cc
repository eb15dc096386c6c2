#include "services/messaging/api/media_stream.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/http/crypto.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/store/channel_repository.h"

namespace vinculo::messaging {
namespace {

constexpr size_t kChunkMax = 1 << 20;
constexpr size_t kSliceMax = 256 << 10;
// What a multipart body needs around the file.
constexpr size_t kFraming = 2048;
// The first bytes tell the type, and whether a sticker moves.
constexpr size_t kHead = 32;

absl::Status Busy() {
  return ErrorWithDetails(absl::StatusCode::kResourceExhausted, "Too many files are under way; try again in a moment.",
                          {.reason = "RATE_LIMITED", .retry_after = absl::Seconds(2)});
}

absl::Status Bad(std::string field, std::string what) {
  FieldViolations bad;
  bad.Add(std::move(field), std::move(what));
  return bad.ToStatus();
}

absl::StatusOr<MediaSender> LoadSender(const ApiContext& context, const sql::Scope& scope,
                                       const std::optional<Uuid>& named) {
  struct Found {
    Sender sender;
    Channel channel;
  };
  ASSIGN_OR_RETURN(const Found found, context.db.ReadInline(scope, [&](sql::Transaction& tx) -> absl::StatusOr<Found> {
    Found f;
    if (named) {
      ASSIGN_OR_RETURN(f.sender, ChannelRepository::GetSender(tx, *named));
    } else {
      ASSIGN_OR_RETURN(const std::optional<Sender> fallback, ChannelRepository::DefaultSender(tx));
      if (!fallback) return Error(absl::StatusCode::kFailedPrecondition, "NO_SENDER", "Add a sender first.");
      f.sender = *fallback;
    }
    ASSIGN_OR_RETURN(f.channel, ChannelRepository::GetChannel(tx, f.sender.channel_id));
    return f;
  }));
  ASSIGN_OR_RETURN(std::string token,
                   context.key.Open(found.channel.token_sealed, absl::StrCat("waba:", found.channel.waba_id)));
  return MediaSender{found.sender, std::move(token)};
}

}  // namespace

void UploadMediaStream::OnMessage(const v1::UploadMediaRequest& message) {
  absl::Status status;
  if (!begun_) {
    status = message.has_header() ? Begin(message.header()) : Bad("header", "is required in the first message");
  } else if (message.has_header()) {
    status = Bad("header", "stands in the first message only");
  } else {
    status = Take(message.chunk());
  }
  status.ok() ? Next() : Finish(status);
}

absl::Status UploadMediaStream::Begin(const v1::MediaHeader& header) {
  FieldViolations bad;
  const std::optional<Uuid> sender = text::ParseOptionalUuid("header.sender_id", header.sender_id(), bad);
  kind_ = v1::MediaKind_IsValid(header.kind()) ? static_cast<MediaKind>(header.kind()) : MediaKind::kUnspecified;
  file_.mime_type =
      text::ParseText("header.mime_type", header.mime_type(), {.min = 3, .max = 128, .single_line = true}, bad);
  file_.filename =
      text::ParseText("header.filename", header.filename(), {.min = 0, .max = 240, .single_line = true}, bad);
  announced_ = header.size();
  const std::optional<int64_t> limit = MediaLimit(kind_, file_.mime_type);
  if (kind_ == MediaKind::kUnspecified) {
    bad.Add("header.kind", "is required");
  } else if (!limit) {
    bad.Add("header.mime_type", absl::StrCat("is no type that WhatsApp takes for ", MediaKindName(kind_)));
  } else if (announced_ < 0 || announced_ > *limit) {
    bad.Add("header.size", absl::StrCat("must be at most ", *limit, " bytes"));
  }
  RETURN_IF_ERROR(bad.ToStatus());
  limit_ = *limit;
  ASSIGN_OR_RETURN(from_, LoadSender(context_, scope(), sender));
  if (!share_.GrowTo(announced_ + static_cast<int64_t>(kFraming))) return Busy();
  file_.content.reserve(static_cast<size_t>(announced_) + kFraming);
  begun_ = true;
  return absl::OkStatus();
}

absl::Status UploadMediaStream::Take(const std::string& chunk) {
  if (chunk.size() > kChunkMax) return Bad("chunk", "is at most 1 MiB");
  const size_t had = file_.content.size(), has = had + chunk.size();
  if (static_cast<int64_t>(has) > limit_)
    return Bad("chunk", absl::StrCat("the file is larger than ", limit_, " bytes"));
  if (has + kFraming > file_.content.capacity()) {
    const size_t wanted = std::min<size_t>(std::max(has, 2 * had), static_cast<size_t>(limit_)) + kFraming;
    // For a moment there are two of it.
    if (!share_.GrowTo(static_cast<int64_t>(wanted + file_.content.capacity()))) return Busy();
    file_.content.reserve(wanted);
  }
  absl::StrAppend(&file_.content, chunk);
  if (had >= kHead || has < kHead) return absl::OkStatus();
  if (!LooksLike(file_.mime_type, file_.content))
    return Bad("chunk", absl::StrCat("the file is not of type ", file_.mime_type));
  if (kind_ == MediaKind::kSticker) limit_ = std::min(limit_, StickerLimit(file_.content));
  return absl::OkStatus();
}

void UploadMediaStream::OnEnd() {
  if (!begun_) return Finish(Bad("header", "is required in the first message"));
  if (file_.content.empty()) return Finish(Bad("chunk", "the file is empty"));
  if (announced_ != 0 && announced_ != static_cast<int64_t>(file_.content.size()))
    return Finish(Bad("header.size", "is not the size of what followed"));
  if (file_.content.size() < kHead && !LooksLike(file_.mime_type, file_.content))
    return Finish(Bad("chunk", absl::StrCat("the file is not of type ", file_.mime_type)));
  if (static_cast<int64_t>(file_.content.size()) > limit_)
    return Finish(Bad("chunk", absl::StrCat("the file is larger than ", limit_, " bytes")));
  announced_ = static_cast<int64_t>(file_.content.size());
  MediaUpload file{file_.mime_type, file_.filename, std::move(file_.content)};
  context_.provider.UploadMedia(
      from_.sender.phone_number_id, from_.token, std::move(file),
      [self = std::static_pointer_cast<UploadMediaStream>(shared_from_this())](const absl::StatusOr<std::string>& id) {
        id.ok() ? self->Keep(*id) : self->Finish(id.status());
      });
}

void UploadMediaStream::Keep(const std::string& media_id) {
  const absl::Time at = context_.db.clock().Now();
  const StoredMedia media{.id = media_id,
                          .sender_id = from_.sender.id,
                          .kind = kind_,
                          .mime_type = file_.mime_type,
                          .filename = file_.filename,
                          .size = announced_,
                          .created_at = at,
                          .expire_at = at + kUploadedMediaLife};
  context_.db.Write(
      scope(), [media](sql::Transaction& tx) { return MediaRepository::Put(tx, media); },
      [self = std::static_pointer_cast<UploadMediaStream>(shared_from_this()), media](const absl::Status& status) {
        if (!status.ok()) return self->Finish(status);
        v1::UploadMediaResponse response;
        response.set_media_id(media.id);
        response.set_sender_id(media.sender_id.ToString());
        api::SetTimestamp(media.expire_at, response.mutable_expire_time());
        self->Reply(std::move(response));
      });
}

void DownloadMediaStream::Produce() {
  if (!std::exchange(located_, true)) {
    if (const absl::Status status = Locate(); !status.ok()) Finish(status);
    return;
  }
  if (sent_ == content_.size()) return Finish(absl::OkStatus());
  v1::DownloadMediaResponse slice;
  slice.set_chunk(content_.substr(sent_, kSliceMax));
  sent_ += slice.chunk().size();
  Send(std::move(slice));
}

absl::Status DownloadMediaStream::Locate() {
  if (id_.empty() || id_.size() > kMediaIdMax) return Bad("media_id", "is required");
  ASSIGN_OR_RETURN(const std::optional<StoredMedia> known, context_.db.ReadInline(scope(), [&](sql::Transaction& tx) {
    return MediaRepository::Find(tx, id_);
  }));
  if (!known) return NotFound("media", id_);
  if (known->expire_at <= now()) {
    return Error(absl::StatusCode::kFailedPrecondition, "MEDIA_EXPIRED",
                 "WhatsApp has the file no longer: ask the person for it.");
  }
  media_ = *known;
  ASSIGN_OR_RETURN(from_, LoadSender(context_, scope(), media_.sender_id));
  context_.provider.LocateMedia(id_, from_.token,
                                [self = std::static_pointer_cast<DownloadMediaStream>(shared_from_this())](
                                    const absl::StatusOr<MediaAddress>& address) {
                                  address.ok() ? self->Fetch(*address) : self->Finish(address.status());
                                });
  return absl::OkStatus();
}

void DownloadMediaStream::Fetch(const MediaAddress& address) {
  const int64_t most = address.size > 0 ? std::min(address.size, kMediaBytesMax) : kMediaBytesMax;
  if (!share_.GrowTo(most)) return Finish(Busy());
  context_.provider.FetchMedia(address, from_.token, static_cast<size_t>(most),
                               [self = std::static_pointer_cast<DownloadMediaStream>(shared_from_this()),
                                address](absl::StatusOr<std::string> content) {
                                 if (!content.ok()) return self->Finish(content.status());
                                 self->SendInfo(address, *std::move(content));
                               });
}

void DownloadMediaStream::SendInfo(const MediaAddress& address, std::string content) {
  const bool whole = address.size == 0 || address.size == static_cast<int64_t>(content.size());
  const bool same = address.sha256.empty() || address.sha256 == absl::BytesToHexString(crypto::Sha256(content));
  if (!whole || !same) {
    return Finish(Error(absl::StatusCode::kDataLoss, "MEDIA_DAMAGED",
                        "The bytes are not those that WhatsApp announced; try again."));
  }
  content_ = std::move(content);
  v1::DownloadMediaResponse first;
  v1::MediaInfo* info = first.mutable_info();
  info->set_mime_type(address.mime_type.empty() ? media_.mime_type : address.mime_type);
  info->set_size(static_cast<int64_t>(content_.size()));
  info->set_filename(media_.filename);
  Send(std::move(first));
}

}  // namespace vinculo::messaging
