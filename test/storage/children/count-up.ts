// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Adds one to the number in an object, so often, as one of several processes.
import { FileStore } from '../../../src/storage/file-store'
import { isStorageError } from '../../../src/storage/storage-error'

const [root, key, times] = process.argv.slice(2)
const store = new FileStore(root)

async function addOne(): Promise<void> {
  for (;;) {
    const { body, etag } = await store.get(key)
    const next = Buffer.from(String(Number(Buffer.from(body).toString()) + 1))
    try {
      await store.put(key, next, { ifMatch: etag })
      return
    } catch (error) {
      if (!isStorageError(error, 'PRECONDITION_FAILED')) throw error
    }
  }
}

async function main(): Promise<void> {
  for (let i = 0; i < Number(times); i++) await addOne()
}

void main()
