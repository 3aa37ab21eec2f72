// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { judgeAnswer } from './judge-ranker'
import { gradeOf, type LabelledQuery, type TraceLabel } from './labelled-query'

const ASKED: LabelledQuery = {
  class: 'constrained',
  text: 'slow payment',
  kind: 'slowService',
  service: 'payment',
  alike: ['slowQuery'],
  related: ['downstreamTimeout'],
}
const ANYWHERE: LabelledQuery = { ...ASKED, service: undefined }

describe('a grade says how near a trace is to what was asked for', () => {
  it.each<[string, LabelledQuery, TraceLabel | undefined, number]>([
    ['a healthy trace', ASKED, undefined, 0],
    ['the fault, at that service', ASKED, trouble('slowService', 'checkout', 'payment'), 2],
    ['the fault, elsewhere', ASKED, trouble('slowService', 'catalog'), 1],
    ['the fault, wherever', ANYWHERE, trouble('slowService', 'catalog'), 2],
    ['one that is as good, at that service', ASKED, trouble('slowQuery', 'payment'), 2],
    ['one that is as good, elsewhere', ASKED, trouble('slowQuery', 'catalog'), 1],
    ['a related one, at that service', ASKED, trouble('downstreamTimeout', 'payment'), 1],
    ['a related one, elsewhere', ASKED, trouble('downstreamTimeout', 'shipping'), 0],
    ['another one, at that service', ASKED, trouble('paymentDeclined', 'payment'), 0],
  ])('%s', (_, query, label, grade) => {
    expect(gradeOf(query, label)).toBe(grade)
  })

  it('and an answer is judged by the grades of its traces, in their order', () => {
    const labels = new Map([
      ['best', trouble('slowService', 'payment')],
      ['near', trouble('slowQuery', 'catalog')],
    ])
    const judged = judgeAnswer(ASKED, ['healthy', 'best', 'near'], labels)
    expect(judged.precisionAt10).toBeCloseTo(0.1, 12)
    // Gains 3 and 1 in the second and third place, by hand, over the same in the first and second.
    expect(judged.ndcgAt10).toBeCloseTo((3 / 1.584963 + 1 / 2) / (3 + 1 / 1.584963), 6)
  })

  it('a trace that is given twice is a mistake of the ranker, not a second find', () => {
    const labels = new Map([['best', trouble('slowService', 'payment')]])
    expect(() => judgeAnswer(ASKED, ['best', 'best'], labels)).toThrow('slow payment')
  })
})

function trouble(kind: TraceLabel['kind'], ...services: string[]): TraceLabel {
  return { kind, services }
}
