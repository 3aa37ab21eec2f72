// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { addAbortSignal } from 'node:stream'
import type { Command } from 'commander'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { OtlpBatch } from '../otlp/otlp-batch'
import { requestToJson } from '../otlp/protobuf-to-json'
import type { Signal } from '../otlp/signal'
import { replayDataStream } from '../replay/replay-data-stream'
import {
  type GlobalOptions,
  type TimeRange,
  type LayoutChoice,
  fromOption,
  layoutOption,
  parseSessionName,
  rangeOf,
  signalOption,
  untilOption,
} from './option-parsers'
import { describeError } from './describe-error'
import { formatUnixNano } from './nano-time'
import type { Terminal } from './terminal'
import { describeDamage } from './watch-replay'
import { withStore } from './with-store'

const EXAMPLES = `
Examples:
  otel-tape cat debug-payment --signal traces | head -1 | jq .
  otel-tape cat debug-payment --service payment --from 2026-11-20T13:00:00Z
  otel-tape cat debug-payment > debug-payment.jsonl

Each line is one OTLP/JSON request, in the order of arrival, as the Collector's
file exporter writes them; 'otel-tape import' reads them back.`

interface CatOptions extends GlobalOptions, TimeRange, LayoutChoice {
  signal?: Signal
  service?: string[]
}

export function addCatCommand(program: Command, terminal: Terminal): void {
  program
    .command('cat')
    .description('print what a session holds as OTLP/JSON, one request a line')
    .argument('<session>', 'its id, or a prefix with --layout awss3', parseSessionName)
    .addOption(layoutOption())
    .addOption(signalOption('only this signal'))
    .option('--service <names...>', 'only what these services sent')
    .addOption(fromOption())
    .addOption(untilOption())
    .addHelpText('after', EXAMPLES)
    .action(async (sessionId: string, _options: object, command: Command) => {
      await printSession(sessionId, command.optsWithGlobals<CatOptions>(), terminal)
    })
}

async function printSession(
  sessionId: string,
  options: CatOptions,
  terminal: Terminal,
): Promise<void> {
  const { layout, signal, service: filterServices } = options
  const range = rangeOf(options)
  await withStore(options.store, async (store) => {
    const batches = replayDataStream({
      store,
      sessionId,
      layout,
      signal,
      filterServices,
      ...range,
      onDamage: (damage) => terminal.complain(describeDamage(damage)),
    })
    addAbortSignal(terminal.signal, batches)
    // The stream is documented to give batches.
    for await (const batch of batches as AsyncIterable<OtlpBatch>) {
      const line = lineOf(batch, terminal)
      // Without a reader, as behind `| head`, leaving the loop ends the stream.
      if (line !== undefined && !(await terminal.print(line))) return
    }
  })
}

function lineOf(batch: OtlpBatch, terminal: Terminal): string | undefined {
  const { body, signal, capturedAtUnixNano } = batch
  try {
    return JSON.stringify(requestToJson(body, signal))
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error
    const which = `a request of ${signal} that arrived at ${formatUnixNano(capturedAtUnixNano)}`
    terminal.complain(`${which} is left out: ${describeError(error).line}`)
    return undefined
  }
}
