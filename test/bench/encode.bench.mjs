// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Our encoders from SDK objects to OTLP beside the SDK's own serializers. Each has a process
// of its own: in one process the garbage of a side is collected in the turn of the next. And
// the processes of a workload live side by side and take short turns: a machine that others
// use as well changes its speed by half from one second to the next.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { defineBench, median, medianRatio } from './support/harness.mjs'
import {
  ALL_METRICS,
  COUNTED,
  OURS,
  SDK_JSON,
  SDK_PROTOBUF,
  WORKLOADS,
} from './support/encode-workloads.mjs'

const SIDE = join(import.meta.dirname, 'support/encode-side.mjs')
// From which on nothing is compiled any more, of the slowest side too.
const WARM_UP_TURNS = 10
const START_LIMIT_MILLIS = 60_000

export default defineBench({
  title: 'encode: SDK objects to OTLP, our encoders beside the serializers of the SDK',
  options: { rounds: 25, turnMillis: 40 },
  async run(options) {
    const measured = {}
    for (const [signal, workloads] of Object.entries(WORKLOADS)) {
      for (const workload of workloads) {
        measured[workload.name] = await measure(signal, workload, options)
      }
    }
    return {
      tables: [
        tableOf('Traces, thousand spans per CPU second', WORKLOADS.traces, measured),
        tableOf('Metrics, thousand data points per CPU second', WORKLOADS.metrics, measured),
        tableOf('Logs, thousand records per CPU second', WORKLOADS.logs, measured),
      ],
      figures: [
        figure(measured, '512 spans', 3),
        figure(measured, '50 spans', 3),
        figure(measured, ALL_METRICS, 2),
        figure(measured, '512 log records', 2),
      ],
      notes: [
        'Rates are medians, ratios medians of the ratios turn by turn, with their quartiles. ' +
          '"counted" also says how many items there are, of which times and services. After its ' +
          'turns each side encodes everything once more for protobufjs, which has to find in it ' +
          'what it finds in the bytes of the SDK.',
      ],
    }
  },
})

/** For each encoder, what was counted in its bytes and the turns that it took. */
async function measure(signal, { name, encoders }, { rounds, turnMillis, dist }) {
  const sides = []
  try {
    for (const encoder of encoders) {
      sides.push(await startSide({ signal, workload: name, encoder, options: { dist } }))
    }
    const turns = sides.map(() => [])
    for (let round = -WARM_UP_TURNS; round < rounds; round++) {
      const order = round % 2 === 0 ? [...sides.keys()] : [...sides.keys()].reverse()
      for (const index of order) {
        const turn = await sides[index].answer({ ask: 'turn', millis: turnMillis })
        if (round >= 0) turns[index].push({ microsPerPass: turn.cpuMicros / turn.passes })
      }
    }
    const counts = []
    for (const side of sides) counts.push(await side.answer({ ask: 'count' }))
    checkSameWork(name, counts)
    return Object.fromEntries(
      encoders.map((encoder, index) => [encoder, { ...counts[index], turns: turns[index] }]),
    )
  } finally {
    for (const { stop } of sides) await stop()
  }
}

async function startSide(side) {
  const child = fork(SIDE, [JSON.stringify(side)])
  const exit = once(child, 'exit')
  const answer = async (question) => {
    const limit = AbortSignal.timeout(START_LIMIT_MILLIS)
    const message = once(child, 'message', { signal: limit })
    if (question) child.send(question)
    const [answered] = await Promise.race([message, exit])
    if (answered === null || typeof answered === 'number') {
      throw new Error(`'${side.workload}: ${side.encoder}' ended with ${answered}`)
    }
    return answered
  }
  const stop = async () => {
    child.kill()
    await exit
  }
  await answer()
  return { answer, stop }
}

function checkSameWork(name, counts) {
  const [{ items }] = counts
  if (!(items > 0) || counts.some((count) => count.items !== items)) {
    throw new Error(`${name}: sides encoded ${counts.map((count) => count.items)} items`)
  }
}

function tableOf(title, workloads, measured) {
  const names = [OURS, COUNTED, SDK_PROTOBUF, SDK_JSON]
  const shown = names.filter((name) => workloads.some(({ encoders }) => encoders.includes(name)))
  const rows = workloads.map(({ name }) => {
    const { bytes, items } = measured[name][OURS]
    const ratios = ratiosOf(measured[name]).sort((a, b) => a - b)
    const quartiles = [0.25, 0.75].map((part) => ratios[Math.floor(part * ratios.length)])
    return [
      name,
      Math.round(bytes / items),
      ...shown.map((encoder) => (encoder in measured[name] ? rateOf(measured[name][encoder]) : '')),
      ratioToSdk(measured[name]),
      quartiles.map((ratio) => ratio.toFixed(2)).join(' to '),
    ]
  })
  return { title, columns: ['', 'bytes an item', ...shown, 'ours : SDK protobuf', ''], rows }
}

function rateOf({ items, turns }) {
  return Math.round((1000 * items) / median(turns.map(({ microsPerPass }) => microsPerPass)))
}

function figure(measured, name, atLeast) {
  return { name: `${name}, ours : SDK protobuf`, value: ratioToSdk(measured[name]), atLeast }
}

function ratioToSdk(sides) {
  return medianRatio(sides[SDK_PROTOBUF].turns, sides[OURS].turns, 'microsPerPass')
}

function ratiosOf(sides) {
  const ours = sides[OURS].turns
  return sides[SDK_PROTOBUF].turns.map((turn, at) => turn.microsPerPass / ours[at].microsPerPass)
}
