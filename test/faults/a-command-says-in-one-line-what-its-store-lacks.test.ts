// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { addRecordCommand } from '../../src/cli/record-command'
import { createOtlpReceiver } from '../../src/receive/create-otlp-receiver'
import { makeFolder } from '../cli/command-line'
import { makeTerminal, runInside } from '../cli/test-terminal'
import { type OtlpTarget, accept, openTarget } from '../replay/otlp-target'
import { EPOCH_MILLIS, createWriter, makeBatch } from '../support/recording'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'
import { HICCUPS, OUTAGES, type StoreFault } from './store-faults'

/**
 * A 300th of a store's own limits, which no command line option sets, while it fails: half a
 * minute in 100 ms. When it is well, a busy machine may take its time.
 */
const HASTY_MILLIS = 100
const PATIENT_MILLIS = 10_000
const mockLimits = { timeoutMillis: HASTY_MILLIS, attemptTimeoutMillis: 30, initialDelayMillis: 1 }

jest.mock('../../src/storage/minio-store', () => {
  const actual = jest.requireActual<typeof import('../../src/storage/minio-store')>(
    '../../src/storage/minio-store',
  )
  class HastyStore extends actual.MinioStore {
    constructor(options: ConstructorParameters<typeof actual.MinioStore>[0]) {
      super({ ...mockLimits, ...options })
    }
  }
  return { ...actual, MinioStore: HastyStore }
})

const SECRET = 'a-secret-that-is-never-shown'
const SEGMENTS = 6
const ONE_LINE = /^otel-tape: [^\n]+\n$/
const ADVICE = /Check |Make room |Try again |'otel-tape sessions' lists/

const named = (faults: readonly StoreFault[]): [string, StoreFault][] =>
  faults.map((fault) => [fault.name, fault])
/** What differs in a fault but not in its codes makes no difference here. */
const READING_FAULTS = named(OUTAGES.filter(({ hitsReads }) => hitsReads)).filter(
  ([, { codes }], index, all) =>
    all.findIndex(([, other]) => String(other.codes) === String(codes)) === index,
)
const WRITING_FAULTS = named(OUTAGES.filter(({ hitsReads }) => !hitsReads))

let under: FaultStore
let target: OtlpTarget
let folder: Awaited<ReturnType<typeof makeFolder>>
const environment = { ...process.env }

beforeAll(async () => {
  folder = await makeFolder()
  await writeFile(join(folder.path, 'logs.binpb'), makeBatch('logs', { names: ['log-1'] }).body)
})
beforeEach(async () => {
  under = await startFaultStore({ secretKey: SECRET, timeoutMillis: 10_000 })
  under.s3.trust({ accessKey: under.s3.accessKey, secretKey: SECRET })
  target = await openTarget()
  process.env.MINIO_ENDPOINT = under.s3.endpoint
  process.env.MINIO_ACCESS_KEY = under.s3.accessKey
  process.env.MINIO_SECRET_KEY = SECRET
  process.env.OTEL_TAPE_STORE = 's3://bucket'
  process.env.OTEL_TAPE_RECEIPT_FOLDER = join(folder.path, 'receipts')
  const writer = createWriter(under.store, 'tape')
  for (let segment = 0; segment < SEGMENTS; segment++) {
    const atMillis = EPOCH_MILLIS + segment
    writer.write(makeBatch('logs', { names: [`log-${segment}`], atMillis }))
    await writer.flush(AbortSignal.timeout(5_000))
  }
  await writer.close(AbortSignal.timeout(5_000))
})
afterEach(async () => {
  process.env = { ...environment }
  await target.close()
  await under.stop()
})
afterAll(() => folder[Symbol.asyncDispose]())

const replayArgs = (): string[] => ['replay', 'tape', '--to', target.url, '--speed', 'max']

