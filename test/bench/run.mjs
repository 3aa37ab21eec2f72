// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Runs a bench and prints its tables, or JSON.
//
//     npm run bench                        the names of all benches
//     npm run bench -- capture             one of them
//     npm run bench -- capture --json --rounds 3

import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { printReport } from './support/print-report.mjs'

const SUFFIX = '.bench.mjs'
const [name, ...parameters] = process.argv.slice(2)
if (name === undefined || name.startsWith('-')) {
  await listBenches()
} else {
  await runBench(name)
}

async function listBenches() {
  for (const file of readdirSync(import.meta.dirname).filter((file) => file.endsWith(SUFFIX))) {
    const bench = await loadBench(file.slice(0, -SUFFIX.length))
    console.log(`${file.slice(0, -SUFFIX.length).padEnd(16)}${bench.title}`)
  }
}

async function runBench(name) {
  const bench = await loadBench(name)
  const options = readOptions(bench)
  if (options.side !== undefined) {
    const sample = await bench.sides[options.side](options)
    // Whatever a side still holds open is not part of what it measured.
    process.stdout.write(`\n${JSON.stringify(sample)}\n`, () => process.exit())
    return
  }
  const report = bench.run
    ? await bench.run(options)
    : await bench.report(measureSides(name, bench, options), options)
  const { json, ...shown } = options
  const result = { bench: name, title: bench.title, machine: machine(), options: shown, ...report }
  if (json) console.log(JSON.stringify(result, undefined, 2))
  else printReport(result)
}

async function loadBench(name) {
  const file = join(import.meta.dirname, `${name}${SUFFIX}`)
  const { default: bench } = await import(file).catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.message.includes(file)) throw error
    console.error(`there is no bench '${name}'; npm run bench lists them`)
    process.exit(2)
  })
  return bench
}

/** Sides take turns, so that a machine which gets slower is slow for all of them. */
function measureSides(name, { sides }, { rounds }) {
  const names = Object.keys(sides)
  const measured = Object.fromEntries(names.map((side) => [side, []]))
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? names : names.toReversed()) {
      measured[side].push(measureSide(name, side))
      process.stderr.write('.')
    }
  }
  process.stderr.write('\n')
  checkSameWork(measured)
  return measured
}

function measureSide(name, side) {
  const call = [fileURLToPath(import.meta.url), name, ...parameters, '--side', side]
  // `--expose-gc`, for sides that ask what is held when nothing is in flight.
  const output = execFileSync(process.execPath, ['--expose-gc', ...call], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  })
  return JSON.parse(output.trimEnd().split('\n').at(-1))
}

function checkSameWork(measured) {
  const itemsByGroup = new Map()
  for (const [side, samples] of Object.entries(measured)) {
    const group = side.includes(': ') ? side.slice(0, side.indexOf(': ')) : ''
    for (const { items } of samples) {
      if (!(items > 0)) throw new Error(`'${side}' counted no items`)
      const others = itemsByGroup.get(group) ?? items
      if (items !== others) throw new Error(`'${side}' did ${items} items, others ${others}`)
      itemsByGroup.set(group, items)
    }
  }
}

/** The bench's options, in the types of their defaults. */
function readOptions(bench) {
  const defaults = {
    rounds: 5,
    dist: join(import.meta.dirname, '../../dist'),
    json: false,
    ...bench.options,
  }
  const config = { side: { type: 'string' } }
  for (const [key, value] of Object.entries(defaults)) {
    config[kebabCase(key)] = { type: typeof value === 'boolean' ? 'boolean' : 'string' }
  }
  const { values } = parseArgs({ args: parameters, options: config })
  const options = { side: values.side }
  for (const [key, value] of Object.entries(defaults)) {
    const given = values[kebabCase(key)] ?? value
    options[key] = typeof value === 'number' ? Number(given) : given
  }
  return options
}

function kebabCase(key) {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function machine() {
  const { model } = cpus()[0]
  const memoryGiB = Math.round(totalmem() / 2 ** 30)
  const { platform, arch, version } = process
  return { cpu: model.trim(), cores: cpus().length, memoryGiB, node: version, platform, arch }
}
