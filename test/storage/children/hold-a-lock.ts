// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Takes a lock and keeps it until it is killed.
import { acquireFileLock } from '../../../src/storage/file-lock'

const [path] = process.argv.slice(2)

async function main(): Promise<void> {
  await acquireFileLock(path, new AbortController().signal)
  process.send?.('held')
  setInterval(() => {}, 1000)
}

void main()
