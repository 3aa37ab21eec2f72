// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

/** The modules that run in a process of their own, by their path in this room. */
export type ProcessModule = 'search/vectors/minilm-process'

/**
 * Starts a module of this room in a process of its own, which talks over `process.send`.
 *
 * The path has to hold from here and from where the bundler puts this code, which is a folder
 * beside this room: so this file stays directly in it.
 */
export function startProcess(module: ProcessModule): ChildProcess {
  return fork(join(__dirname, '../query', module), {
    serialization: 'advanced',
    // What is on the app's command line is meant for the app: what it loads, what it debugs.
    execArgv: [],
    // Nor is it to be recorded, where NODE_OPTIONS starts that.
    env: { ...process.env, OTEL_SDK_DISABLED: 'true' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}
