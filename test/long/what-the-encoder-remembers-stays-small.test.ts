// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Takes ten seconds: encodes 160 MB of what is never the same twice.

import { join } from 'node:path'
import { startScript } from '../support/child-script'

const MEGABYTE = 1_000_000

// In a process of its own: nobody else's memory is in the figures.
test('neither a giant batch nor endless new keys and texts make the encoder keep 2 MB', async () => {
  const child = startScript(join(__dirname, '../otlp-sdk/children/encode-without-end.ts'))
  const { giantBytes, distinctBytes, heldAfterGiant, heldAfterDistinct } =
    (await child.message()) as Record<string, number>
  await child.done()
  expect(giantBytes).toBeGreaterThan(64 * MEGABYTE)
  expect(distinctBytes).toBeGreaterThan(100 * MEGABYTE)
  expect(heldAfterGiant).toBeLessThan(2 * MEGABYTE)
  expect(heldAfterDistinct).toBeLessThan(2 * MEGABYTE)
}, 60_000)
