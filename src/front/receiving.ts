// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What records other programs.

export { createOtlpReceiver } from '../receive/create-otlp-receiver'
export type { OtlpReceiverOptions } from '../receive/receiver-options'
export type { ReceiverTlsOptions } from '../receive/receiver-tls'
export type {
  ForwardingStatus,
  OtlpReceiver,
  ReceivedCounts,
  ReceiverEvents,
  ReceiverStatus,
  RecoveredSession,
  StorageStatus,
} from '../receive/receiver'
export { ReceiverError, type ReceiverErrorReason } from '../receive/receiver-error'
