// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as wait } from 'node:timers/promises'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { ReplayError } from '../../src/replay/replay-error'
import type { ReplayStatus } from '../../src/replay/replay-status'
import { startReplay } from '../../src/replay/start-replay'
import type { MinioStore } from '../../src/storage/minio-store'
import { type OtlpTarget, openTarget } from '../replay/otlp-target'
import { EPOCH_MILLIS, createWriter, makeBatch } from '../support/recording'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'
import { HICCUPS, OUTAGES, SCALED_LIMITS, type StoreFault } from './store-faults'
import { type Names, itemNamesIn } from './stored-items'

const SEGMENTS = 6
const ITEMS = SEGMENTS * SIGNALS.length
/** Far more than one operation may take, and far less than waiting for each of the segments. */
const LIMIT_MILLIS = 4 * SCALED_LIMITS.timeoutMillis

const PREFIXES: Readonly<Record<Signal, string>> = { traces: 'span', metrics: 'point', logs: 'log' }

interface ReplayedSession extends AsyncDisposable {
  readonly under: FaultStore
  readonly target: OtlpTarget
  replay(options?: { store?: MinioStore; onFirstBatch?: () => void }): Promise<ReplayStatus>
  /** What the target got, from this request on. */
  received(fromRequest?: number): Names
}

/** Six segments of each signal with an item each, in a store that can be made to fail. */
async function recordSession(): Promise<ReplayedSession> {
  const under = await startFaultStore(SCALED_LIMITS)
  const target = await openTarget()
  const writer = createWriter(under.store, 'tape')
  for (let segment = 0; segment < SEGMENTS; segment++) {
    for (const signal of SIGNALS) {
      const content = { names: [`${PREFIXES[signal]}-${segment}`] }
      writer.write(makeBatch(signal, { ...content, atMillis: EPOCH_MILLIS + segment }))
    }
    await writer.flush(AbortSignal.timeout(5_000))
  }
  await writer.close(AbortSignal.timeout(5_000))
  return {
    under,
    target,
    async replay({ store = under.store, onFirstBatch = () => undefined } = {}) {
      const replay = startReplay({
        store,
        sessionId: 'tape',
        targetEndpoint: target.url,
        speedMultiplier: Infinity,
        concurrency: 1,
      })
      replay.once('batch', onFirstBatch)
      return replay.finished
    },
    received(fromRequest = 0) {
      const names: Names = { traces: [], metrics: [], logs: [] }
      for (const { signal, body } of target.requests.slice(fromRequest)) {
        names[signal].push(...itemNamesIn(signal, body))
      }
      return names
    },
    async [Symbol.asyncDispose]() {
      await target.close()
      await under.stop()
    },
  }
}

const named = (faults: readonly StoreFault[]): [string, StoreFault][] =>
  faults.map((fault) => [fault.name, fault])
const READING_FAULTS = named(OUTAGES.filter(({ hitsReads }) => hitsReads))
/** A bucket that is gone looks as one from which each object was removed. */
const FAULTS_OF_THE_STORE = READING_FAULTS.filter(([, { codes }]) => !codes.includes('NOT_FOUND'))
const PASSING_FAULTS = READING_FAULTS.filter(([, { codes }]) =>
  codes.every((code) => code === 'UNAVAILABLE' || code === 'TIMEOUT'),
)

describe('from a store that is', () => {
  test.concurrent.each(READING_FAULTS)('%s at the start', async (_, fault) => {
    await using session = await recordSession()
    await fault.begin(session.under.s3)
    const startedAt = performance.now()
    const error = await failureOf(session.replay())
    expect(performance.now() - startedAt).toBeLessThan(LIMIT_MILLIS)
    const isMissing = fault.codes.includes('NOT_FOUND')
    expect(error.reason).toBe(isMissing ? 'SessionNotFound' : 'StorageFailure')
    expect(session.target.requests).toEqual([])
    await fault.end(session.under.s3)
    expect(await session.replay()).toMatchObject({ status: 'completed', sentRecords: ITEMS })
    expectOnce(session.received())
  })

  test.concurrent.each(FAULTS_OF_THE_STORE)('%s from the first batch on', async (_, fault) => {
    await using session = await recordSession()
    const startedAt = performance.now()
    const onFirstBatch = (): void => void fault.begin(session.under.s3)
    const { reason, status } = await failureOf(session.replay({ onFirstBatch }))
    expect(performance.now() - startedAt).toBeLessThan(LIMIT_MILLIS)
    expect({ reason, status: status?.status }).toEqual({
      reason: 'StorageFailure',
      status: 'failed',
    })
    // What was sent is told, and nothing that was not reached counts as damaged.
    expect(status?.sentRecords).toBe(session.target.requests.length)
    expect(status).toMatchObject({ totalRecords: ITEMS, damaged: 0 })
    await fault.end(session.under.s3)
    const sentBefore = session.target.requests.length
    expect(await session.replay()).toMatchObject({ status: 'completed', sentRecords: ITEMS })
    expectOnce(session.received(sentBefore))
  })

  test.concurrent.each(PASSING_FAULTS)('%s for a while, and comes back', async (_, fault) => {
    await using session = await recordSession()
    const { s3 } = session.under
    const store = session.under.open({ timeoutMillis: 10_000 })
    const onFirstBatch = async (): Promise<void> => {
      await fault.begin(s3)
      await wait(SCALED_LIMITS.timeoutMillis / 3)
      await fault.end(s3)
    }
    const status = await session.replay({ store, onFirstBatch: () => void onFirstBatch() })
    expect(status).toMatchObject({ status: 'completed', sentRecords: ITEMS, damaged: 0 })
    expectOnce(session.received())
  })
})

test.concurrent.each(named(HICCUPS))('nobody notices %s', async (_, fault) => {
  await using session = await recordSession()
  await fault.begin(session.under.s3)
  const store = session.under.open({ timeoutMillis: 10_000 })
  const status = await session.replay({ store })
  expect(status).toMatchObject({ status: 'completed', sentRecords: ITEMS, damaged: 0 })
  expectOnce(session.received())
})

async function failureOf(finished: Promise<ReplayStatus>): Promise<ReplayError> {
  const error: unknown = await finished.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ReplayError)
  return error as ReplayError
}

function expectOnce(names: Names): void {
  for (const signal of SIGNALS) {
    const all = Array.from({ length: SEGMENTS }, (_, segment) => `${PREFIXES[signal]}-${segment}`)
    expect([...names[signal]].sort()).toEqual(all.sort())
  }
}
