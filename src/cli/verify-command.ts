// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Command } from 'commander'
import { SIGNALS } from '../otlp/signal'
import type { FoundDamage } from '../session/damage'
import { type VerifyReport, verifySession } from '../session/checking/verify-session'
import type { SessionLayout } from '../session/session-location'
import type { ObjectStore } from '../storage/object-store'
import { describeFound } from './describe-found'
import { describeCounts } from './item-counts'
import { jsonLine } from './json-line'
import {
  type GlobalOptions,
  type LayoutChoice,
  layoutOption,
  parseSessionName,
} from './option-parsers'
import { readableCount, readableSize } from './readable-figures'
import type { Terminal } from './terminal'
import { withStore } from './with-store'

const EXPLANATION = `
Examples:
  otel-tape verify debug-payment
  otel-tape verify debug-payment --json | jq 'select(.event == "damage")'

Reads everything in the session, each object once, and checks checksums, lengths,
and what headers, summaries and metadata say. Damaged pieces are named on stdout
with object, offset and items; --json gives a line for each and one for the whole.
Nothing is changed: 'otel-tape sessions repair' counts a session anew. The exit
code is 1 if anything is damaged or missing.`

export function addVerifyCommand(program: Command, terminal: Terminal): void {
  program
    .command('verify')
    .description('check that all of a session is there and can be read')
    .argument('<session>', 'its id, or a prefix with --layout awss3', parseSessionName)
    .addOption(layoutOption())
    .addHelpText('after', EXPLANATION)
    .action(async (sessionId: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & LayoutChoice>()
      await withStore(options.store, (store) => verify(store, sessionId, terminal, options))
    })
}

async function verify(
  store: ObjectStore,
  sessionId: string,
  terminal: Terminal,
  { json = false, layout }: { json?: boolean; layout?: SessionLayout },
): Promise<void> {
  const { signal } = terminal
  let printing: Promise<unknown> = Promise.resolve()
  // It is told while reading goes on: what it prints waits here, for a reader that is slow.
  const print = (line: string): void => void (printing = printing.then(() => terminal.print(line)))
  const bar = terminal.showProgress('verifying')
  try {
    const report = await verifySession(store, sessionId, {
      layout,
      signal,
      onDamage: (damage) => print(json ? damageEvent(damage) : describeFound(damage)),
      onProgress: ({ objects, bytes, totalBytes }) =>
        bar.update(bytes, Math.max(bytes, totalBytes), ` bytes, ${readableCount(objects)} objects`),
    })
    if (json) print(jsonLine({ event: 'verified', ...report }))
    else for (const line of reportLines(report)) print(line)
    if (!report.isWhole) terminal.complain(complaint(report))
  } finally {
    bar.stop()
    await printing
  }
}

function damageEvent(damage: FoundDamage): string {
  return jsonLine({ event: 'damage', ...damage })
}

function* reportLines(report: VerifyReport): Generator<string> {
  const { sessionId, status, objects, bytes, items, interruptedWriters } = report
  const countOf = (kind: 'whole' | 'unreadable' | 'missing' | 'uncounted'): string | undefined => {
    const of = { traces: items.traces[kind], metrics: items.metrics[kind], logs: items.logs[kind] }
    return SIGNALS.some((signal) => of[signal] > 0) ? describeCounts(of) : undefined
  }
  const read = `${readableCount(objects, 'object')}, ${readableSize(bytes)}`
  yield `${sessionId} is ${status}; ${read} read: ${countOf('whole') ?? 'nothing'} whole`
  const [unreadable, missing, uncounted] = [
    countOf('unreadable'),
    countOf('missing'),
    countOf('uncounted'),
  ]
  if (unreadable) yield `${unreadable} can not be read`
  if (missing) yield `${missing} are counted and were not found`
  if (uncounted) yield `${uncounted} were found that its totals do not count`
  if (interruptedWriters > 0) yield `${readableCount(interruptedWriters, 'writer')} interrupted`
}

function complaint({ sessionId, damaged }: VerifyReport): string {
  return `session '${sessionId}' is damaged: ${readableCount(damaged, 'piece')}, named above`
}
