// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { otlpHttpSink } from '../../src/replay/otlp-http-sink'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch, recordSession } from '../support/recording'

// Nothing in here keeps the process alive but what is awaited. If that does not
// either, it ends early, and with 1.
process.exitCode = 1

const NOBODY_LISTENS = 'http://127.0.0.1:1'
const batch = makeBatch('logs', { names: ['a'] })

async function pauseAndCancel(): Promise<void> {
  const store = new MemoryStore()
  await recordSession(store, 'idle', [batch])
  const replay = startReplay({ sessionId: 'idle', store, targetEndpoint: NOBODY_LISTENS })
  replay.pause()
  setTimeout(() => replay.cancel(), 200).unref()
  await replay.finished
}

async function waitToTryAgain(): Promise<void> {
  const retry = { maxAttempts: 3, initialDelayMillis: 200 }
  const sink = otlpHttpSink({ targetEndpoint: NOBODY_LISTENS, retry })
  await pipeline(Readable.from([batch]), sink).catch(() => undefined)
}

const scenario = process.argv[2] === 'paused' ? pauseAndCancel : waitToTryAgain
void scenario().then(() => (process.exitCode = 0))
