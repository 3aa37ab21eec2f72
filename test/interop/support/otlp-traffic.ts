// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS } from '../../../src/otlp/signal'
import { type OtlpBackend, startOtlpBackend } from '../../support/otlp-backend'
import { type Items, countItems, itemsOf } from './items'
import { waitUntil } from './wait-until'

export { type OtlpBackend, startOtlpBackend }

/** Waits until a backend has as many items as are expected, or more. */
export async function waitForItems(
  backend: OtlpBackend,
  expected: Items,
  limitMillis = 60_000,
): Promise<void> {
  const wanted = countItems(expected)
  // Decoding all of it anew for each look would take longer than the Collector does.
  let seenRequests = -1
  let isComplete = false
  await waitUntil(
    `the backend has ${JSON.stringify(wanted)}`,
    () => {
      const requests = SIGNALS.reduce((sum, signal) => sum + backend.received[signal].length, 0)
      if (requests === seenRequests) return isComplete
      seenRequests = requests
      const counts = countItems(itemsOf(backend.received))
      isComplete = SIGNALS.every((signal) => counts[signal] >= wanted[signal])
      return isComplete
    },
    { limitMillis },
  )
}

/** Sends requests one after the other, as OTLP/HTTP with protobuf; each has to be taken. */
export async function send(
  url: string,
  requests: Iterable<{ signal: string; body: string | Uint8Array }>,
): Promise<void> {
  for (const { signal, body } of requests) {
    const isJson = typeof body === 'string'
    const response = await fetch(`${url}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': isJson ? 'application/json' : 'application/x-protobuf' },
      body: isJson ? body : Buffer.from(body),
      signal: AbortSignal.timeout(30_000),
    })
    const answer = Buffer.from(await response.arrayBuffer())
    if (response.status !== 200) {
      throw new Error(
        `${url} answers ${response.status} to ${signal}: ${answer.toString('latin1')}`,
      )
    }
  }
}
