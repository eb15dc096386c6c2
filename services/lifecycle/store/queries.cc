#include "services/lifecycle/store/queries.h"

namespace vinculo::lifecycle::store {

std::vector<sql::Query> AllQueries() {
  return {kAccountInsert,    kAccountGet,         kAccountUpdate,
          kAccountList,      kAccountListByOwner, kAccountListBySegment,
          kModuleDefGet,     kModuleDefPut,       kModuleDefList,
          kEngagementInsert, kEngagementClose,    kEngagementGet,
          kEngagementLatest, kEngagementList,     kModuleInsert,
          kModuleGet,        kModuleUpdate,       kModulesOfCustomer,
          kModuleList,       kModuleListByStage,  kStageEventLast,
          kStageEventInsert, kStageEventList,     kFactGet,
          kFactPut,          kFactList,           kFactSumBetween,
          kFactWalk,         kRollupAdd,          kRollupsOfModule,
          kRollupWalk,       kRollupDelete,       kSnapshotInsert,
          kSnapshotUpTo,     kSnapshotScores,     kCurrentPut,
          kCurrentDelete,    kCurrentList,        kCurrentListByTier,
          kConversationPut,  kConversationSpam,   kConversationTimes,
          kRatingPut,        kRatingSum,          kScheduleGet,
          kSchedulePut};
}

}  // namespace vinculo::lifecycle::store
