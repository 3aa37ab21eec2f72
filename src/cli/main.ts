#!/usr/bin/env node
// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { runCommandLine } from './run-command-line'

// In place of the arguments, which every user of this machine can list: a --header may be a key.
process.title = 'otel-tape'

// Set, not exited with: what is still to be written to a pipe gets there.
void runCommandLine(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
})
