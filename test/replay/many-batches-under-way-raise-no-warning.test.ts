// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { startScript } from '../support/child-script'

// In a process of its own: Node's warnings do not reach a test's `process`.
test('of Node, of a leak that is none', async () => {
  await startScript(join(__dirname, 'send-many-at-a-time.script.ts')).done()
})
