// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS } from '../otlp/signal'
import type {
  ForwardingStatus,
  OtlpReceiver,
  ReceiverStatus,
  RecoveredSession,
} from '../receive/receiver'
import type { SessionMetadata } from '../session/metadata'
import { codeOf, describeError } from './describe-error'
import { describeCounts, describeItems } from './item-counts'
import { jsonLine } from './json-line'
import { printable } from './printable'
import { readableCount, readableSize } from './readable-figures'

/** The events of a recording as `--json` prints them, one line each. */
export const recordEvents = Object.freeze({
  listening: ({ httpUrl, grpcAddress, isSecure, sessionId }: OtlpReceiver): string =>
    jsonLine({
      event: 'listening',
      http: httpUrl ?? null,
      grpc: grpcAddress ?? null,
      ...(isSecure && { tls: true }),
      sessionId,
    }),
  sessionStarted: (sessionId: string): string => jsonLine({ event: 'sessionStarted', sessionId }),
  sessionStopped: (metadata: SessionMetadata): string =>
    jsonLine({ event: 'sessionStopped', ...metadata }),
  recovered: (recovered: RecoveredSession): string =>
    jsonLine({ event: 'recovered', ...recovered }),
  failure: (error: Error): string => jsonLine({ event: 'failure', message: failureText(error) }),
  progress: (status: ReceiverStatus): string =>
    jsonLine({ event: 'progress', ...plainStatus(status) }),
  stopped: (sessions: readonly SessionMetadata[], status: ReceiverStatus): string =>
    jsonLine({ event: 'stopped', sessions, ...plainStatus(status) }),
})

/** What failed while the receiver goes on: that is no bug to look into, even without a code. */
export function failureText(error: Error): string {
  const message = printable(error.message)
  return codeOf(error) === undefined ? message : describeError(error).line
}

/** JSON knows no maps. */
function plainStatus(status: ReceiverStatus): object {
  return {
    ...status,
    itemsByService: Object.fromEntries(status.itemsByService),
    refusedRequests: Object.fromEntries(status.refusedRequests),
  }
}

/** Where a recording can be sent to and where it goes, for people. */
export function listeningLines(
  { httpUrl, grpcAddress, isSecure, sessionId }: OtlpReceiver,
  { storeUrl, ack, forward }: { storeUrl: string; ack?: string; forward?: string },
): string[] {
  return [
    ...(httpUrl === undefined ? [] : [`listening for OTLP/HTTP on ${httpUrl}`]),
    ...(grpcAddress === undefined
      ? []
      : [`listening for OTLP/gRPC on ${grpcAddress}${isSecure ? ' with TLS' : ''}`]),
    `recording into session ${sessionId} of ${storeUrl}`,
    ...(forward === undefined ? [] : [`forwarding to ${forward.split('?', 1)[0]}`]),
    ...(ack === 'memory'
      ? ['otel-tape: warning: with --ack memory a crash loses the last seconds of what was sent']
      : []),
  ]
}

export function recoveredLine(
  { sessionId, items, segments }: RecoveredSession,
  folder = 'the write-ahead folder',
): string {
  const from = `${readableCount(segments, 'segment')} of ${printable(folder)}`
  return `recovered: ${readableCount(items, 'item')} of session ${sessionId}, from ${from}`
}

/** What the target of forwarding did not get; nothing if it got all. */
export function missedLine(forwarding: ForwardingStatus | undefined): string | undefined {
  if (!forwarding || SIGNALS.every((signal) => forwarding.missedItems[signal] === 0))
    return undefined
  const { targetEndpoint, missedItems, lastFailure } = forwarding
  const because = lastFailure === undefined ? '' : ` (${printable(lastFailure)})`
  return `not forwarded to ${targetEndpoint}: ${describeCounts(missedItems)}${because}`
}

export function sessionLine(session: SessionMetadata): string {
  const { sessionId, status, totalSizeBytes } = session
  return `${status}: ${sessionId}, ${describeItems(session)}, ${readableSize(totalSizeBytes)} stored`
}

/** The command that plays a session, to be copied. */
export function replayCommandLine(sessionId: string, storeUrl: string): string {
  const store = /^[\w@%+=:,./-]+$/.test(storeUrl)
    ? storeUrl
    : `'${storeUrl.replaceAll("'", "'\\''")}'`
  return `replay it: otel-tape replay ${sessionId} --store ${store} --to http://localhost:4318`
}
