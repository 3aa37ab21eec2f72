// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as wait } from 'node:timers/promises'
import type { CaptureConfig } from '../../src/capture/capture-config'
import { type Capture, startCapture } from '../../src/capture/start-capture'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import type { SessionMetadata } from '../../src/session/metadata'
import { onWarning } from '../support/collect-warnings'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'
import type { RunFigures } from './figures'
import { type App, createApp } from './recorded-app'
import { SCALED_LIMITS, type StoreFault } from './store-faults'
import { type Names, namesIn } from './stored-items'
import { ITEMS_PER_BATCH, type Round } from './telemetry'

/** Bytes that may wait: some twenty rounds. */
export const MAX_QUEUE_BYTES = 100_000

/** An app under capture, and a store that can be made to fail. */
export interface CapturedApp extends AsyncDisposable {
  readonly under: FaultStore
  readonly capture: Capture
  readonly app: App
  readonly sessionId: string
  /** What `diag` was told of this capture. */
  readonly warnings: readonly string[]
  export(rounds: readonly Round[]): Promise<void>
  /** What lies in the store, by an independent decoder. */
  stored(): Names
  /** Bytes of all segments in the store. */
  storedBytes(): number
}

let captures = 0
const warningsOf = new Map<string, string[]>()

/** Told apart by the session's id: several captures run at once. */
export function listenForWarnings(): void {
  onWarning((line) => {
    for (const [id, warnings] of warningsOf) if (line.includes(`'${id}'`)) warnings.push(line)
  })
}

export interface CapturedAppOptions {
  /** The fault that the store has from the start. */
  fault?: StoreFault
  config?: CaptureConfig
  /** Limit of one operation of the store, in milliseconds. */
  timeoutMillis?: number
}

export async function startCapturedApp({
  fault,
  config,
  timeoutMillis = SCALED_LIMITS.timeoutMillis,
}: CapturedAppOptions = {}): Promise<CapturedApp> {
  const under = await startFaultStore({ ...SCALED_LIMITS, timeoutMillis })
  await fault?.begin(under.s3)
  const sessionId = `session-${++captures}`
  const warnings: string[] = []
  warningsOf.set(sessionId, warnings)
  const capture = startCapture({
    store: under.store,
    sessionId,
    maxQueueBytes: MAX_QUEUE_BYTES,
    flushIntervalMillis: 20,
    stopTimeoutMillis: 15_000,
    ...config,
  })
  const app = createApp(capture)
  const segments = (): [string, Buffer][] =>
    [...(under.s3.buckets.get('bucket') ?? [])].map(([key, { body }]) => [key, body])
  return {
    under,
    capture,
    app,
    sessionId,
    warnings,
    export: async (rounds) => {
      for (const round of rounds) await app.export(round)
    },
    stored: () => namesIn(segments()),
    storedBytes: () =>
      segments().reduce((sum, [key, body]) => sum + (key.includes('/raw/') ? body.length : 0), 0),
    async [Symbol.asyncDispose]() {
      await capture.stop()
      await under.stop()
      warningsOf.delete(sessionId)
    },
  }
}

/** Lets the capture try, and fail, a few times. */
export async function letItTry(): Promise<void> {
  await wait(2 * SCALED_LIMITS.attemptTimeoutMillis)
}

/** What became of all items: how many were dropped, by signal, and the sums. */
export interface AccountedFor {
  readonly dropped: Record<Signal, number>
  readonly figures: RunFigures
}

/**
 * Every item that was made is in the store once or counted as dropped, by signal,
 * and the app was told what its exporters said.
 */
export async function expectAllAccountedFor(
  run: CapturedApp,
  metadata: SessionMetadata,
  rounds: number,
): Promise<AccountedFor> {
  const { app } = run
  const names = run.stored()
  const made = rounds * ITEMS_PER_BATCH
  const dropped = { traces: 0, metrics: 0, logs: 0 }
  let [stored, lost] = [0, 0]
  for (const signal of SIGNALS) {
    const { items, droppedItems } = metadata.signals[signal]
    dropped[signal] = droppedItems
    stored += names[signal].length
    lost += droppedItems
    expect(new Set(names[signal]).size).toBe(names[signal].length)
    expect({ signal, items, sum: items + droppedItems }).toEqual({
      signal,
      items: names[signal].length,
      sum: made,
    })
  }
  expect(app.results).toHaveLength(rounds * SIGNALS.length)
  expect(app.results).toEqual(await resultsWithout(rounds))
  return { dropped, figures: { sent: made * SIGNALS.length, stored, dropped: lost } }
}

/** What the same app is told when nothing is captured. */
async function resultsWithout(rounds: number): Promise<App['results']> {
  const plain = createApp()
  const nothing = { spans: [], metrics: {}, logs: [] } as unknown as Round
  for (let round = 0; round < rounds; round++) await plain.export(nothing)
  return plain.results
}
