// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { otlpGrpcSink } from '../../src/replay/otlp-grpc-sink'
import { makeBatch } from '../support/recording'

// Ends by itself, with 1 if it does so before what it awaits is over.
process.exitCode = 1
const [targetEndpoint] = process.argv.slice(2)

async function send(): Promise<void> {
  const batch = makeBatch('logs', { names: ['a'] })
  const retry = { maxAttempts: 3, initialDelayMillis: 100 }
  const sink = otlpGrpcSink({ targetEndpoint, retry })
  await pipeline(Readable.from([batch]), sink).catch((error: Error) => {
    process.send?.(error.message)
  })
}

void send().then(() => {
  process.exitCode = 0
  process.disconnect()
})
