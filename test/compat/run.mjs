// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Proves that one build of otel-tape works with both lines of the OpenTelemetry SDK:
// 2.x on Node 20 and 3.x on Node 24. Packs the package, installs it beside each line's
// packages (sdk-2, sdk-3), runs real apps there and compares what their backend received
// with what lies in the store, by a decoder that is not ours.
//
//   node test/compat/run.mjs [tarball]
//
// Without a tarball, it packs the repository. MINIO_ENDPOINT and its like choose the S3
// server; else a MinIO binary or an in-process server serves. Exits non-zero if anything
// fails.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { checks } from './runner/checks.mjs'
import { installLine, installPackage, packPackage } from './runner/install.mjs'
import { COMPAT_FOLDER, run } from './runner/processes.mjs'
import { printTable } from './runner/table.mjs'
import { startS3 } from './runner/s3.mjs'

const LINES = [
  { folder: 'sdk-2', sdk: '2.12', nodeMajor: 20 },
  { folder: 'sdk-3', sdk: '3.1', nodeMajor: 24 },
]

const temporary = await mkdtemp(join(tmpdir(), 'otel-tape-compat-'))
const s3 = await startS3()
try {
  const tarball = (process.argv[2] && resolve(process.argv[2])) || (await packPackage(temporary))
  const lines = []
  for (const line of LINES) lines.push(await installLine(line, tarball))
  const results = []
  for (const { name, run } of checks) {
    const outcomes = []
    for (const line of lines) outcomes.push(await attempt(() => run({ line, temporary, s3 })))
    results.push({ name, outcomes })
  }
  printTable(lines, results)
  const suites = await runSuites('testing', ['run.mjs'], tarball)
  console.log(`otel-tape/testing in Jest, Vitest and node:test: ${suites.message}`)
  const model = await runSuites('model', ['--test', 'model.test.mjs'], tarball)
  console.log(`the embedder with onnxruntime-node: ${model.message}`)
  const all = [suites, model, ...results.flatMap(({ outcomes }) => outcomes)]
  process.exitCode = all.every(({ isOk }) => isOk) ? 0 : 1
} finally {
  await s3.stop()
  await rm(temporary, { recursive: true, force: true })
}

async function attempt(run) {
  try {
    return { isOk: true, message: (await run()) ?? 'ok' }
  } catch (error) {
    return { isOk: false, message: 'FAILED', error }
  }
}

/** They have a runner of their own, for they need packages that the SDK's lines do not. */
async function runSuites(name, parameters, tarball) {
  const folder = join(COMPAT_FOLDER, name)
  if (!existsSync(join(folder, 'package.json'))) return { isOk: false, message: 'missing' }
  return attempt(async () => {
    await installPackage(folder, tarball)
    const { code, output } = await run(process.execPath, parameters, { cwd: folder })
    if (code !== 0) throw new Error(output)
  }).then((outcome) => {
    if (!outcome.isOk) console.error(outcome.error.message)
    return outcome
  })
}
