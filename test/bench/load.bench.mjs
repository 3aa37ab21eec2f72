// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What loading the package costs an app, each time in a fresh process.
// npm run build && node test/bench/load.bench.mjs

import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { median } from './support/bench-spans.mjs'

const require = createRequire(import.meta.url)
const ROUNDS = 15
const HEAVY = ['minio', 'undici', '@opentelemetry/core', '@opentelemetry/sdk-node']

const packages = {
  'otel-tape': require.resolve('../../dist/index.js'),
  '@opentelemetry/api, which it needs': require.resolve('@opentelemetry/api'),
}
const rows = Object.entries(packages).map(([name, path]) => {
  const runs = Array.from({ length: ROUNDS }, () => load(path))
  return [name, { milliseconds: median(runs.map(({ milliseconds }) => milliseconds)).toFixed(1) }]
})
console.table(Object.fromEntries(rows))
console.log("require('otel-tape'): target at most 40 ms, with none of", HEAVY.join(', '))
const { modules } = load(packages['otel-tape'])
const heavy = HEAVY.filter((name) => modules.some((path) => path.includes(`node_modules/${name}/`)))
if (heavy.length > 0) throw new Error(`loaded at import: ${heavy.join(', ')}`)

function load(path) {
  const script = `
    const start = process.hrtime.bigint()
    require(${JSON.stringify(path)})
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6
    console.log(JSON.stringify({ milliseconds, modules: Object.keys(require.cache) }))`
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }))
}
