// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Tells which heavy modules are loaded after opening a store, and after using it.
import { openStore } from '../../../src/storage/open-store'

const heavy = () => ({
  minio: Object.keys(require.cache).some((path) => /node_modules.minio\b/.test(path)),
  core: Object.keys(require.cache).some((path) => /@opentelemetry.core\b/.test(path)),
  http: (process as unknown as { moduleLoadList: string[] }).moduleLoadList.includes(
    'NativeModule http',
  ),
})

async function main(): Promise<void> {
  // The waits between attempts don't keep the process alive.
  const alive = setInterval(() => {}, 1000)
  const store = openStore('s3://bucket', {
    MINIO_ENDPOINT: 'http://127.0.0.1:9',
    MINIO_ACCESS_KEY: 'key',
    MINIO_SECRET_KEY: 'secret',
  })
  openStore('memory:')
  openStore('file:./nowhere')
  const opened = heavy()
  await store.check().catch(() => {})
  process.send?.({ opened, used: heavy() })
  await store.close()
  clearInterval(alive)
}

void main()
