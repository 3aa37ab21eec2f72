// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// The embedder with the runtime that it asks for, on models that are made here, and on the real
// one where OTEL_TAPE_TEST_MODEL names its folder (test/bench/support/minilm-to-onnx.py makes it).
// `npm run test:compat` installs the packages, 300 MB, and runs this.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { createMiniLmEmbedder } from 'otel-tape'
import { VOCABULARY_SIZE, makeTinyModel, tokenRows } from './support/tiny-model.mjs'

const REAL_MODEL = process.env.OTEL_TAPE_TEST_MODEL
const DIMENSIONS = 6
const table = randomRows(VOCABULARY_SIZE, DIMENSIONS)

let folder
let modelPath

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-model-'))
  modelPath = join(folder, 'tiny')
  await makeTinyModel(modelPath, { table })
})

after(() => rm(folder, { recursive: true }))

test('a vector is the mean of its tokens, whatever else is in the batch', async (t) => {
  const embedder = await opened(t, { modelPath })
  assert.equal(embedder.dimensions, DIMENSIONS)
  const texts = {
    Slow: tokenRows('slow'),
    'slow checkout, slow refund': tokenRows('slow', 'checkout', '[UNK]', 'slow', 'refund'),
    timeout: tokenRows('time', '##out'),
    '': tokenRows(),
    'something else': tokenRows('[UNK]', '[UNK]'),
  }
  const together = await embedder.embed(Object.keys(texts))
  for (const [at, [text, rows]] of Object.entries(texts).entries()) {
    const [alone] = await embedder.embed([text])
    for (const vector of [alone, together[at]]) assertNear(vector, unitMean(rows), 1e-6)
  }
})

test('many texts come back in their order', async (t) => {
  const embedder = await opened(t, { modelPath })
  const counts = Array.from({ length: 100 }, (_, at) => (at * 37) % 41)
  const vectors = await embedder.embed(counts.map((count) => 'slow '.repeat(count)))
  for (const [at, count] of counts.entries()) {
    assertNear(vectors[at], unitMean(tokenRows(...Array(count).fill('slow'))), 1e-5)
  }
})

test('of a long text the first 256 tokens count, and the one that ends it', async (t) => {
  const embedder = await opened(t, { modelPath })
  const [vector] = await embedder.embed(['slow '.repeat(300) + 'refund '.repeat(5_000)])
  assertNear(vector, unitMean(tokenRows(...Array(254).fill('slow'))), 1e-5)
})

test('the name tells weights apart, not folders', async (t) => {
  const [copied, changed] = [join(folder, 'copied'), join(folder, 'changed')]
  await cp(modelPath, copied, { recursive: true })
  await makeTinyModel(changed, { table: randomRows(VOCABULARY_SIZE, DIMENSIONS) })
  const names = []
  for (const modelPath of [join(folder, 'tiny'), copied, changed]) {
    const embedder = await opened(t, { modelPath })
    names.push(embedder.name)
  }
  assert.equal(names[0], names[1])
  assert.notEqual(names[0], names[2])
})

test('the event loop stays free while the model computes, and others get their turn', async (t) => {
  const embedder = await opened(t, { modelPath: await heavyModel(), threads: 1 })
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const start = performance.now()
  const long = 'slow '.repeat(254)
  const all = embedder.embed(Array(64).fill(long)).then(() => performance.now() - start)
  const one = embedder.embed(['refund']).then(() => performance.now() - start)
  const [allMillis, oneMillis] = await Promise.all([all, one])
  delay.disable()
  assert.ok(oneMillis < allMillis / 2, `${oneMillis} ms of ${allMillis} ms`)
  assert.ok(delay.max / 1e6 < allMillis / 4, `blocked for ${delay.max / 1e6} of ${allMillis} ms`)
})

test('who gives up is told at once, and the embedder goes on', async (t) => {
  const embedder = await opened(t, { modelPath: await heavyModel() })
  const controller = new AbortController()
  const { signal } = controller
  const embedding = embedder.embed(Array(64).fill('slow '.repeat(254)), { signal })
  const reason = new Error('enough')
  setImmediate(() => controller.abort(reason))
  await assert.rejects(embedding, (error) => error === reason)
  assert.equal((await embedder.embed(['refund'])).length, 1)
})

test('a closed embedder says so, also to who was waiting', async () => {
  const embedder = await createMiniLmEmbedder({ modelPath: await heavyModel() })
  const embedding = assert.rejects(embedder.embed(['slow']), { reason: 'Closed' })
  await embedder.close()
  await embedding
  await embedder.close()
  await assert.rejects(embedder.embed(['slow']), { reason: 'Closed' })
})

test('who gives up loading is told at once, whatever is being done', async () => {
  const path = await heavyModel()
  const reason = new Error('enough')
  for (let millis = 0; millis < 400; millis += 80) {
    const opening = createMiniLmEmbedder({ modelPath: path, signal: abortedIn(millis, reason) })
    // It may have been quicker.
    const outcome = await opening.then((embedder) => embedder.close()).catch((error) => error)
    assert.ok(outcome === undefined || outcome === reason, String(outcome))
  }
})

