// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { CommandError } from '../command-error'
import type { AppMessage } from './shop-app'

export interface RunAppOptions {
  /** The app's module. */
  appPath: string
  sessionId: string
  /** Of the store to capture into. Default: as `openStore()` finds it. */
  storeUrl?: string
  /** Where the app's exporters send to: an OTLP/HTTP base URL. */
  endpoint: string
  /** Told how far it has come. */
  onOrder: (placedOrders: number, allOrders: number) => void
  signal: AbortSignal
}

/** It takes some seconds; one that hangs must not hang the demo. */
const APP_TIMEOUT_MILLIS = 45_000

/**
 * Runs the app to its end, in a process of its own: the SDK's instrumentation has
 * to be there before anything loads `http`, which this process did long ago.
 *
 * @throws CommandError of code `APP_FAILED`
 */
export async function runApp(options: RunAppOptions): Promise<void> {
  const limit = AbortSignal.timeout(APP_TIMEOUT_MILLIS)
  const app = fork(options.appPath, {
    env: appEnvironment(options),
    // Its stdout is ours to keep clean.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    signal: AbortSignal.any([options.signal, limit]),
  })
  const outcome = await outcomeOf(app, options.onOrder)
  options.signal.throwIfAborted()
  if (outcome === undefined) return
  const reason = limit.aborted ? `it took more than ${APP_TIMEOUT_MILLIS / 1000} s` : outcome
  throw new CommandError('APP_FAILED', `the demo's app failed: ${reason}`)
}

/** Why the app failed; `undefined` if it did not. */
async function outcomeOf(
  app: ChildProcess,
  onOrder: RunAppOptions['onOrder'],
): Promise<string | undefined> {
  let isFinished = false
  let failure: string | undefined
  app.on('message', (message: AppMessage) => {
    if ('placedOrders' in message) onOrder(message.placedOrders, message.allOrders)
    else if ('error' in message) failure = message.error
    else isFinished = true
  })
  app.on('error', (error) => {
    failure ??= error.message
  })
  const [code, signal] = (await once(app, 'close')) as [number | null, string | null]
  return isFinished && code === 0 ? undefined : (failure ?? `it ended with ${signal ?? code}`)
}

/** Ours, without what the user has set for another OpenTelemetry SDK. */
function appEnvironment({ sessionId, storeUrl, endpoint }: RunAppOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('OTEL_') || name === 'OTEL_TAPE_STORE',
  )
  return {
    ...Object.fromEntries(inherited),
    OTEL_TAPE_SESSION_ID: sessionId,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    ...(storeUrl !== undefined && { OTEL_TAPE_STORE: storeUrl }),
  }
}
