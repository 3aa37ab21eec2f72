// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Command } from 'commander'
import { checkStore } from './check-store'
import { completeSessions } from './complete-sessions'
import { listSessions } from './list-sessions'
import {
  type GlobalOptions,
  type LayoutChoice,
  collectSessionNames,
  layoutOption,
  parseDurationMillis,
  parseSessionName,
} from './option-parsers'
import { type RemoveOptions, removeSessions } from './remove-sessions'
import { showSession } from './show-session'
import type { Terminal } from './terminal'
import { withStore } from './with-store'

const EXAMPLES = `
Examples:
  otel-tape sessions
  otel-tape sessions --json | jq -r 'select(.status == "failed") | .sessionId'
  otel-tape sessions show debug-payment
  otel-tape sessions show team-a/p --layout awss3 --store s3://otel
  otel-tape sessions complete debug-payment
  otel-tape sessions repair debug-payment
  otel-tape sessions remove debug-payment --yes
  otel-tape sessions remove --older-than 30d --yes
  otel-tape sessions check --store s3://otel-tape`

export function addSessionsCommand(program: Command, terminal: Terminal): void {
  const sessions = program
    .command('sessions')
    .description('list, show, remove, complete and repair sessions')
    .addHelpText('after', EXAMPLES)
  sessions
    .command('list', { isDefault: true })
    .description('every session of the store, by id')
    .addOption(layoutOption())
    // As the default it gets what is no command either.
    .allowExcessArguments()
    .action(async (_options: object, command: Command) => {
      if (command.args.length > 0) sessions.error(`error: unknown command '${command.args[0]}'`)
      const options = command.optsWithGlobals<GlobalOptions & LayoutChoice>()
      await withStore(options.store, (store) => listSessions(store, terminal, options))
    })
  sessions
    .command('show')
    .description('what a session holds: counts, sizes, services, time range')
    .argument('<session>', 'its id, or a prefix with --layout awss3', parseSessionName)
    .addOption(layoutOption())
    .action(async (sessionId: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & LayoutChoice>()
      await withStore(options.store, (store) => showSession(store, sessionId, terminal, options))
    })
  sessions
    .command('remove')
    .description('remove sessions and all that is in them')
    .argument('[sessions...]', 'their ids', collectSessionNames)
    .option('--older-than <age>', 'all that ended longer ago than that: 30d', parseDurationMillis)
    .option('-y, --yes', 'do not ask')
    .action(async (sessionIds: string[], _options: object, command: Command) => {
      const { store: url, ...options } = command.optsWithGlobals<GlobalOptions & RemoveOptions>()
      await withStore(url, (store) => removeSessions(store, sessionIds, terminal, options))
    })
  sessions
    .command('complete')
    .description('complete sessions whose writers died, counting anew what they hold')
    .argument('<sessions...>', 'their ids', collectSessionNames)
    .action(async (sessionIds: string[], _options: object, command: Command) => {
      const { store: url, json } = command.optsWithGlobals<GlobalOptions>()
      await withStore(url, (store) => completeSessions(store, sessionIds, terminal, { json }))
    })
  sessions
    .command('repair')
    .description('complete sessions and count them anew, whatever their metadata says')
    .argument('<sessions...>', 'their ids', collectSessionNames)
    .action(async (sessionIds: string[], _options: object, command: Command) => {
      const { store: url, json } = command.optsWithGlobals<GlobalOptions>()
      await withStore(url, (store) =>
        completeSessions(store, sessionIds, terminal, { json, anew: true }),
      )
    })
  sessions
    .command('check')
    .description('whether the store can be reached and used')
    .action(async (_options: object, command: Command) => {
      const { store: url, json } = command.optsWithGlobals<GlobalOptions>()
      await withStore(url, (store) => checkStore(store, terminal, { json }))
    })
}
