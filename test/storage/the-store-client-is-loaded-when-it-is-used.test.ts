// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { startScript } from '../support/child-script'

it('loads neither minio nor http nor the SDK core before the first operation', async () => {
  const script = startScript(join(__dirname, 'children', 'open-a-store.ts'))
  expect(await script.message()).toEqual({
    opened: { minio: false, core: false, http: false },
    used: { minio: true, core: true, http: true },
  })
  await script.done()
})
