// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// One process of several: captures `count` log records, one batch each, named after it, once it is
// told that all are there.
import { once } from 'node:events'
import { startCapture } from '../../../src/capture/start-capture'
import { makeBatch } from '../../support/recording'

const [store, sessionId, name, count] = process.argv.slice(2)

async function main(): Promise<void> {
  const capture = startCapture({ store, sessionId, flushIntervalMillis: 50 })
  await capture.ready
  process.send?.('ready')
  await once(process, 'message')
  for (let index = 0; index < Number(count); index++) {
    const { body } = makeBatch('logs', { names: [`${name}/${index}`], service: name })
    await capture.captureOTLPData(body, 'logs')
  }
  await capture.stop()
  process.disconnect()
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
})
