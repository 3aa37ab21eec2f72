// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { RejectedBatch } from '../replay/batch-sink'
import type { Replay, ScheduledBatch } from '../replay/replay'
import { ReplayError } from '../replay/replay-error'
import type { ReplayStatus } from '../replay/replay-status'
import type { Damage } from '../session/damage'
import { jsonLine } from './json-line'
import { formatOffset, formatUnixNano } from './nano-time'
import { readableCount } from './readable-figures'
import { createReplaySummary } from './replay-summary'
import type { Terminal } from './terminal'

export interface WatchOptions {
  /** As it is named in the summary. */
  target?: string
  /** Print what happens as JSON lines, on stdout, in place of telling it on stderr. */
  json?: boolean
  /** Print a line for each batch that is sent, on stdout. */
  printSchedule?: boolean
}

/** Refusals, and damaged pieces, that are told one by one; more of them are counted. */
const TOLD_PIECES = 20

/**
 * Follows a replay to its end: progress, what was refused, what is damaged, and a
 * summary. The command fails if not all arrived. Rejects as the replay does.
 */
export async function watchReplay(
  replay: Replay,
  terminal: Terminal,
  options: WatchOptions = {},
): Promise<ReplayStatus> {
  const { json = false, printSchedule = false, target } = options
  const summary = createReplaySummary(target)
  let printing: Promise<unknown> = Promise.resolve()
  replay.on('batch', (batch) => summary.add(batch))
  if (printSchedule) replay.on('batch', (batch) => print(scheduleLine(batch, json)))
  if (json) reportAsJson(replay, print)
  else reportToPeople(replay, terminal)
  const bar = terminal.showProgress('replaying')
  replay.on('progress', (status) => {
    const { processedRecords, totalRecords, failedRecords } = status
    const failed = failedRecords > 0 ? ` items, ${readableCount(failedRecords)} failed` : ' items'
    const waits = status.waiting ? ', waiting for the target' : ''
    bar.update(processedRecords, totalRecords, failed + waits)
  })
  const { status, error } = await outcomeOf(replay)
  bar.stop()
  if (status && json) print(jsonLine({ event: 'finished', ...status }))
  await printing
  if (status && !json) for (const line of summary.lines(status)) terminal.note(line)
  if (error !== undefined) throw error
  if (status.status === 'completed' && status.failedRecords + status.damaged > 0) {
    terminal.complain('not all of it arrived')
  }
  return status

  // Events don't wait: what they print waits here, for a reader that is slow.
  function print(line: string): void {
    printing = printing.then(() => terminal.print(line))
  }
}

type Outcome =
  | { readonly status: ReplayStatus; readonly error?: undefined }
  | { readonly status: ReplayStatus | undefined; readonly error: Error }

async function outcomeOf({ finished }: Replay): Promise<Outcome> {
  try {
    return { status: await finished }
  } catch (error) {
    return {
      status: error instanceof ReplayError ? error.status : undefined,
      error: error as Error,
    }
  }
}

function reportAsJson(replay: Replay, print: (line: string) => void): void {
  replay.on('progress', (status) => print(jsonLine({ event: 'progress', ...status })))
  replay.on('rejected', (rejected) => print(jsonLine({ event: 'rejected', ...rejected })))
  replay.on('damage', (damage) => print(jsonLine({ event: 'damage', ...damage })))
}

function reportToPeople(replay: Replay, terminal: Terminal): void {
  const tellWaiting = outages(terminal)
  const tellRejected = firstFew(terminal, 'refusals')
  const tellDamage = firstFew(terminal, 'damaged pieces')
  replay.on('rejected', (rejected) => tellRejected(describeRejected(rejected)))
  replay.on('damage', (damage) => tellDamage(describeDamage(damage)))
  replay.on('progress', tellWaiting)
}

/** A target that does not answer for a moment is nothing to tell; one that is down is, once. */
const TOLD_WAIT_MILLIS = 5_000

function outages(terminal: Terminal): (status: ReplayStatus) => void {
  let toldSince: string | undefined
  return ({ waiting, status }) => {
    if (toldSince !== undefined && !waiting && status !== 'failed' && status !== 'cancelled') {
      terminal.note('the target answers again')
    }
    if (toldSince !== undefined && !waiting) toldSince = undefined
    if (!waiting || waiting.since === toldSince) return
    if (Date.now() - Date.parse(waiting.since) < TOLD_WAIT_MILLIS) return
    toldSince = waiting.since
    terminal.note(`waiting for the target since ${waiting.since}: ${waiting.message}`)
  }
}

function firstFew(terminal: Terminal, what: string): (line: string) => void {
  let told = 0
  return (line) => {
    told++
    if (told <= TOLD_PIECES) terminal.note(line)
    if (told === TOLD_PIECES) terminal.note(`further ${what} are counted; --json names them all`)
  }
}

function describeRejected({ signal, itemCount, key, message }: RejectedBatch): string {
  const where = key === undefined ? '' : ` of ${key}`
  return `refused: ${readableCount(itemCount, 'item')} of ${signal}${where}: ${message}`
}

export function describeDamage({ key, offsetBytes, reason, message, itemCount }: Damage): string {
  const lost = itemCount === undefined ? '' : `, ${readableCount(itemCount, 'item')} lost`
  return `damaged: ${key} at byte ${offsetBytes} (${reason})${lost}: ${message}`
}

function scheduleLine(batch: ScheduledBatch, json: boolean): string {
  if (json) return jsonLine({ event: 'batch', ...batch })
  const { sequenceNumber, signal, itemCount, offsetNanos } = batch
  return [
    String(sequenceNumber).padStart(6),
    signal.padEnd(7),
    formatUnixNano(batch.originalTimeUnixNano),
    formatUnixNano(batch.replayTimeUnixNano),
    offsetNanos === undefined ? 'unmoved' : formatOffset(offsetNanos),
    readableCount(itemCount, 'item'),
  ].join('  ')
}
