// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { startScript } from '../support/child-script'

const SCRIPT = join(__dirname, 'await-what-seems-idle.script.ts')

test.each(['paused', 'waiting to try again'])('while it is %s', async (scenario) => {
  await startScript(SCRIPT, scenario).done()
})
