// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { findBlockHeader } from '../../src/session/block-header'
import { decodeBlock } from '../../src/session/reading/decode-block'
import { decodeIndependently } from '../support/independent-decoder'

const page = readFileSync(join(__dirname, '../../docs/format.md'), 'utf8')
const block = Buffer.from(/```hex\n([^`]+)```/.exec(page)?.[1].replace(/\s/g, '') ?? '', 'hex')

test('our reader finds in it what the page says', async () => {
  const found = findBlockHeader(block)
  expect(found?.header).toEqual({
    signal: 'logs',
    memberBytes: 152,
    itemCount: 2,
    firstItemTimeUnixNano: 1767323045000000000n,
    lastItemTimeUnixNano: 1767323045250000000n,
    batches: [
      { lengthBytes: 50, itemCount: 1, capturedAtUnixNano: 1767323045100000000n },
      { lengthBytes: 49, itemCount: 1, capturedAtUnixNano: 1767323045350000000n },
    ],
    serviceNames: ['cart'],
  })
  expect(found && (await decodeBlock(block, found)).map(({ length }) => length)).toEqual([50, 49])
})

test('any gzip and any OTLP decoder read it', () => {
  const text = JSON.stringify(decodeIndependently('logs', gunzipSync(block)))
  expect(text).toContain('"added"')
  expect(text).toContain('"paid"')
})
