// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { addAnalyzeCommand } from './analyze-command'
import { addCatCommand } from './cat-command'
import { addDemoCommand } from './demo-command'
import { addImportCommand } from './import-command'
import { addQueryCommand } from './query-command'
import { addRecordCommand } from './record-command'
import { addRecoverCommand } from './recover-command'
import { addReplayCommand } from './replay-command'
import { addSearchCommand } from './search-command'
import { addSessionsCommand } from './sessions-command'
import type { Terminal } from './terminal'
import { addVerifyCommand } from './verify-command'

const EXAMPLES = `
Examples:
  otel-tape demo
  otel-tape record -- node app.js
  otel-tape sessions
  otel-tape sessions show debug-payment
  otel-tape verify debug-payment
  otel-tape replay debug-payment --to http://localhost:4318 --speed 10
  otel-tape cat debug-payment --signal traces | head -1
  otel-tape analyze debug-payment --baseline healthy-run
  otel-tape query debug-payment "SELECT service_name, count(*) FROM spans GROUP BY 1"
  otel-tape search debug-payment "slow checkout"
  otel-tape import ./captures --session old-captures --store s3://otel-tape

The store comes from --store, else from OTEL_TAPE_STORE; else it is MinIO, if
MINIO_ENDPOINT is set, else the folder .otel-tape. Of MinIO, endpoint and
credentials come from MINIO_ENDPOINT, MINIO_ACCESS_KEY and MINIO_SECRET_KEY.

Exit codes: 0 all of it worked, 1 something did not (stderr says what), 2 wrong
usage, 130 ended by Ctrl-C, 143 by SIGTERM.`

/** The command line, as it is parsed. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('otel-tape')
    .description('Record OpenTelemetry, keep it as sessions, and play it back into any backend.')
    .version(packageVersion(), '--version', 'print the version')
    .option('--store <url>', 'file:./folder, a bare path, or s3://bucket/prefix')
    .option('--json', 'print data for machines: one JSON object a line')
    .addHelpText('after', EXAMPLES)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void terminal.print(text.trimEnd()),
      writeErr: (text) =>
        text
          .trimEnd()
          .split('\n')
          .forEach((line) => terminal.note(line)),
      outputError: (message, write) => write(usageLine(message)),
    })
    .exitOverride()
  addSessionsCommand(program, terminal)
  addVerifyCommand(program, terminal)
  addReplayCommand(program, terminal)
  addRecordCommand(program, terminal)
  addRecoverCommand(program, terminal)
  addCatCommand(program, terminal)
  addAnalyzeCommand(program, terminal)
  addImportCommand(program, terminal)
  addQueryCommand(program, terminal)
  addSearchCommand(program, terminal)
  addDemoCommand(program, terminal)
  return program
}

function usageLine(message: string): string {
  const problem = message
    .replace(/^error: /, '')
    // What follows a mistyped --header= may be a key.
    .replace(/(unknown option '[^'=]+=).*'/s, "$1…'")
    .replace(/\s+/g, ' ')
    .trim()
  return `otel-tape: ${problem} (--help shows how it is called)`
}

function packageVersion(): string {
  const manifest = readFileSync(join(__dirname, '../../package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
