// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateCorpus } from './corpus/generate-corpus'
import { SPLITS } from './splits'

const FOLDER = join(__dirname, 'frozen-test')

// If this fails, you have changed what all figures of the test split were taken with: see README.md.
describe('the frozen split is as it was frozen', () => {
  const sums = readFileSync(join(FOLDER, 'SHA256SUMS'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('  '))

  it.each(['queries.json', 'wordings.json'])('%s', (file) => {
    // Line ends are git's business.
    const text = readFileSync(join(FOLDER, file), 'utf8').replaceAll('\r\n', '\n')
    expect([sha256(text), file]).toEqual(sums.find(([, name]) => name === file))
  })

  it('and so is the corpus that it is asked of', () => {
    const hash = createHash('sha256')
    for (const { trace, label } of generateCorpus(SPLITS.test, { traces: 1000, faultsEach: 10 })) {
      // Without times: the last digit of a logarithm is the engine's business.
      const spans = trace.spans.map(({ startTimeUnixNano, endTimeUnixNano, events, ...span }) => [
        endTimeUnixNano > startTimeUnixNano,
        span,
        events.map(({ name, attributes }) => [name, attributes]),
      ])
      hash.update(JSON.stringify([trace.traceId, spans, label]))
    }
    expect([hash.digest('hex'), 'corpus']).toEqual(sums.find(([, name]) => name === 'corpus'))
  })
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
