// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { startReplay } from '../../replay/start-replay'
import { loadSession } from '../../session/catalogue'
import { generateSessionId } from '../../session/session-id'
import { sessionPrefix } from '../../session/session-keys'
import type { ObjectStore } from '../../storage/object-store'
import type { Terminal } from '../terminal'
import { UsageError } from '../usage-error'
import { watchReplay } from '../watch-replay'
import { compareReceived } from './compare-received'
import { assertDemoPackages } from './demo-packages'
import { type StoredObjectAddress, isFlawless, reportDemo } from './demo-report'
import { startOtlpBackend } from './otlp-backend'
import { runApp } from './run-app'

export interface DemoOptions {
  /** The module of the app that is captured. */
  appPath: string
  /** As it was given, of the store: the app's process opens it too. */
  url?: string
  json?: boolean
}

const SPEED = 10

/**
 * Captures a small app, replays the capture, and compares what arrived. The
 * command fails if anything of it differs in more than one shift of time.
 */
export async function runDemo(
  store: ObjectStore,
  terminal: Terminal,
  { appPath, url, json = false }: DemoOptions,
): Promise<void> {
  assertDemoPackages()
  if (store.url.startsWith('memory:')) {
    throw new UsageError('the app runs in a process of its own: give a store that both can reach')
  }
  const { signal } = terminal
  await store.check({ signal })
  const sessionId = `demo-${generateSessionId()}`
  const first = await startOtlpBackend()
  const second = await startOtlpBackend()
  try {
    await captureApp({ appPath, sessionId, url, endpoint: first.url }, terminal)
    terminal.note(`replaying it, ${SPEED} times as fast, into another backend`)
    const replay = startReplay({
      sessionId,
      store,
      signal,
      targetEndpoint: second.url,
      timestampAdjustment: 'relative',
      speedMultiplier: SPEED,
    })
    await watchReplay(replay, terminal, { target: second.url })
    signal.throwIfAborted()
    const outcome = {
      session: await loadSession(store, sessionId, { signal }),
      objects: await addressesOf(sessionId, store, signal),
      comparison: compareReceived(first.requests, second.requests),
    }
    await terminal.print(...reportDemo(outcome, json))
    if (!isFlawless(outcome)) terminal.complain('what was replayed is not what was captured')
  } finally {
    await Promise.all([first.close(), second.close()])
  }
}

interface CaptureAppOptions {
  readonly appPath: string
  readonly sessionId: string
  readonly url: string | undefined
  readonly endpoint: string
}

async function captureApp(
  { appPath, sessionId, url, endpoint }: CaptureAppOptions,
  terminal: Terminal,
): Promise<void> {
  terminal.note(`capturing a small app into session ${sessionId}`)
  const bar = terminal.showProgress('capturing')
  try {
    await runApp({
      appPath,
      sessionId,
      storeUrl: url,
      endpoint,
      onOrder: (placedOrders, allOrders) => bar.update(placedOrders, allOrders, ' orders'),
      signal: terminal.signal,
    })
  } finally {
    bar.stop()
  }
}

async function addressesOf(
  sessionId: string,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<StoredObjectAddress[]> {
  const root = store.url.replace(/^file:/, '')
  const addresses: StoredObjectAddress[] = []
  for await (const { key, sizeBytes } of store.list(sessionPrefix(sessionId), { signal })) {
    addresses.push({ address: `${root}/${key}`, sizeBytes })
  }
  return addresses
}
