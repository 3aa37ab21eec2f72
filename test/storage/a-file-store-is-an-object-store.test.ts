// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileStore } from '../../src/storage/file-store'
import { describeStore } from '../support/store-conformance'

describeStore('FileStore', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-'))
  const root = join(folder, 'not', 'there yet')
  return {
    store: new FileStore(root),
    other: new FileStore(root),
    remove: () => rm(folder, { recursive: true }),
  }
})
