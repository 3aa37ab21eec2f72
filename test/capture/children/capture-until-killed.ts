// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Captures numbered log records without end and says after each flush how many are safe.
import { startCapture } from '../../../src/capture/start-capture'
import { makeBatch } from '../../support/recording'

const [store, sessionId] = process.argv.slice(2)

async function main(): Promise<never> {
  const capture = startCapture({ store, sessionId, flushIntervalMillis: 3_600_000 })
  await capture.ready
  for (let index = 0; ; index++) {
    const { body } = makeBatch('logs', { names: [`item ${index}`] })
    await capture.captureOTLPData(body, 'logs')
    if (index % 10 === 9) {
      await capture.flush()
      process.send?.(index + 1)
    }
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
})
