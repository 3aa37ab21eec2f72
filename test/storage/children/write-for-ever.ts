// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Replaces one object and adds others until it is killed.
import { FileStore } from '../../../src/storage/file-store'

const [root] = process.argv.slice(2)
const store = new FileStore(root)

async function main(): Promise<void> {
  for (let i = 1; ; i++) {
    await store.put('replaced', Buffer.alloc(500_000 + (i % 100), i % 100))
    await store.put(`added/${i}`, Buffer.alloc(100_000, i), { ifAbsent: true })
    process.send?.(i)
  }
}

void main()
