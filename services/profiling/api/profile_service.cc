#include "services/profiling/api/profile_service.h"

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/profiling/api/convert_flow.h"
#include "services/profiling/api/convert_session.h"
#include "services/profiling/store/profile_repository.h"

namespace vinculo::profiling {
namespace {

constexpr int kMaxIdentities = 20;
constexpr int kMaxTraits = 200;

Profile ParseProfile(const v1::Profile& in, const PhoneParser& phone, absl::Time now, FieldViolations& bad) {
  Profile out;
  if (in.kind() != v1::Profile::KIND_UNSPECIFIED) out.kind = static_cast<ProfileKind>(in.kind());
  out.name = text::ParseText("profile.name", in.name(), {0, 120, true, true}, bad);
  out.company_id = text::ParseText("profile.company_id", in.company_id(), {0, 36, true, true}, bad);
  out.locale = text::ParseText("profile.locale", in.locale(), {0, 35, true, true}, bad);
  text::CheckCount("profile.identities", in.identities_size(), kMaxIdentities, bad);
  text::CheckCount("profile.traits", in.traits_size(), kMaxTraits, bad);
  if (in.identities_size() == 0) bad.Add("profile.identities", "at least one is required");
  for (int i = 0; i < std::min(in.identities_size(), kMaxIdentities); ++i) {
    const std::string path = text::Indexed("profile.identities", i);
    const auto& identity = in.identities(i);
    if (identity.type() == v1::Identity::TYPE_UNSPECIFIED || !v1::Identity::Type_IsValid(identity.type())) {
      bad.Add(path + ".type", "is required");
      continue;
    }
    const auto type = static_cast<IdentityType>(identity.type());
    const auto value = NormalizeIdentity(type, identity.value(), phone);
    if (!value || IsJunkIdentity(type, *value)) {
      bad.Add(path + ".value", "is no identity of this type");
      continue;
    }
    const Assurance assurance = identity.assurance() == v1::Identity::ASSURANCE_UNSPECIFIED
                                    ? Assurance::kClaimed
                                    : static_cast<Assurance>(identity.assurance());
    out.identities.push_back({type, *value, assurance, now, now});
  }
  for (int i = 0; i < std::min(in.traits_size(), kMaxTraits); ++i) {
    const std::string path = text::Indexed("profile.traits", i);
    out.traits.push_back({text::ParseSlug(path + ".key", in.traits(i).key(), bad),
                          ParseTraitValue(in.traits(i).value(), path + ".value", bad),
                          static_cast<TraitCategory>(in.traits(i).category()), TraitSource::kApi, "", now});
  }
  return out;
}

// The one profile that the identities belong to, or none.
absl::StatusOr<std::optional<Uuid>> OwnerOf(sql::Transaction& tx, const Profile& wanted) {
  std::optional<Uuid> owner;
  for (const Identity& identity : wanted.identities) {
    ASSIGN_OR_RETURN(const auto found, ProfileRepository::FindByIdentity(tx, identity.type, identity.value));
    if (!found) continue;
    if (owner && *owner != *found) {
      return Error(absl::StatusCode::kAlreadyExists, "IDENTITY_TAKEN", "the identities belong to different profiles",
                   {{"profile_id", owner->ToString()}, {"other_profile_id", found->ToString()}});
    }
    owner = *found;
  }
  return owner;
}

absl::StatusOr<Profile> Upsert(sql::Transaction& tx, const Profile& wanted, const EmitEvent& emit, absl::Time now) {
  ASSIGN_OR_RETURN(const auto owner, OwnerOf(tx, wanted));
  Profile row;
  std::vector<std::string> keys;
  if (owner) {
    ASSIGN_OR_RETURN(auto found, ProfileRepository::FindRow(tx, *owner));
    if (!found) return NotFound("profile", owner->ToString());
    row = *std::move(found);
    if (!wanted.name.empty() && wanted.name != row.name) keys.push_back("name");
    if (!wanted.locale.empty() && wanted.locale != row.locale) keys.push_back("locale");
  } else {
    row.id = Uuid::New(now);
    row.kind = wanted.kind;
    row.created_at = row.last_seen_at = now;
  }
  if (!wanted.name.empty()) row.name = wanted.name;
  if (!wanted.locale.empty()) row.locale = wanted.locale;
  if (!wanted.company_id.empty()) row.company_id = wanted.company_id;
  if (owner) {
    RETURN_IF_ERROR(ProfileRepository::Update(tx, row));
  } else {
    RETURN_IF_ERROR(ProfileRepository::Insert(tx, row));
    RETURN_IF_ERROR(emit(tx, ProfileCreatedEvent{row.id, row.kind}, now));
  }
  for (const Identity& identity : wanted.identities)
    RETURN_IF_ERROR(ProfileRepository::AddIdentity(tx, row.id, identity).status());
  for (const StoredTrait& trait : wanted.traits) {
    ASSIGN_OR_RETURN(const bool changed, ProfileRepository::PutTrait(tx, row.id, trait));
    if (changed) keys.push_back(trait.key);
  }
  if (owner && !keys.empty()) RETURN_IF_ERROR(emit(tx, ProfileUpdatedEvent{row.id, keys}, now));
  return ProfileRepository::Get(tx, row.id);
}

}  // namespace

ProfileService::ProfileService(rpc::Runtime& runtime, sql::Database& database, EmitEvent emit, PhoneParser phone)
    : runtime_(runtime), db_(database), emit_(std::move(emit)), phone_(std::move(phone)) {}
ProfileService::~ProfileService() = default;

void ProfileService::UpsertProfile(rpc::Call<v1::UpsertProfileRequest, v1::Profile> call) {
  FieldViolations bad;
  Profile wanted = ParseProfile(call.request().profile(), phone_, call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const absl::Time now = call.now();
  db_.Write(
      call.scope(),
      [this, wanted = std::move(wanted), now](sql::Transaction& tx) { return Upsert(tx, wanted, emit_, now); },
      call.Reply([now](const Profile& profile, v1::Profile* out) { RenderProfile(profile, now, out); }));
}

void ProfileService::ResolveIdentity(rpc::Call<v1::ResolveIdentityRequest, v1::Profile> call) {
  FieldViolations bad;
  const auto& in = call.request();
  if (in.type() == v1::Identity::TYPE_UNSPECIFIED || !v1::Identity::Type_IsValid(in.type()))
    bad.Add("type", "is required");
  if (in.value().empty()) bad.Add("value", "is required");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto type = static_cast<IdentityType>(in.type());
  const auto value = NormalizeIdentity(type, in.value(), phone_);
  if (!value)
    return call.Fail(
        Error(absl::StatusCode::kInvalidArgument, "JUNK_IDENTITY", "the value is no identity of this type"));
  const absl::Time now = call.now();
  call.Answer(db_.ReadInline(call.scope(),
                             [&](sql::Transaction& tx) -> absl::StatusOr<Profile> {
                               ASSIGN_OR_RETURN(const auto id, ProfileRepository::FindByIdentity(tx, type, *value));
                               // The value is personal and stays out of the error.
                               if (!id) return NotFound("profile", "(by identity)");
                               return ProfileRepository::Get(tx, *id);
                             }),
              [now](const Profile& profile, v1::Profile* out) { RenderProfile(profile, now, out); });
}

void ProfileService::GetProfile(rpc::Call<v1::GetProfileRequest, v1::Profile> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("profile_id", call.request().profile_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const absl::Time now = call.now();
  call.Answer(db_.ReadInline(call.scope(), [&](sql::Transaction& tx) { return ProfileRepository::Get(tx, id); }),
              [now](const Profile& profile, v1::Profile* out) { RenderProfile(profile, now, out); });
}

}  // namespace vinculo::profiling
