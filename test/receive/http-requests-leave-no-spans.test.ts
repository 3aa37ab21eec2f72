// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { startScript } from '../support/child-script'

test('a receiver within an instrumented app makes no spans of what it receives', async () => {
  const script = startScript(join(__dirname, 'children', 'http-in-an-instrumented-app.ts'))
  // That of the app itself shows that servers are traced.
  expect(await script.message()).toEqual({ status: 200, spans: [['GET', '/app']] })
  await script.done()
})
