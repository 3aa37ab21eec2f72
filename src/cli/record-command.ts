// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Command, Option } from 'commander'
import type { OtlpReceiver } from '../receive/receiver'
import type { OtlpReceiverOptions } from '../receive/receiver-options'
import { collectHeaders, parseSessionId } from './option-parsers'
import { recordAccessOf } from './record-access'
import {
  type RecordOptions,
  parseAmount,
  parseCount,
  parseForwardUrl,
  parseGrpc,
  parseHttp,
  receiverOptionsOf,
} from './record-options'
import { addScreenOptions } from './record-screen'
import { recordTelemetry } from './record-telemetry'
import type { Terminal } from './terminal'
import { withStore } from './with-store'

const EXAMPLES = `
Examples:
  otel-tape record --session debug-payment
  otel-tape record -- node app.js
  otel-tape record --session ci-42 --json -- npm test
  otel-tape record --forward http://collector:4318 --header api-key=$KEY
  otel-tape record --redact-key '*.authorization' --redact-value '\\d{16}' --sample 0.1
  otel-tape record --session-by otel_tape.session.id --rotate-minutes 60
  otel-tape record --http 0.0.0.0:4318 --grpc off --store s3://otel-tape
  otel-tape record --http 0.0.0.0:4318 --tls-cert cert.pem --tls-key key.pem --bearer-token-file token

Listens for OTLP over HTTP and gRPC, and records what comes until Ctrl-C or
SIGTERM: then it stores what is left, and prints the session and the command that
replays it. SIGHUP ends the session and goes on in another one.

With a command behind '--', it listens on free ports of this machine, runs the
command with OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_PROTOCOL set to
them (a protocol that the environment names is kept), and ends when the command
ends and all is stored, with the command's exit code; 1 if that is 0, but not all
could be stored; 127 if there is no such command.

A token and a certificate may come from OTEL_TAPE_RECEIVER_TOKEN, OTEL_TAPE_TLS_CERT,
OTEL_TAPE_TLS_KEY and OTEL_TAPE_TLS_CLIENT_CA as well; a command is told of them.

With --json stdout has one event a line: listening, sessionStarted, progress,
sessionStopped, recovered, failure, stopped. A command's stdout goes to stderr
then. Counters and all that is for people go to stderr.`

/** What makes a receiver of its options; in tests another one. */
export type CreateReceiver = (options: OtlpReceiverOptions) => Promise<OtlpReceiver>

export function addRecordCommand(
  program: Command,
  terminal: Terminal,
  createReceiver: CreateReceiver = createOtlpReceiver,
): void {
  const command = program
    .command('record')
    .description('receive OTLP from anything and record it into a session')
    .argument('[command...]', 'a command whose telemetry is recorded, behind --')
  addListenOptions(command)
  addSessionOptions(command)
  addScreenOptions(command)
  command
    .addHelpText('after', EXAMPLES)
    .action(async (words: string[], _options: object, command: Command) => {
      await record(words, command.optsWithGlobals<RecordOptions>(), terminal, createReceiver)
    })
}

function addListenOptions(command: Command): void {
  command
    .option('--http <address>', "HOST:PORT or 'off' (default: 127.0.0.1:4318)", parseHttp)
    .option('--grpc <address>', "HOST:PORT or 'off' (default: 127.0.0.1:4317)", parseGrpc)
    .option('--bearer-token-file <file>', 'senders have to name a token that it holds')
    .option('--tls-cert <file>', 'speak TLS, with this certificate (PEM)')
    .option('--tls-key <file>', "the certificate's private key (PEM)")
    .option('--tls-client-ca <file>', 'senders have to show a certificate of these authorities')
    .addOption(
      new Option(
        '--ack <when>',
        'answer when it would survive a crash, or at once from memory (default: stored)',
      ).choices(['stored', 'memory']),
    )
    .option('--write-ahead <folder>', 'where requests are kept until they are in the store')
    .option('--forward <url>', 'send the same on, to http(s)://… or grpc(s)://…', parseForwardUrl)
    .option('--header <name=value...>', 'sent with what is forwarded', collectHeaders)
    .option('--max-request-bytes <bytes>', 'refuse larger requests', parseCount)
    .option('--max-queue-bytes <bytes>', 'may wait in memory to be stored', parseCount)
    .option('--flush-interval-millis <millis>', 'store what came at least every (5000)', parseCount)
    .option('--cors-origin <origins...>', "origins whose pages may send, '*' for all")
}

function addSessionOptions(command: Command): void {
  command
    .option('--session <id>', 'its id (default: generated)', parseSessionId)
    .option('--session-by <attribute>', 'a resource attribute that names the session')
    .option('--session-idle-minutes <minutes>', 'end such a session after (10)', parseAmount)
    .option('--rotate-minutes <minutes>', 'go on in another session after', parseAmount)
    .option('--rotate-mb <megabytes>', 'go on in another session after', parseAmount)
    .option('--description <text>', 'what is recorded')
    .option('--flag <names...>', 'feature flags that are on')
}

async function record(
  command: readonly string[],
  options: RecordOptions,
  terminal: Terminal,
  createReceiver: CreateReceiver,
): Promise<void> {
  const { json = false, ack, forward } = options
  await withStore(options.store, async (store) => {
    const access = recordAccessOf(options)
    const receiverOptions = receiverOptionsOf(options, store, {
      hasCommand: command.length > 0,
      access,
    })
    const receiver = await createReceiver(receiverOptions)
    const storeUrl = store.url
    try {
      const settings = { command, json, storeUrl, ack, forward, access }
      const exitCode = await recordTelemetry(receiver, terminal, settings)
      if (exitCode !== undefined) terminal.endWith(exitCode)
    } finally {
      await receiver.stop()
    }
  })
}

/** Loaded when it is used: gRPC alone would make every other command start later. */
function createOtlpReceiver(options: OtlpReceiverOptions): Promise<OtlpReceiver> {
  const receive =
    require('../receive/create-otlp-receiver') as typeof import('../receive/create-otlp-receiver')
  return receive.createOtlpReceiver(options)
}
