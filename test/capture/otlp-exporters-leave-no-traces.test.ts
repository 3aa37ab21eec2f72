// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { decodeSpans } from '../../src/otlp/decode-spans'
import { startScript } from '../support/child-script'
import { startOtlpBackend } from '../support/otlp-backend'

const REQUESTS = 10

test('an instrumented app exports its own spans and not one of an export; http is loaded no sooner', async () => {
  const backend = await startOtlpBackend()
  const path = join(__dirname, 'children/app-with-our-exporters.ts')
  const script = startScript(path, 'memory:', backend.url, String(REQUESTS))
  const told = await script.message()
  await script.done()
  await backend.close()

  const names = backend.received.traces
    .flatMap((body) => decodeSpans(body))
    .map(({ name, kind }) => `${name} ${kind}`)
    .sort()
  const times = (name: string): string[] => Array<string>(REQUESTS).fill(name)
  expect(names).toEqual([...times('GET 1'), ...times('GET 2'), ...times('work 0')])
  expect(backend.received.traces.length).toBeGreaterThan(1)
  expect(told).toEqual({ madeOnly: [], capturedTraces: 3 * REQUESTS })
}, 60_000)
