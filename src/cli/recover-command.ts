// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import {
  type RecoverOptions,
  type RecoveredSegments,
  type WriteAheadFolder,
  defaultWriteAheadFolder,
  finishRecovered,
  openWriteAheadFolder,
} from '../session/write-ahead-folder'
import type { ObjectStore } from '../storage/object-store'
import { jsonLine } from './json-line'
import type { GlobalOptions } from './option-parsers'
import { failureText, recordEvents, recoveredLine } from './record-events'
import type { Terminal } from './terminal'
import { withStore } from './with-store'

const EXPLANATION = `
Stores what a receiver had acknowledged when it was killed, and completes its
sessions, without starting another one; 'otel-tape record' does the same when it
starts. What a living receiver keeps in the folder is left to it.

The folder comes from --write-ahead, else from OTEL_TAPE_WRITE_AHEAD_FOLDER, else
it is .otel-tape/write-ahead. With --json stdout has a line for each session, and
one for each problem.`

/** Within this time it shows whether a writer of another machine lives; a little more than it promises. */
const UNDECIDED_MILLIS = 35_000

interface RecoverCommandOptions extends GlobalOptions {
  writeAhead?: string
}

export function addRecoverCommand(program: Command, terminal: Terminal): void {
  program
    .command('recover')
    .description('store what a receiver that was killed had acknowledged')
    .option('--write-ahead <folder>', 'where it kept requests until they were in the store')
    .addHelpText('after', EXPLANATION)
    .action(async (_options: object, command: Command) => {
      const { store: url, writeAhead, json } = command.optsWithGlobals<RecoverCommandOptions>()
      const folder = writeAhead ?? defaultWriteAheadFolder()
      await withStore(url, (store) => recover(store, folder, terminal, { json }))
    })
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
      print(lineFor(recovered, json))
    },
    onProblem(problem) {
      terminal.complain(failureText(problem))
      if (json) print(recordEvents.failure(problem))
    },
  }
  try {
    const left = await recoverAll(openWriteAheadFolder(path), store, options, terminal)
    if (left > 0) terminal.note(`left to living receivers of other machines: ${left}`)
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

function lineFor(recovered: RecoveredSegments, json: boolean): string {
  return json ? jsonLine({ event: 'recovered', ...recovered }) : recoveredLine(recovered)
}
