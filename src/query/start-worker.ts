// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** The modules that run on a thread of their own, by their path in this room. */
export type WorkerModule = 'sql/build-worker' | 'search/vectors/vector-worker'

/**
 * Starts a module of this room on a thread of its own.
 *
 * The path has to hold from here and from where the bundler puts this code, which is a folder
 * beside this room: so this file stays directly in it.
 */
export function startWorker(module: WorkerModule, options: WorkerOptions = {}): Worker {
  const path = join(__dirname, '../query', module)
  // Given, so that NODE_OPTIONS of an app (or a test) that were set while it ran hold there too.
  return new Worker(path, { env: { ...process.env }, ...options })
}
