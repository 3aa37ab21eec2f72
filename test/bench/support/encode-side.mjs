// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// One encoder of the bench, in a process of its own: `encode.bench.mjs` starts it, and it
// encodes when it is told to. What it answers is the CPU time since the answer before, so
// that what threads of the runtime do between two turns is in it.

import { WORKLOADS, countEncoded, loadEncoder } from './encode-workloads.mjs'

const { signal, workload, encoder, options } = JSON.parse(process.argv[2])
const { makeBatches } = WORKLOADS[signal].find(({ name }) => name === workload)
const batches = await makeBatches()
const encode = loadEncoder(encoder, signal, options)
let cpuBefore = process.cpuUsage()

const answers = {
  turn: ({ millis }) => {
    const end = performance.now() + millis
    let passes = 0
    do {
      for (const batch of batches) encode(batch)
      passes++
    } while (performance.now() < end)
    const { user, system } = process.cpuUsage(cpuBefore)
    cpuBefore = process.cpuUsage()
    return { cpuMicros: user + system, passes }
  },
  count: () => countEncoded(encoder, signal, encode, batches),
}

process.on('message', ({ ask, ...question }) => process.send(answers[ask](question)))
process.send('ready')
