// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { startCapture } from '../../capture/start-capture'
import { printable } from '../printable'
import { routeDiagnostics } from '../route-diagnostics'
import { startSdk } from './start-sdk'

/** What the app tells the process that started it. */
export type AppMessage =
  | { readonly placedOrders: number; readonly allOrders: number }
  | { readonly isFinished: true }
  | { readonly error: string }

/** The demo's app, a process of its own. Its environment says where to capture to. */
async function runApp(): Promise<void> {
  const capture = startCapture({
    createdBy: 'otel-tape demo',
    description: 'a small shop, its customers and its payment service',
  })
  const sdk = startSdk(capture)
  // Only now: what loads http before the SDK has started is never traced.
  const { runShop } = require('./shop') as typeof import('./shop')
  await runShop((placedOrders, allOrders) => void tell({ placedOrders, allOrders }))
  await sdk.shutdown()
  const { status } = await capture.stop()
  if (status !== 'completed') throw new Error(`its session ended as ${status}`)
}

/** Resolves when the message has left this process. */
function tell(message: AppMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) return resolve()
    process.send?.(message, undefined, undefined, () => resolve())
  })
}

async function main(): Promise<void> {
  // Whoever started it is gone, and nobody waits for the rest.
  const orphaned = (): void => process.exit(1)
  process.once('disconnect', orphaned)
  routeDiagnostics((line) => process.stderr.write(`${printable(line)}\n`))
  try {
    await runApp()
    process.off('disconnect', orphaned)
    await tell({ isFinished: true })
    process.disconnect()
  } catch (error) {
    await tell({ error: error instanceof Error ? error.message : String(error) })
    process.exit(1)
  }
}

void main()
