// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MinioStore } from '../../src/storage/minio-store'
import { startInProcessS3 } from '../support/s3/in-process-s3'
import { describeStore } from '../support/store-conformance'

describeStore('MinioStore on the in-process server', async () => {
  const s3 = await startInProcessS3()
  const { endpoint, accessKey, secretKey } = s3
  const place = { bucket: 'test-bucket', prefix: 'some/prefix' }
  const open = () => new MinioStore({ endpoint, accessKey, secretKey, ...place })
  return { store: open(), other: open(), remove: () => s3.close() }
})
