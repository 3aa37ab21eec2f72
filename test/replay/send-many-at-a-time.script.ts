// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { otlpHttpSink } from '../../src/replay/otlp-http-sink'
import { makeBatch } from '../support/recording'
import { openTarget } from './otlp-target'

const CONCURRENCY = 64

process.on('warning', (warning) => {
  throw warning
})

async function sendManyAtATime(): Promise<void> {
  const waiting: (() => void)[] = []
  // None is answered before all of them wait for their answers.
  await using target = await openTarget((response) => {
    waiting.push(() => void response.writeHead(200).end())
    if (waiting.length === CONCURRENCY) waiting.forEach((answer) => answer())
  })
  const batches = Array<ReturnType<typeof makeBatch>>(CONCURRENCY).fill(
    makeBatch('logs', { names: ['a'] }),
  )
  const sink = otlpHttpSink({ targetEndpoint: target.url, concurrency: CONCURRENCY })
  await pipeline(Readable.from(batches), sink)
}

void sendManyAtATime()
