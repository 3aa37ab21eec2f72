// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { textFrom } from '../options/environment'
import {
  type RecoverOptions,
  type RecoveredSegments,
  type WriteAheadFolder,
  defaultWriteAheadFolder,
  finishRecovered,
  openWriteAheadFolder,
} from '../session/on-disk/write-ahead-folder'
import type { ObjectStore } from '../storage/object-store'
import { jsonLine } from './json-line'
import type { GlobalOptions } from './option-parsers'
import { failureText, recordEvents, recoveredLine } from './record-events'
import type { Terminal } from './terminal'
import { withStore } from './with-store'

const EXPLANATION = `
Stores what a receiver had acknowledged when it was killed, and what an app that
captures could not store before it ended, and completes their sessions; 'otel-tape
record', and the next capture with the same spool folder, do so when they start.
What a living process keeps in a folder is left to it.

The folders are those of --write-ahead and --spool. With neither, they come from
OTEL_TAPE_WRITE_AHEAD_FOLDER, else .otel-tape/write-ahead, and from
OTEL_TAPE_SPOOL_FOLDER if that is set. With --json stdout has a line for each
session, and one for each problem.`

/** Within this time it shows whether a writer of another machine lives; a little more than it promises. */
const UNDECIDED_MILLIS = 35_000

interface RecoverCommandOptions extends GlobalOptions {
  writeAhead?: string
  spool?: string
}

export function addRecoverCommand(program: Command, terminal: Terminal): void {
  program
    .command('recover')
    .description('store what a killed receiver or a capture without a store left on disk')
    .option('--write-ahead <folder>', 'where it kept requests until they were in the store')
    .option('--spool <folder>', 'where an app put what its store did not take')
    .addHelpText('after', EXPLANATION)
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<RecoverCommandOptions>()
      await withStore(options.store, async (store) => {
        for (const folder of foldersOf(options)) await recover(store, folder, terminal, options)
      })
    })
}

function foldersOf({ writeAhead, spool }: RecoverCommandOptions): string[] {
  const given = [writeAhead, spool].filter((folder) => folder !== undefined)
  if (given.length > 0) return given
  const spooled = textFrom('OTEL_TAPE_SPOOL_FOLDER')
  return [defaultWriteAheadFolder(), ...(spooled === undefined ? [] : [spooled])]
}

async function recover(
  store: ObjectStore,
  path: string,
  terminal: Terminal,
  { json = false }: { json?: boolean },
): Promise<void> {
  const { signal } = terminal
  let printing: Promise<unknown> = Promise.resolve()
  let found = 0
  const print = (line: string): void => void (printing = printing.then(() => terminal.print(line)))
  const options: RecoverOptions = {
    signal,
    onRecovered(recovered) {
      found++
      print(lineFor(recovered, path, json))
    },
    onProblem(problem) {
      terminal.complain(failureText(problem))
      if (json) print(recordEvents.failure(problem))
    },
  }
  try {
    const left = await recoverAll(openWriteAheadFolder(path), store, options, terminal)
    if (left > 0) terminal.note(`left to living processes of other machines: ${left}`)
    else if (found === 0) terminal.note(`nothing to recover in ${path}`)
  } finally {
    await printing
  }
}

/** Resolves with how many writers of other machines turned out to live. */
async function recoverAll(
  folder: WriteAheadFolder,
  store: ObjectStore,
  options: RecoverOptions,
  terminal: Terminal,
): Promise<number> {
  const { signal } = terminal
  const look = async (): Promise<number> => {
    const { sessionIds, undecided } = await folder.recover(store, options)
    await finishRecovered(store, sessionIds, { signal })
    return undecided
  }
  const undecided = await look()
  if (undecided === 0) return 0
  const seconds = UNDECIDED_MILLIS / 1_000
  terminal.note(`waiting ${seconds} s to see whether ${undecided} of other machines live`)
  await sleep(UNDECIDED_MILLIS, undefined, { signal })
  // Whoever is not known to be dead by now lives.
  return look()
}

function lineFor(recovered: RecoveredSegments, folder: string, json: boolean): string {
  return json ? jsonLine({ event: 'recovered', ...recovered }) : recoveredLine(recovered, folder)
}
