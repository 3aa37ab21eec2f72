// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fileError } from '../../../src/query/sql/file-error'
import { openQuery } from '../../../src/query/sql/open-query'
import { MemoryStore } from '../../../src/storage/memory-store'

jest.mock('@duckdb/node-api', () => {
  throw new Error("Cannot find module '@duckdb/node-api'\nRequire stack:\n- /app/index.js")
})

it('without DuckDB, what has to be installed is named', async () => {
  await expect(openQuery({ sessions: 'a', store: new MemoryStore() })).rejects.toMatchObject({
    name: 'QueryError',
    reason: 'DependencyMissing',
    message: expect.stringMatching(/npm install @duckdb\/node-api$/) as string,
  })
})

it.each([
  [
    'a full disk',
    Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }),
  ],
  [
    'a full disk, as DuckDB says',
    new Error('IO Error: Could not write file "/x/y": No space left on device'),
  ],
  ['a used up quota', Object.assign(new Error('EDQUOT: disk quota exceeded'), { code: 'EDQUOT' })],
])('%s is named with its folder, and a way out', (_what, error) => {
  expect(fileError(error, '/some/cache/building-1/session.duckdb')).toMatchObject({
    reason: 'IndexUnusable',
    message: expect.stringMatching(/disk is full.*'\/some\/cache\/building-1'.*--cache/) as string,
  })
})

it('what is no trouble with files is left as it is', () => {
  expect(fileError(new Error('Binder Error: no such column'), '/some/file')).toBeUndefined()
})
