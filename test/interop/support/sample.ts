// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../../../src/otlp/signal'
import type { TestBucket } from '../../support/s3/test-bucket'
import { otelTape } from './otel-tape'
import { type Items, type Requests, itemsOf } from './items'
import { type SampleRequest, sampleRequests } from './sample-requests'

/** What the tests send, and the items that have to arrive. */
export interface Sample {
  readonly requests: readonly SampleRequest[]
  readonly items: Items
}

/** The same for all tests of a file: to make it takes seconds. */
export function sample(): Promise<Sample> {
  return (made ??= makeSample())
}

let made: Promise<Sample> | undefined

async function makeSample(): Promise<Sample> {
  const requests = await sampleRequests()
  return { requests, items: itemsOf(bySignal(requests)) }
}

export function bySignal(requests: readonly SampleRequest[]): Requests {
  const of = (wanted: Signal) =>
    requests.filter(({ signal }) => signal === wanted).map(({ body }) => body)
  return { traces: of('traces'), metrics: of('metrics'), logs: of('logs') }
}

/** Records requests into a session through the library. */
export async function recordThroughLibrary(
  { options }: TestBucket,
  sessionId: string,
  requests: readonly SampleRequest[],
) {
  const store = new otelTape.MinioStore(options)
  try {
    const capture = otelTape.startCapture({ sessionId, store })
    for (const { signal, body } of requests) await capture.captureOTLPData(body, signal)
    return await capture.stop()
  } finally {
    await store.close()
  }
}

/** Says what was compared: a suite that compares nothing must not look green. */
export function report(what: string, counts: Record<Signal, number>): void {
  const [spans, points, records] = SIGNALS.map((signal) => counts[signal])
  process.stderr.write(
    `  ${what}: ${spans} spans, ${points} data points, ${records} log records compared\n`,
  )
}
