// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Command, InvalidArgumentError, Option } from 'commander'
import { textFrom } from '../options/environment'
import { SIGNALS, type Signal } from '../otlp/signal'
import type { ReplayConfig } from '../replay/replay-config'
import { startReplayUnder } from '../replay/start-replay'
import { parseEndpoint } from '../transport/otlp-endpoint'
import {
  collectHeaders,
  fromOption,
  layoutOption,
  parseSessionName,
  rangeOf,
  type GlobalOptions,
  type LayoutChoice,
  type TimeRange,
  untilOption,
} from './option-parsers'
import type { Terminal } from './terminal'
import { UsageError } from './usage-error'
import { watchReplay } from './watch-replay'
import { withStore } from './with-store'

const EXAMPLES = `
Examples:
  otel-tape replay debug-payment --to http://localhost:4318
  otel-tape replay debug-payment --speed max --timestamps none --gzip
  otel-tape replay debug-payment --signal traces logs --service payment cart
  otel-tape replay debug-payment --from 2026-11-20T13:00:00Z --until 2026-11-20T13:05:00Z
  otel-tape replay debug-payment --to https://otlp.example.com --header api-key=$KEY
  otel-tape replay debug-payment --to grpcs://otlp.example.com:4317 --header api-key=$KEY
  otel-tape replay debug-payment --speed 10 --print-schedule
  otel-tape replay debug-payment --to http://localhost:4318 --resume
  otel-tape replay team-a/p --layout awss3 --store s3://otel --from 2026-11-20T13:00:00Z

A replay keeps account of what the target has answered in a receipt, below
.otel-tape/receipts in the current folder, or OTEL_TAPE_RECEIPT_FOLDER, or in the
file of --receipt. However it was interrupted, the same command with --resume goes
on where it stopped, and sends nothing again that has arrived.

--timestamps relative moves the whole session by one offset, current moves each
trace to when it is sent, none sends what was captured, byte for byte. Options
that take several values come behind SESSION. What the Collector's awss3 exporter
wrote is named by its prefix, or by '.' where that is the store's own. Lines go to stdout with --json and
--print-schedule; progress, refusals, damage and the summary go to stderr.`

const DEFAULT_RECEIPT_FOLDER = '.otel-tape/receipts'

interface ReplayOptions extends GlobalOptions, TimeRange, LayoutChoice {
  to?: string
  timestamps?: ReplayConfig['timestampAdjustment']
  speed?: number
  service?: string[]
  signal?: Signal[]
  concurrency?: number
  header?: Record<string, string>
  gzip?: boolean
  onError?: ReplayConfig['onError']
  rewriteIds?: boolean | string
  printSchedule?: boolean
  resume?: boolean
  /** False with `--no-receipt`. */
  receipt?: string | false
}

export function addReplayCommand(program: Command, terminal: Terminal): void {
  program
    .command('replay')
    .description('play a session into an OTLP backend')
    .argument('<session>', 'its id, or a prefix with --layout awss3', parseSessionName)
    .addOption(layoutOption())
    .option(
      '--to <url>',
      'http(s)://… or grpc(s)://… (default: OTEL_EXPORTER_OTLP_ENDPOINT, …)',
      parseUrl,
    )
    .addOption(
      new Option('--timestamps <how>', 'how times are moved (default: relative)').choices([
        'none',
        'relative',
        'current',
      ]),
    )
    .option('--speed <factor>', "2 halves the gaps, 0.5 doubles them, 'max' waits for none", speed)
    .option('--service <names...>', 'only what these services sent')
    .addOption(new Option('--signal <signals...>', 'only these signals').choices(SIGNALS))
    .addOption(fromOption())
    .addOption(untilOption())
    .option('--concurrency <requests>', 'requests under way at a time (default: 3)', wholeNumber)
    .option('--header <name=value...>', 'sent with each request', collectHeaders)
    .option('--gzip', 'compress requests')
    .addOption(
      new Option(
        '--on-error <what>',
        'what to do about refusals and damage (default: skip)',
      ).choices(['skip', 'abort']),
    )
    .option('--rewrite-ids [seed]', 'give traces and spans other ids')
    .option('--print-schedule', 'print when each batch was captured and when it is sent')
    .option('--resume', 'go on where the same replay was interrupted')
    .option('--receipt <file>', 'where account is kept of what was sent')
    .option('--no-receipt', 'keep none: the replay can not be resumed')
    .addHelpText('after', EXAMPLES)
    .action(async (sessionId: string, _options: object, command: Command) => {
      await replaySession(sessionId, command.optsWithGlobals<ReplayOptions>(), terminal)
    })
}

async function replaySession(
  sessionId: string,
  options: ReplayOptions,
  terminal: Terminal,
): Promise<void> {
  const { to, json, printSchedule } = options
  const { receipt, resume, isOptional } = receiptChoice(options)
  const selection = { ...configOf(options), receipt, resume }
  const onNoReceipt = (message: string): void =>
    terminal.note(`this replay can't be resumed when it is interrupted: ${message}`)
  await withStore(options.store, async (store) => {
    const config = { ...selection, sessionId, store, signal: terminal.signal }
    const replay = startReplayUnder({ ...(isOptional && { onNoReceipt }) }, config)
    await watchReplay(replay, terminal, { target: to, json, printSchedule })
  })
}

interface ReceiptChoice extends Pick<ReplayConfig, 'receipt' | 'resume'> {
  /** Nobody asked for it: where it can't be kept, the replay goes on without. */
  readonly isOptional: boolean
}

function receiptChoice({ receipt, resume = false }: ReplayOptions): ReceiptChoice {
  if (receipt === false) {
    if (resume) throw new UsageError('--resume goes on with a receipt: leave out --no-receipt')
    return { isOptional: true }
  }
  const folder = textFrom('OTEL_TAPE_RECEIPT_FOLDER') ?? DEFAULT_RECEIPT_FOLDER
  return {
    receipt: receipt ?? `${folder}/`,
    resume,
    isOptional: receipt === undefined && !resume,
  }
}

function configOf(options: ReplayOptions): Omit<ReplayConfig, 'sessionId'> {
  const { signal: signals } = options
  const isWanted = (signal: Signal): boolean => signals?.includes(signal) ?? true
  const { from, to } = rangeOf(options)
  return {
    layout: options.layout,
    from,
    to,
    targetEndpoint: options.to,
    timestampAdjustment: options.timestamps,
    speedMultiplier: options.speed,
    filterServices: options.service,
    replayTraces: isWanted('traces'),
    replayMetrics: isWanted('metrics'),
    replayLogs: isWanted('logs'),
    concurrency: options.concurrency,
    headers: options.header,
    compression: options.gzip ? 'gzip' : undefined,
    onError: options.onError,
    rewriteIds: options.rewriteIds,
  }
}

/** @throws TransportError of reason `InvalidConfig` that names the option as it is called here */
function parseUrl(text: string): string {
  parseEndpoint(text, '--to')
  return text
}

function speed(text: string): number {
  const factor = text === 'max' ? Infinity : Number(text)
  if (factor > 0) return factor
  throw new InvalidArgumentError("Give a number above 0, or 'max'.")
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number above 0.')
}
