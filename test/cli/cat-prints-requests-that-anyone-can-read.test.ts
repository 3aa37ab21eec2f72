// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { readdir, writeFile } from 'node:fs/promises'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import { FileStore } from '../../src/storage/file-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { makeFolder, parseLines, runCommand, startCommand } from './command-line'
import { makeTerminal, runInside } from './test-terminal'

const BATCHES = [
  makeBatch('traces', { names: ['a', 'b'], service: 'cart' }),
  makeBatch('logs', { names: ['l'], service: 'payment', atMillis: EPOCH_MILLIS + 1_000 }),
  makeBatch('traces', { names: ['c'], service: 'payment', atMillis: EPOCH_MILLIS + 2_000 }),
]

/** A field of a protobuf message that is a message itself. */
function nested(field: number, content: Uint8Array): Buffer {
  const length: number[] = []
  for (let rest = content.length; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([(field << 3) | 2, ...length, rest, ...content])
    length.push((rest & 0x7f) | 0x80)
  }
}

describe('otel-tape cat', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>

  beforeEach(async () => {
    folder = await makeFolder()
    await recordSession(new FileStore(folder.path), 'tape', BATCHES)
  })

  afterEach(() => folder[Symbol.asyncDispose]())

  const cat = (...args: string[]) => runInside(['cat', 'tape', '--store', folder.path, ...args])

  test('prints each request as one line, in the order of arrival', async () => {
    const { exitCode, stdout, stderr } = await cat()
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const bodies = parseLines(stdout).map((json, index) =>
      Buffer.from(requestFromJson(json, BATCHES[index].signal)),
    )
    expect(bodies).toEqual(BATCHES.map(({ body }) => Buffer.from(body)))
  })

  test('prints what was asked for', async () => {
    const traces = await cat('--signal', 'traces')
    expect(parseLines(traces.stdout)).toHaveLength(2)
    const payment = await cat('--service', 'payment')
    expect(payment.stdout).not.toMatch('cart')
    expect(parseLines(payment.stdout)).toHaveLength(2)
    const late = await cat('--from', new Date(EPOCH_MILLIS + 1).toISOString())
    expect(parseLines(late.stdout)).toHaveLength(2)
  })

  test('names what is damaged, prints the rest, and fails', async () => {
    const [segment] = (await readdir(folder.path, { recursive: true })).filter((path) =>
      path.includes('logs-'),
    )
    await writeFile(join(folder.path, segment), 'neither gzip nor OTLP')
    const { exitCode, stdout, stderr } = await cat()
    expect(parseLines(stdout)).toHaveLength(2)
    expect(stderr).toMatch(/^otel-tape: damaged: sessions\/tape\/raw\//m)
    expect(exitCode).toBe(1)
  })

  test('leaves out, and names, a request that no JSON can be made of', async () => {
    // A list in a list in a list …, deeper than anybody decodes.
    let value: Uint8Array = Buffer.from([])
    for (let depth = 0; depth < 120; depth++) value = nested(5, nested(1, value))
    const record = nested(5, value)
    const body = nested(1, nested(2, nested(2, record)))
    const deep = {
      signal: 'logs' as const,
      body,
      capturedAtUnixNano: BATCHES[0].capturedAtUnixNano,
    }
    await recordSession(new FileStore(folder.path), 'deep', [deep, BATCHES[1]])
    const { exitCode, stdout, stderr } = await runInside(['cat', 'deep', '--store', folder.path])
    expect(parseLines(stdout)).toHaveLength(1)
    expect(stderr).toMatch(
      /^otel-tape: a request of logs that arrived at 2026-\S+ is left out: .* \(MALFORMED_OTLP\)\n$/,
    )
    expect(exitCode).toBe(1)
  })

  test('waits for a reader that is slow', async () => {
    const { terminal, stdout, text } = makeTerminal()
    stdout.pause()
    const many = Array.from({ length: 200 }, () =>
      makeBatch('logs', { names: ['x'.repeat(1_000)] }),
    )
    await recordSession(new FileStore(folder.path), 'large', many)
    const printing = runInside(['cat', 'large', '--store', folder.path], {
      ...makeTerminal(),
      terminal,
      text,
    })
    await once(stdout, 'readable')
    expect(stdout.readableLength + stdout.writableLength).toBeLessThan(100_000)
    stdout.resume()
    const { exitCode } = await printing
    expect(parseLines(text.stdout)).toHaveLength(200)
    expect(exitCode).toBe(0)
  })

  test('ends quietly when its reader has seen enough', async () => {
    const many = Array.from({ length: 2_000 }, () =>
      makeBatch('logs', { names: ['x'.repeat(500)] }),
    )
    await recordSession(new FileStore(folder.path), 'large', many)
    const { process, outcome } = startCommand(['cat', 'large', '--store', folder.path])
    const head = spawn('head', ['-n', '1'], { stdio: ['pipe', 'pipe', 'ignore'] })
    process.stdout?.removeAllListeners('data').pipe(head.stdin)
    // The pipe between breaks, as that of a shell does.
    head.stdin.on('error', () => process.stdout?.destroy())
    head.stdin.on('close', () => process.stdout?.destroy())
    const { exitCode, stderr } = await outcome
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })

  test('fills a file that is imported again as it was', async () => {
    const { stdout } = await runCommand(['cat', 'tape', '--store', folder.path])
    const file = join(folder.path, 'tape.jsonl')
    await writeFile(file, stdout)
    await runInside(['import', file, '--session', 'copy', '--store', folder.path])
    const copy = await runInside(['cat', 'copy', '--store', folder.path])
    expect(copy.stdout).toBe(stdout)
  })
})
