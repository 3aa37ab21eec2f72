// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Tells what importing the package loads, and what asking for a capture adds to it.
import type * as Package from '../../../src/index'

const packages = (): string[] => {
  const names = Object.keys(require.cache).map(
    (path) => /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1],
  )
  return [...new Set(names.filter((name) => name !== undefined))].sort()
}

async function main(): Promise<void> {
  const before = new Set(packages())
  const added = (): string[] => packages().filter((name) => !before.has(name))
  const { startCapture, openStore } = require('../../../src/index') as typeof Package
  const imported = added()
  const capture = startCapture({ store: openStore('memory:'), sessionId: 'start' })
  await capture.ready
  process.send?.({ imported, captured: added() })
  await capture.stop()
  process.disconnect()
}

void main()
