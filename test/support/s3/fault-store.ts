// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MinioStore } from '../../../src/storage/minio-store'
import type { MinioStoreOptions } from '../../../src/storage/minio-store-options'
import {
  type InProcessS3,
  type S3Fault,
  type S3RequestSeen,
  startInProcessS3,
} from './in-process-s3'

/** A store on a server that fails when it is told to. Its bucket is there. */
export interface FaultStore {
  readonly s3: InProcessS3
  readonly store: MinioStore
  /** Another store, with other options. `stop` closes it. */
  open(options: Partial<MinioStoreOptions>): MinioStore
  /** What goes wrong with the next requests that match, one fault each. */
  failNext(matches: (request: S3RequestSeen) => boolean, ...faults: S3Fault[]): void
  stop(): Promise<void>
}

export async function startFaultStore(
  options: Partial<MinioStoreOptions> = {},
): Promise<FaultStore> {
  const s3 = await startInProcessS3()
  s3.buckets.set('bucket', new Map())
  const stores: MinioStore[] = []
  const open = (more: Partial<MinioStoreOptions>) => {
    const { endpoint, accessKey, secretKey } = s3
    const fast = { initialDelayMillis: 1, attemptTimeoutMillis: 250, timeoutMillis: 5000 }
    const store = new MinioStore({
      ...{ endpoint, accessKey, secretKey, bucket: 'bucket', ...fast },
      ...options,
      ...more,
    })
    stores.push(store)
    return store
  }
  return {
    s3,
    store: open({}),
    open,
    failNext: (matches, ...faults) => {
      s3.faultFor = (request) => (matches(request) ? faults.shift() : undefined)
    },
    stop: async () => {
      await Promise.all(stores.map((store) => store.close()))
      await s3.close()
    },
  }
}
