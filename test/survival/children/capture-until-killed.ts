// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Captures items of all signals without end, and writes after each flush how many of each are safe.
import { writeSync } from 'node:fs'
import { SIGNALS } from '../../../src/otlp/signal'
import { startCapture } from '../../../src/capture/start-capture'
import { makeEncoded } from '../../support/recording'

const [store, sessionId, flushEvery] = process.argv.slice(2)

async function main(): Promise<never> {
  const capture = startCapture({ store, sessionId, flushIntervalMillis: 40 })
  for (let made = 1; ; made++) {
    for (const signal of SIGNALS) {
      capture.record(signal, () => makeEncoded(signal, { names: [`${signal} ${made}`] }))
    }
    if (made % Number(flushEvery) > 0) continue
    await capture.flush()
    // Not through a stream: it must be on its way before this process can be killed.
    writeSync(1, `${made}\n`)
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
})
