// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What redaction and sampling cost where they are switched on, CPU per span:
//
//     npm run bench -- screen

import { requestMaker } from './support/bench-requests.mjs'
import { defineBench, median, requireDist } from './support/harness.mjs'

const ROUND_MILLIS = 60
const EMAIL = /[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{2,63}/
const CARD = /\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b/
const OFF = 'summarizeRequest, for comparison'

export default defineBench({
  title: 'Redaction and sampling at capture, CPU per span',
  options: { rounds: 15, spans: 512 },
  async run(options) {
    const body = requestMaker(options.spans)()
    const operations = operationsOn(body, options)
    const times = Object.fromEntries(Object.keys(operations).map((name) => [name, []]))
    // The first round warms up.
    for (let round = 0; round <= options.rounds; round++) {
      for (const [name, operate] of Object.entries(operations)) {
        const time = microsPerSpan(operate, options.spans)
        if (round > 0) times[name].push(time)
      }
    }
    const rows = Object.keys(times).map((name) => [name, median(times[name])])
    const bytes = Math.round(body.length / options.spans)
    const title = `${options.spans} spans of ${bytes} bytes in one request`
    return {
      tables: [{ title, columns: ['what is switched on', 'µs CPU a span'], rows }],
      notes: NOTES,
    }
  },
})

const NOTES = [
  'Where neither is switched on, nothing of it runs. Where a request is changed, it is summed up anew, ' +
    'which is not in these figures but for the first row.',
]

function operationsOn(body, options) {
  const load = (name) => requireDist(options, `otlp/${name}.js`)
  const { createRedactor } = load('redact-request')
  const { sampleRequest } = load('sample-request')
  const { createTraceSampler } = load('sample-traces')
  const { summarizeRequest } = load('summarize-request')
  const redacting = (redact, changes) => {
    const redactor = createRedactor(redact)
    if ((redactor.redact(body, 'traces') !== body) !== changes) throw new Error('it did other work')
    return () => redactor.redact(body, 'traces')
  }
  const sampling = (ratio) => {
    const sampler = createTraceSampler({ ratio })
    return () => sampleRequest(body, 'traces', sampler)
  }
  return {
    [OFF]: () => summarizeRequest(body, 'traces'),
    'two literals that are nowhere': redacting({ values: ['s3cr3t', 'pa55w0rd'] }, false),
    'two keys that are nowhere': redacting({ attributeKeys: ['*.token', 'user'] }, false),
    'two keys, one on each span': redacting({ attributeKeys: ['*.token', 'url.path'] }, true),
    'two RegExps that match nothing': redacting({ values: [EMAIL, CARD] }, false),
    'a literal on each span': redacting({ values: ['shop.example.com'] }, true),
    'two RegExps, a literal on each span, two keys': redacting(
      { values: [EMAIL, CARD, 'shop.example.com'], attributeKeys: ['*.token', 'user'] },
      true,
    ),
    'sampling, all are kept': sampling(1),
    'sampling, one in ten is kept': sampling(0.1),
  }
}

function microsPerSpan(operate, spans) {
  const end = performance.now() + ROUND_MILLIS
  const before = process.cpuUsage()
  let runs = 0
  for (; performance.now() < end; runs++) operate()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / runs / spans
}
