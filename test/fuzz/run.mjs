// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Fuzzes every parser of what comes from outside: ten million mutants of valid inputs, led to
// code that has not run yet by V8's own coverage, in one thread for each core. Takes some ten
// minutes on two idle cores; exits with 1 if a parser crashed, hung, or altered what all objects
// inherit from. `--help` shows the options. Inputs that were kept lie in test/fuzz/corpus.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
require('../support/register-typescript.cjs')
const { main } = require('./support/main.ts')

process.exitCode = await main(process.argv.slice(2))
