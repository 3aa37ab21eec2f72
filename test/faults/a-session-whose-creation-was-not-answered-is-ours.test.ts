// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { startCapture } from '../../src/capture/start-capture'
import { loadSession } from '../../src/session/catalogue'
import { makeEncoded } from '../support/recording'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'
import type { S3RequestSeen } from '../support/s3/in-process-s3'
import { SCALED_LIMITS } from './store-faults'

let under: FaultStore
beforeEach(async () => {
  under = await startFaultStore(SCALED_LIMITS)
})
afterEach(() => under.stop())

const isCreation = ({ method, key }: S3RequestSeen): boolean =>
  method === 'PUT' && key.endsWith('metadata.json')
const encoded = makeEncoded('traces', { names: ['a'] })

test.each([true, false])('it is recorded into, by one writer, with join %s', async (join) => {
  // Every attempt creates it, or finds it there, and none hears of it.
  under.s3.faultFor = (request) => (isCreation(request) ? { kind: 'lose-response' } : undefined)
  const capture = startCapture({ store: under.store, sessionId: 'mine', join })
  await expect(capture.ready).rejects.toMatchObject({ reason: 'StorageFailure' })
  expect(under.s3.buckets.get('bucket')?.has('sessions/mine/metadata.json')).toBe(true)
  capture.record('traces', () => encoded)
  under.s3.faultFor = () => undefined
  expect(await capture.stop()).toMatchObject({
    status: 'completed',
    writers: 1,
    interruptedWriters: 0,
    capturedTraces: 1,
    signals: { traces: { droppedItems: 0 } },
  })
})

test('but not one that another has made meanwhile', async () => {
  under.s3.faultFor = (request) => (isCreation(request) ? { kind: 'reset' } : undefined)
  const capture = startCapture({ store: under.store, sessionId: 'theirs', join: false })
  await expect(capture.ready).rejects.toMatchObject({ reason: 'StorageFailure' })
  capture.record('traces', () => encoded)
  under.s3.faultFor = () => undefined
  const other = startCapture({ store: under.open({}), sessionId: 'theirs', join: false })
  await other.ready
  expect(await capture.stop()).toMatchObject({
    status: 'failed',
    signals: { traces: { droppedItems: 1 } },
  })
  await other.stop()
  const metadata = await loadSession(under.store, 'theirs')
  expect(metadata).toMatchObject({ status: 'completed', writers: 1, capturedTraces: 0 })
})
