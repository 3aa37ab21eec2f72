// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Tells what an ECMAScript module can import from the built package by name.
import * as tape from '../../../dist/index.mjs'

process.send(Object.keys(tape).sort())
process.disconnect()
