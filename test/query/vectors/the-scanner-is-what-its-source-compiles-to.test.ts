// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import loadWabt from 'wabt'
import { int8Dots } from '../../../src/query/search/vectors/int8-dots'

const SOURCE = join(__dirname, '../../../src/query/search/vectors/int8-dots.wat')

test('the bytes of the scanner are those that its source compiles to', async () => {
  const wabt = await loadWabt()
  const module = wabt.parseWat('int8-dots.wat', await readFile(SOURCE, 'utf8'), { simd: true })
  try {
    const { buffer } = module.toBinary({})
    expect(int8Dots.toString('base64')).toBe(Buffer.from(buffer).toString('base64'))
  } finally {
    module.destroy()
  }
})