describe('of a store that is', () => {
  test.each(READING_FAULTS)('%s at the start', async (_, fault) => {
    await begin(fault)
    for (const args of [['sessions', 'show', 'tape'], ['cat', 'tape'], replayArgs()]) {
      const { exitCode, stdout, stderr } = await runInside(args)
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 1, stdout: '' })
      expect(stderr).toMatch(ONE_LINE)
      expectPlainWords(stderr)
    }
    await end(fault)
    expect(await runInside(['sessions', 'show', 'tape'])).toMatchObject({ exitCode: 0 })
    expect(await runInside(replayArgs())).toMatchObject({ exitCode: 0 })
    expect(target.requests).toHaveLength(SEGMENTS)
  })

  test.each(READING_FAULTS)('%s from the first batch on', async (_, fault) => {
    // Its store is opened before anything fails.
    mockLimits.timeoutMillis = HASTY_MILLIS
    await target.close()
    target = await openTarget(async (response, request, number) => {
      if (number === 0) await begin(fault)
      await accept(response, request, number)
    })
    const { exitCode, stderr } = await runInside([...replayArgs(), '--concurrency', '1'])
    expect(exitCode).toBe(1)
    const errors = stderr.split('\n').filter((line) => line.startsWith('otel-tape: '))
    expect(errors).toHaveLength(1)
    expect(stderr).not.toMatch(/^ +at /m)
    expect(stderr).not.toContain(SECRET)
    await end(fault)
  })

  test.each(WRITING_FAULTS)('%s where it is to be written', async (_, fault) => {
    await begin(fault)
    if (fault.name !== 'denying some keys') {
      const args = ['import', join(folder.path, 'logs.binpb'), '--session', 'imported']
      const { exitCode, stdout, stderr } = await runInside(args)
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
      expect(stderr).toMatch(ONE_LINE)
      expectPlainWords(stderr)
    }
    await end(fault)
    const again = ['import', join(folder.path, 'logs.binpb'), '--session', 'imported-again']
    expect(await runInside(again)).toMatchObject({ exitCode: 0 })
  })
})

test.each(named(HICCUPS).slice(0, 2))('nobody notices %s', async (_, fault) => {
  await begin(fault)
  mockLimits.timeoutMillis = PATIENT_MILLIS
  expect(await runInside(['sessions', 'show', 'tape'])).toMatchObject({ exitCode: 0 })
  expect(await runInside(replayArgs())).toMatchObject({ exitCode: 0 })
  const args = ['import', join(folder.path, 'logs.binpb'), '--session', 'imported']
  expect(await runInside(args)).toMatchObject({ exitCode: 0 })
  await end(fault)
})

test.each(named(OUTAGES).filter(([name]) => ['down', 'full'].includes(name)))(
  'a recording whose store is %s to the end keeps what came, and says where',
  async (_, fault) => {
    await begin(fault)
    const { terminal, text } = makeTerminal()
    const program = new Command().option('--store <url>').exitOverride()
    addRecordCommand(program, terminal, (options) =>
      createOtlpReceiver({ ...options, stopTimeoutMillis: 300 }),
    )
    const child = `fetch(process.env.OTEL_EXPORTER_OTLP_ENDPOINT + '/v1/logs', {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{}] }] }] }),
    })`
    const options = ['--session', 'r', '--write-ahead', join(folder.path, 'write-ahead')]
    const args = ['record', ...options, '--', process.execPath, '-e', child]
    await program.parseAsync(args, { from: 'user' })
    expect(terminal.exitCode ?? Number(terminal.hasFailed)).toBe(1)
    expect(text.stderr).toMatch(
      /^otel-tape: not all of session 'r' could be stored .*'otel-tape recover' stores it later$/m,
    )
    expect(text.stderr).not.toMatch(/^ +at /m)
    expect(text.stderr).not.toContain(SECRET)
    await end(fault)
    const recover = ['recover', '--write-ahead', join(folder.path, 'write-ahead')]
    expect(await runInside(recover)).toMatchObject({ exitCode: 0 })
    const shown = await runInside(['sessions', 'show', 'r', '--json'])
    expect(JSON.parse(shown.stdout)).toMatchObject({ status: 'completed', capturedLogs: 1 })
  },
)

function begin(fault: StoreFault): void | Promise<void> {
  mockLimits.timeoutMillis = HASTY_MILLIS
  return fault.begin(under.s3)
}

async function end(fault: StoreFault): Promise<void> {
  await fault.end(under.s3)
  mockLimits.timeoutMillis = PATIENT_MILLIS
  under.s3.trust({ accessKey: under.s3.accessKey, secretKey: SECRET })
}

/** What is wrong, and what to do: no stack, no secret. */
function expectPlainWords(stderr: string): void {
  expect(stderr).toMatch(ADVICE)
  expect(stderr).not.toContain(SECRET)
  expect(stderr).not.toMatch(/^ +at /m)
}