for (const [what, ending] of [
  ['has not closed its embedder ends all the same', ''],
  ['exits while its embedder computes does so', 'setTimeout(() => process.exit(7), 50)'],
]) {
  test(`a process that ${what}`, async () => {
    const texts = ending ? "Array(64).fill('slow '.repeat(254))" : "['slow']"
    const script = `
      const { createMiniLmEmbedder } = require('otel-tape')
      createMiniLmEmbedder({ modelPath: process.argv[1] }).then((embedder) => {
        embedder.embed(${texts}).then((vectors) => (process.exitCode = vectors.length))
        ${ending}
      })`
    const options = { cwd: import.meta.dirname, encoding: 'utf8', timeout: 30_000 }
    const path = ending ? await heavyModel() : modelPath
    const { status, stderr } = spawnSync(process.execPath, ['-e', script, path], options)
    assert.deepEqual({ status, stderr }, { status: ending ? 7 : 1, stderr: '' })
  })
}

// Where processes can be looked at.
const skip = !existsSync('/proc/self/task')

test('a model whose process dies is named, and another can be opened', { skip }, async (t) => {
  const embedder = await opened(t, { modelPath: await heavyModel() })
  const failed = { reason: 'EmbeddingFailure', message: /process has died: .*SIGKILL/ }
  const embedding = assert.rejects(embedder.embed(['slow '.repeat(254)]), failed)
  const [child] = childrenOf(process.pid)
  process.kill(child, 'SIGKILL')
  await embedding
  await assert.rejects(embedder.embed(['slow']), failed)
  const another = await opened(t, { modelPath })
  assert.equal((await another.embed(['slow'])).length, 1)
})

test('a model does not outlive an app that is killed', { skip }, async () => {
  const script = `
    const { createMiniLmEmbedder } = require('otel-tape')
    createMiniLmEmbedder({ modelPath: process.argv[1] }).then((embedder) => {
      embedder.embed(Array(1_000).fill('slow '.repeat(254)))
      console.log('embedding')
    })`
  const parameters = ['-e', script, await heavyModel()]
  const app = spawn(process.execPath, parameters, { cwd: import.meta.dirname })
  await once(app.stdout, 'data')
  const [child] = childrenOf(app.pid)
  app.kill('SIGKILL')
  const deadline = performance.now() + 15_000
  while (existsSync(`/proc/${child}`) && performance.now() < deadline) await setTimeout(20)
  assert.ok(!existsSync(`/proc/${child}`))
})

for (const [what, path, content, message] of [
  ['weights that are none', 'onnx/model_quantized.onnx', 'weights', /can't load '.*onnx'/],
  ['a tokenizer that is no JSON', 'tokenizer.json', '{', /tokenizer\.json' is no JSON/],
  ['a tokenizer that is none', 'tokenizer.json', '{}', /the model fails/],
]) {
  test(`${what} can't be loaded`, async () => {
    const damaged = await mkdtemp(join(folder, 'damaged-'))
    await cp(modelPath, damaged, { recursive: true })
    await writeFile(join(damaged, path), content)
    const opening = createMiniLmEmbedder({ modelPath: damaged })
    await assert.rejects(opening, { reason: 'EmbeddingFailure', message })
  })
}

test('a model that gives something else is refused', async () => {
  const pooled = join(folder, 'pooled')
  await makeTinyModel(pooled, { table, isPooled: true })
  const opening = createMiniLmEmbedder({ modelPath: pooled })
  const message = /has to give its last hidden state, .* got 'pooled' of shape 1 × 6/
  await assert.rejects(opening, { reason: 'EmbeddingFailure', message })
})

test('a model of zeros gives no vectors', async () => {
  const zeros = join(folder, 'zeros')
  await makeTinyModel(zeros, { table: table.map((row) => row.map(() => 0)) })
  const opening = createMiniLmEmbedder({ modelPath: zeros })
  await assert.rejects(opening, { reason: 'EmbeddingFailure', message: /is all zeros/ })
})

test('the real model gives the vectors that it should', { skip: !REAL_MODEL }, async (t) => {
  const embedder = await opened(t, { modelPath: REAL_MODEL })
  const reference = JSON.parse(await readFile(join(REAL_MODEL, 'reference.json'), 'utf8'))
  const vectors = await embedder.embed(Object.keys(reference))
  for (const [at, expected] of Object.values(reference).entries()) {
    const cosine = expected.reduce((sum, number, i) => sum + number * vectors[at][i], 0)
    // Its weights have eight bits.
    assert.ok(cosine > 0.98, `${cosine} for '${Object.keys(reference)[at]}'`)
  }
})

async function opened(t, options) {
  const embedder = await createMiniLmEmbedder(options)
  t.after(() => embedder.close())
  return embedder
}

function abortedIn(millis, reason) {
  const controller = new AbortController()
  void setTimeout(millis).then(() => controller.abort(reason))
  return controller.signal
}

function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

async function heavyModel() {
  const path = join(folder, 'heavy')
  await makeTinyModel(path, { table: randomRows(VOCABULARY_SIZE, 384), layers: 24 })
  return path
}

function randomRows(rows, dimensions) {
  return Array.from({ length: rows }, () => {
    return Array.from({ length: dimensions }, () => Math.fround(Math.random() - 0.5))
  })
}

function unitMean(rows) {
  const sum = Array.from({ length: DIMENSIONS }, (_, i) => {
    return rows.reduce((sum, row) => sum + table[row][i], 0)
  })
  const length = Math.hypot(...sum)
  return sum.map((number) => number / length)
}

function assertNear(vector, expected, tolerance) {
  assert.equal(vector.length, expected.length)
  for (const [at, number] of expected.entries()) {
    const distance = Math.abs(vector[at] - number)
    assert.ok(distance <= tolerance, `${vector[at]} at ${at} instead of ${number}`)
  }
}
