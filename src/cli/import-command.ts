// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Command } from 'commander'
import { generateSessionId } from '../session/session-id'
import { importFiles } from './import-files'
import { type GlobalOptions, parseSessionId, signalOption } from './option-parsers'
import type { Signal } from '../otlp/signal'
import type { Terminal } from './terminal'
import { withStore } from './with-store'

const EXAMPLES = `
Examples:
  otel-tape import ./captures --session old-captures
  otel-tape import traces.jsonl logs.jsonl.gz --session incident-42 --store s3://otel-tape
  otel-tape import spans.bin --session incident-42 --signal traces

Reads OTLP as protobuf, JSON or JSON lines, plain or in gzip or zstd: what the
Collector's file and awss3 exporters write, 'otel-tape cat', and segments of
sessions. Segments keep the time at which each batch arrived. Other files don't
know it: their requests arrive when their last span ended, or their last data
point or log record was made. A time that the file's path says (year=…/month=…/
day=…/hour=…) counts instead, unless the item is from the day after it. Requests
without any time arrive then, or when the file was last changed.`

interface ImportCommandOptions extends GlobalOptions {
  session?: string
  signal?: Signal
}

export function addImportCommand(program: Command, terminal: Terminal): void {
  program
    .command('import')
    .description('bring files of other tools, or of other stores, into a session')
    .argument('<paths...>', 'files, and folders with all that is in them')
    .option('--session <id>', 'the session (default: a new one)', parseSessionId)
    .addOption(signalOption('what the files hold; protobuf does not always say it'))
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], _options: object, command: Command) => {
      const options = command.optsWithGlobals<ImportCommandOptions>()
      const { store: url, json, signal: expectedSignal, session } = options
      const sessionId = session ?? generateSessionId()
      await withStore(url, (store) =>
        importFiles(store, paths, terminal, { sessionId, expectedSignal, json }),
      )
    })
}
