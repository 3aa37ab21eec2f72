// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Command } from 'commander'
import { runDemo } from './demo/run-demo'
import type { GlobalOptions } from './option-parsers'
import type { Terminal } from './terminal'
import { withStore } from './with-store'

const EXPLANATION = `
Runs a small shop, an HTTP server and its customers under the OpenTelemetry SDK,
for some seconds: its exporters send to a backend inside this process, and what
they send is captured into a session of the store. The session is then replayed
at ten times its pace into a second backend, and what both have received is
compared, item by item and nanosecond by nanosecond. Nothing leaves the machine
(but for the store, if that is another one), and nothing is left running.`

export function addDemoCommand(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('capture a small app, replay the capture, and compare what arrived')
    .addHelpText('after', EXPLANATION)
    .action(async (_options: object, command: Command) => {
      const { store: url, json } = command.optsWithGlobals<GlobalOptions>()
      // Resolved here, because this file stands beside the command line's bundle, as its others do.
      const appPath = require.resolve('./demo/shop-app')
      await withStore(url, (store) => runDemo(store, terminal, { appPath, url, json }))
    })
}
