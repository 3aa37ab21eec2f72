// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { SIGNALS } from '../../src/otlp/signal'
import { loadSession } from '../../src/session/catalogue'
import { repairSession } from '../../src/session/checking/repair-session'
import { SessionError } from '../../src/session/session-error'
import { verifySession } from '../../src/session/checking/verify-session'
import type { ObjectStore } from '../../src/storage/object-store'
import type { BundledScript } from '../support/bundled-script'
import { contentOf } from '../support/write-ahead'

export interface KillOptions {
  script: BundledScript
  /** As the child opens it. */
  storeUrl: string
  environment?: Readonly<Record<string, string>>
  /** The same store, as the test looks into it. */
  store: ObjectStore
  sessionId: string
  /** The longest that the child lives on once it has started. */
  lifeMillis: number
}

/** What became of one capture that was killed, in items. */
export interface KilledCapture {
  /** Said to be stored. */
  readonly flushed: number
  readonly stored: number
  /** Whether it had come as far as to create its session. */
  readonly hasBegun: boolean
}

/**
 * Starts a capture, kills it at some moment, and throws unless all that was flushed is
 * stored once, the session is known to be interrupted, and a repair makes its totals
 * those of an independent count.
 */
export async function killCapture(options: KillOptions): Promise<KilledCapture> {
  const { store, sessionId } = options
  const flushed = await flushedUntilKilled(options)
  const hasBegun = await checkInterrupted(store, sessionId)
  if (!hasBegun) {
    assert.equal(flushed, 0)
    return { flushed: 0, stored: 0, hasBegun }
  }
  const { names, segments, storedBytes } = await contentOf(store, sessionId)
  const known = new Set(names)
  assert.equal(known.size, names.length, 'an item is stored twice')
  for (const signal of SIGNALS) {
    for (let made = 1; made <= flushed; made++) {
      assert.ok(known.has(`${signal} ${made}`), `${signal} ${made} was flushed and is lost`)
    }
  }
  const before = await verifySession(store, sessionId)
  assert.ok(before.isWhole)
  const repaired = await repairSession(store, sessionId)
  const countOf = (signal: string): number => names.filter((name) => name.startsWith(signal)).length
  assert.deepEqual(
    {
      status: repaired.status,
      interruptedWriters: repaired.interruptedWriters,
      items: [repaired.capturedTraces, repaired.capturedMetrics, repaired.capturedLogs],
      segments: SIGNALS.reduce((sum, signal) => sum + repaired.signals[signal].segments, 0),
      storedBytes: repaired.totalSizeBytes,
    },
    {
      status: 'completed',
      interruptedWriters: 1,
      items: SIGNALS.map(countOf),
      segments,
      storedBytes,
    },
  )
  const after = await verifySession(store, sessionId)
  assert.ok(after.isWhole && SIGNALS.every((signal) => after.items[signal].uncounted === 0))
  return { flushed: flushed * SIGNALS.length, stored: names.length, hasBegun }
}

async function flushedUntilKilled(options: KillOptions): Promise<number> {
  const { script, storeUrl, sessionId, environment, lifeMillis } = options
  const flushEvery = 1 + Math.floor(Math.random() * 20)
  const child = spawn(process.execPath, [script.path, storeUrl, sessionId, String(flushEvery)], {
    env: { PATH: process.env.PATH, ...script.environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()))
  const closed = once(child, 'close') as Promise<[number | null, string | null]>
  // Most of them not before they have flushed something: starting takes a busy machine a while.
  const hasFlushed = once(child.stdout, 'data')
  if (Math.random() < 0.8) await Promise.race([hasFlushed, closed])
  await Promise.race([sleep(Math.random() * lifeMillis), closed])
  child.kill('SIGKILL')
  const [, signal] = await closed
  assert.equal(signal, 'SIGKILL', `it ended by itself: ${errors}`)
  // What is behind the last newline is a number that was cut short.
  return Number(output.split('\n').slice(0, -1).at(-1) ?? 0)
}

/** False if the session has not come into being. */
async function checkInterrupted(store: ObjectStore, sessionId: string): Promise<boolean> {
  try {
    const { status, interruptedWriters } = await loadSession(store, sessionId)
    assert.deepEqual({ status, interruptedWriters }, { status: 'failed', interruptedWriters: 1 })
    return true
  } catch (error) {
    if (error instanceof SessionError && error.code === 'SESSION_NOT_FOUND') return false
    throw error
  }
}

/** Does it `count` times, several at once, and adds up what became of them. */
export async function killMany(
  count: number,
  atOnce: number,
  kill: (run: number) => Promise<KilledCapture>,
): Promise<{ runs: number; begun: number; flushed: number; stored: number }> {
  const sum = { runs: 0, begun: 0, flushed: 0, stored: 0 }
  const work = async (): Promise<void> => {
    while (sum.runs < count) {
      const { flushed, stored, hasBegun } = await kill(sum.runs++)
      sum.flushed += flushed
      sum.stored += stored
      if (hasBegun) sum.begun++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return sum
}
