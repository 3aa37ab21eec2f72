// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { startScript } from '../support/child-script'

interface LoadedPackages {
  imported: string[]
  captured: string[]
}

describe('importing the package', () => {
  it('loads the OpenTelemetry API and the option checks, and no client or server', async () => {
    const script = startScript(join(__dirname, 'children', 'import-the-package.ts'))
    const { imported, captured } = (await script.message()) as LoadedPackages
    await script.done()
    expect(imported).toEqual(['@opentelemetry/api', 'valibot'])
    // For suppressing traces of its own store calls; every app under an SDK has them.
    const core = ['@opentelemetry/core', '@opentelemetry/semantic-conventions']
    expect(captured).toEqual(['@opentelemetry/api', ...core, 'valibot'])
  })
})
