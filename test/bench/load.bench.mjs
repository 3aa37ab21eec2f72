// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What loading the package costs an app, each time in a fresh process.

import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { defineBench, median } from './support/harness.mjs'

const require = createRequire(import.meta.url)
const HEAVY = ['minio', 'undici', '@opentelemetry/core', '@opentelemetry/sdk-node']

export default defineBench({
  title: 'Time that require() of the package takes',
  options: { rounds: 15 },
  run: async ({ dist, rounds }) => {
    const packages = {
      'otel-tape': join(resolve(dist), 'index.js'),
      '@opentelemetry/api, which it needs': require.resolve('@opentelemetry/api'),
    }
    const millis = Object.fromEntries(Object.keys(packages).map((name) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const [name, path] of Object.entries(packages)) {
        const { milliseconds, modules } = load(path)
        millis[name].push(milliseconds)
        if (name === 'otel-tape') refuseHeavy(modules)
      }
    }
    const rows = Object.entries(millis).map(([name, runs]) => [name, median(runs).toFixed(1)])
    return {
      tables: [{ columns: ['package', 'ms'], rows }],
      figures: [
        {
          name: "require('otel-tape')",
          value: median(millis['otel-tape']),
          unit: 'ms',
          atMost: 40,
        },
      ],
      notes: [`loaded with it: none of ${HEAVY.join(', ')}`],
    }
  },
})

function load(path) {
  const script = `
    const start = process.hrtime.bigint()
    require(${JSON.stringify(path)})
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6
    console.log(JSON.stringify({ milliseconds, modules: Object.keys(require.cache) }))`
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }))
}

function refuseHeavy(modules) {
  const isLoaded = (name) => modules.some((path) => path.includes(`node_modules/${name}/`))
  const heavy = HEAVY.filter(isLoaded)
  if (heavy.length > 0) throw new Error(`loaded at import: ${heavy.join(', ')}`)
}
