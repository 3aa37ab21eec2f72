// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Time on the clock, each start in a process of its own, the kinds taking turns.

import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { defineBench, median } from './support/harness.mjs'

// What must not be loaded before it is used.
const HEAVY = /node_modules\/(minio|undici|@grpc|hono|@hono|commander|@opentelemetry\/(?!api))/

export default defineBench({
  title: 'Starting: loading the package, and the shortest command',
  options: { rounds: 15 },
  run: async ({ rounds, dist }) => {
    const index = JSON.stringify(resolve(dist, 'index.js'))
    const api = JSON.stringify('@opentelemetry/api')
    const first = (name) => `if (typeof require(${index}).${name} !== 'function') throw 0`
    const kinds = {
      "require('otel-tape')": () => millisIn(`require(${index})`, index),
      'with startCapture': () => millisIn(first('startCapture'), index),
      'with startReplay': () => millisIn(first('startReplay'), index),
      'with createOtlpReceiver': () => millisIn(first('createOtlpReceiver'), index),
      'with startCapture, when the app has loaded the API': () =>
        millisIn(first('startCapture'), index, `require(${api})`),
      'of these, the OpenTelemetry API alone': () => millisIn(`require(${api})`),
      'otel-tape --help': () => millisOf([resolve(dist, 'cli/main.js'), '--help']),
      'node, with nothing to do': () => millisOf(['-e', '']),
    }
    const measured = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]))
    for (let round = -1; round < rounds; round++) {
      for (const [kind, measure] of Object.entries(kinds)) {
        const millis = measure()
        // The first fills the file system's cache.
        if (round >= 0) measured[kind].push(millis)
      }
    }
    return report(measured)
  },
})

/** How long the code takes within a process that has started, and run `before`. */
function millisIn(code, index = 'undefined', before = '') {
  const script = `${before}
    const start = process.hrtime.bigint()
    ${code}
    const millis = Number(process.hrtime.bigint() - start) / 1e6
    console.log(JSON.stringify({ millis, loaded: Object.keys(require.cache) }))`
  const { millis, loaded } = JSON.parse(execFileSync(process.execPath, ['-e', script]))
  if (index !== 'undefined') {
    if (!loaded.includes(JSON.parse(index))) throw new Error(`${index} was not loaded`)
    const heavy = loaded.find((path) => HEAVY.test(path))
    if (heavy) throw new Error(`${heavy} is loaded before it is used`)
  }
  return millis
}

function millisOf(parameters) {
  const start = process.hrtime.bigint()
  execFileSync(process.execPath, parameters)
  return Number(process.hrtime.bigint() - start) / 1e6
}

function report(measured) {
  const rows = Object.entries(measured).map(([kind, millis]) => [kind, median(millis)])
  const {
    "require('otel-tape')": load,
    'otel-tape --help': help,
    ...rest
  } = Object.fromEntries(rows)
  return {
    tables: [{ columns: ['what', 'ms'], rows }],
    figures: [
      { name: "require('otel-tape')", value: load, unit: 'ms', atMost: 40 },
      // Requiring alone loads next to nothing: this is what a program waits for that records.
      { name: 'with startCapture', value: rest['with startCapture'], unit: 'ms', atMost: 40 },
      { name: 'otel-tape --help', value: help, unit: 'ms', atMost: 150 },
    ],
    measured,
  }
}
