// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What looks after sessions that are stored.

export { type VerifySessionOptions, verifySession } from '../capture/verify-session'
export { type RepairSessionOptions, repairSession } from '../capture/repair-session'
export type { FoundDamage } from '../session/damage'
export type {
  VerifiedItems,
  VerifyProgress,
  VerifyReport,
} from '../session/checking/verify-session'
