// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'

/** Lets a test's worker threads run the sources as they are: call it before the first one starts. */
export function runSourcesInWorkers(): void {
  process.env.NODE_OPTIONS = `--require ${join(__dirname, 'register-typescript.cjs')}`
}
