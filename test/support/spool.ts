// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readdir } from 'node:fs/promises'
import type { CaptureConfig } from '../../src/capture/capture-config'
import { type Capture, startCapture } from '../../src/capture/start-capture'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { loadSession } from '../../src/session/catalogue'
import type { SessionMetadata } from '../../src/session/metadata'
import type { ObjectStore } from '../../src/storage/object-store'
import { makeEncoded } from './recording'
import { contentOf } from './write-ahead'

/** Files in the spool folder and below that hold something of a segment. */
export async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  return names.filter((name) => name.includes('.otlp.gz')).sort()
}

/** Records numbered items of all signals, `count` in all, one a batch. Gives their names. */
export function recordItems(
  capture: Capture,
  prefix: string,
  count: number,
  padding = 0,
): string[] {
  const names: string[] = []
  for (let index = 0; index < count; index++) {
    const name = `${prefix}-${index}`
    const signal = SIGNALS[index % SIGNALS.length]
    // What can't be compressed, so that a small memory fills.
    const service = Array.from({ length: padding }, () => Math.random().toString(36)).join('')
    capture.record(signal, () => makeEncoded(signal, { names: [name], service }))
    names.push(name)
  }
  return names
}

/** A capture that keeps little in memory and asks nobody for long. */
export function startSpooling(
  store: ObjectStore,
  spoolFolder: string,
  sessionId: string,
  config: CaptureConfig = {},
): Capture {
  return startCapture({
    store,
    spoolFolder,
    sessionId,
    maxQueueBytes: 64 * 1024,
    stopTimeoutMillis: 500,
    ...config,
  })
}

export interface CountedItems {
  readonly stored: number
  readonly dropped: number
  readonly spooled: number
}

/** What a session, or a capture, says of its items. */
export function itemsOf({ signals }: SessionMetadata): CountedItems {
  const sum = (of: (signal: Signal) => number | undefined): number =>
    SIGNALS.reduce((total, signal) => total + (of(signal) ?? 0), 0)
  return {
    stored: sum((signal) => signals[signal].items),
    dropped: sum((signal) => signals[signal].droppedItems),
    spooled: sum((signal) => signals[signal].spooledItems),
  }
}

/** Whether what a session says of itself is what an independent decoder finds in it. */
export async function expectHonest(store: ObjectStore, sessionId: string): Promise<string[]> {
  const metadata = await loadSession(store, sessionId)
  const { names, segments, storedBytes } = await contentOf(store, sessionId)
  expect(new Set(names).size).toBe(names.length)
  expect({
    stored: itemsOf(metadata).stored,
    spooled: itemsOf(metadata).spooled,
    segments: SIGNALS.reduce((sum, signal) => sum + metadata.signals[signal].segments, 0),
    totalSizeBytes: metadata.totalSizeBytes,
  }).toEqual({ stored: names.length, spooled: 0, segments, totalSizeBytes: storedBytes })
  return names
}

export async function expectSoon(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error('it did not come true')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Whether a session is completed. */
export function isCompleted(store: ObjectStore, sessionId: string): Promise<boolean> {
  return loadSession(store, sessionId).then(
    ({ status }) => status === 'completed',
    () => false,
  )
}
