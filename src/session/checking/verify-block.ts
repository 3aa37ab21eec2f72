// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../../otlp/malformed-otlp-error'
import { sniffSignal } from '../../otlp/sniff-signal'
import { type RequestSummary, summarizeRequest } from '../../otlp/summarize-request'
import { type BlockHeader, GZIP_START, MAX_SERVICE_NAME_BYTES } from '../block-header'
import { MAX_SERVICE_NAMES } from '../block'
import { type FoundBlock, endsAsItSays } from '../reading/block-walker'
import type { CountedBatch } from '../counted-batch'

/** What lies in a block, and what its header and the gzip around it say otherwise. */
export interface BlockContent {
  readonly batches: readonly CountedBatch[]
  /** What does not agree, a phrase each. Empty if all is well. */
  readonly disagreements: readonly string[]
  /** Why batches are no OTLP, a phrase each, and how many items the header gives them. */
  readonly malformed: readonly string[]
  readonly malformedItems: number
}

/**
 * Reads a block and compares it with all that is said of it. Rejects as `bodies` does
 * when it can't be read: wrong checksum, wrong length, not deflate.
 */
export async function verifyBlock(block: FoundBlock): Promise<BlockContent> {
  const { header } = block
  const bodies = await block.bodies()
  const member = await block.member()
  const batches: CountedBatch[] = []
  const disagreements = [...envelopeDisagreements(member, header)]
  const malformed: string[] = []
  let malformedItems = 0
  for (const [index, { itemCount, capturedAtUnixNano }] of header.batches.entries()) {
    const body = bodies[index]
    const summary = summaryOf(body, header)
    if (summary instanceof MalformedOtlpError) {
      malformed.push(`batch ${index + 1} is no OTLP: ${summary.message}`)
      malformedItems += itemCount
      continue
    }
    if (summary.itemCount !== itemCount) {
      disagreements.push(`batch ${index + 1} has ${summary.itemCount} items, not ${itemCount}`)
    }
    batches.push({ signal: header.signal, body, capturedAtUnixNano, summary })
  }
  if (malformed.length === 0) disagreements.push(...contentDisagreements(batches, header))
  return { batches, disagreements, malformed, malformedItems }
}

function summaryOf(body: Buffer, { signal }: BlockHeader): RequestSummary | MalformedOtlpError {
  try {
    const actual = sniffSignal(body) ?? signal
    if (actual !== signal) return new MalformedOtlpError(`it holds ${actual}, not ${signal}`)
    return summarizeRequest(body, signal)
  } catch (error) {
    if (error instanceof MalformedOtlpError) return error
    throw error
  }
}

/** What a reader passes over: of a block of ours, these bytes are always the same. */
function* envelopeDisagreements(member: Buffer, header: BlockHeader): Generator<string> {
  if (member.compare(GZIP_START, 0, GZIP_START.length, 0, GZIP_START.length) !== 0) {
    const start = member.toString('hex', 0, GZIP_START.length)
    yield `it begins with ${start}, not with ${GZIP_START.toString('hex')}`
  }
  if (!endsAsItSays(member, header)) yield "gzip's length is not that of the content"
}

function* contentDisagreements(
  batches: readonly CountedBatch[],
  header: BlockHeader,
): Generator<string> {
  const sum = header.batches.reduce((items, { itemCount }) => items + itemCount, 0)
  if (header.itemCount !== sum) {
    yield `the header counts ${header.itemCount} items, and ${sum} by batch`
  }
  const summaries = batches.map(({ summary }) => summary)
  const first = earliest(summaries.flatMap((summary) => summary.firstItemTimeUnixNano ?? []))
  const last = latest(summaries.flatMap((summary) => summary.lastItemTimeUnixNano ?? []))
  if (header.firstItemTimeUnixNano !== first) {
    yield `its first item is of ${first}, not of ${header.firstItemTimeUnixNano}`
  }
  if (header.lastItemTimeUnixNano !== last) {
    yield `its last item is of ${last}, not of ${header.lastItemTimeUnixNano}`
  }
  if (!hasServiceNames(header, new Set(summaries.flatMap(({ serviceNames }) => serviceNames)))) {
    yield 'the header lists other services than are in it'
  }
}

/** Whether the header lists these services, or none where they are too many to be listed. */
function hasServiceNames({ serviceNames }: BlockHeader, found: ReadonlySet<string>): boolean {
  if (serviceNames) {
    return serviceNames.length === found.size && serviceNames.every((name) => found.has(name))
  }
  const bytes = [...found].reduce((sum, name) => sum + Buffer.byteLength(name), 0)
  return found.size > MAX_SERVICE_NAMES || bytes > MAX_SERVICE_NAME_BYTES
}

function earliest(times: readonly bigint[]): bigint | undefined {
  return times.length === 0 ? undefined : times.reduce((a, b) => (b < a ? b : a))
}

function latest(times: readonly bigint[]): bigint | undefined {
  return times.length === 0 ? undefined : times.reduce((a, b) => (b > a ? b : a))
}
