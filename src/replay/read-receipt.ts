// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createReadStream } from 'node:fs'
import { type ReceiptHeader, parseHeader } from './receipt-header'
import { parseReceiptLine } from './receipt-line'
import { ReceiptProgress } from './receipt-progress'
import { ReplayError } from './replay-error'
import type { TraceOffsets } from './trace-offsets'

export interface KeptReceipt {
  readonly header: ReceiptHeader
  readonly progress: ReceiptProgress
  /** Where the last whole line ends. What a kill or a crash left behind it is to be cut off. */
  readonly endBytes: number
}

/** More than any line that is written; a file without line ends is not held in memory whole. */
const MAX_LINE_BYTES = 1024 * 1024
const LINE_FEED = 0x0a

/**
 * Reads a receipt. Its last line may be torn; any other that makes no sense is damage, and nothing
 * is sent by a receipt that may have lost what was sent already.
 *
 * @throws ReplayError of reason `ReceiptUnusable`
 */
export async function readReceipt(path: string, traceOffsets: TraceOffsets): Promise<KeptReceipt> {
  const progress = new ReceiptProgress(traceOffsets)
  let header: ReceiptHeader | undefined
  let endBytes = 0
  let number = 0
  for await (const line of wholeLines(path)) {
    number++
    endBytes += line.length + 1
    const text = line.toString('utf8')
    if (header === undefined) {
      const parsed = parseHeader(text)
      if (typeof parsed === 'string') throw unusable(path, parsed)
      header = parsed
      continue
    }
    const parsed = parseReceiptLine(text)
    if (!parsed || !progress.read(parsed)) throw unusable(path, `is damaged in line ${number}`)
  }
  if (header === undefined) throw unusable(path, 'is no receipt of a replay')
  return { header, progress, endBytes }
}

/** The lines that end, without their ends. */
async function* wholeLines(path: string): AsyncGenerator<Buffer, void, undefined> {
  let held: Buffer = Buffer.alloc(0)
  try {
    // A byte stream gives nothing but buffers.
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let start = 0
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        const rest = chunk.subarray(start, end)
        yield held.length === 0 ? rest : Buffer.concat([held, rest])
        held = Buffer.alloc(0)
        start = end + 1
      }
      held = Buffer.concat([held, chunk.subarray(start)])
      if (held.length > MAX_LINE_BYTES) {
        throw unusable(path, `has a line of more than ${MAX_LINE_BYTES} bytes`)
      }
    }
  } catch (error) {
    if (error instanceof ReplayError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const problem = code === 'ENOENT' ? 'is not there' : `can't be read: ${message}`
    throw unusable(path, problem, error)
  }
}

function unusable(path: string, problem: string, cause?: unknown): ReplayError {
  const advice = 'replay without resuming to begin at the start'
  return new ReplayError('ReceiptUnusable', `the receipt '${path}' ${problem}; ${advice}`, {
    cause,
  })
}
