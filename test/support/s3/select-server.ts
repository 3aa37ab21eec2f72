// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { startInProcessS3 } from './in-process-s3'
import { buildMinio, findMinio } from './minio-binary'
import { startMinio } from './minio-server'
import type { TestServer } from './test-server'

/**
 * The first there is of: the server that `MINIO_ENDPOINT` names; a MinIO binary;
 * one built with Go, if `mayBuild`; our own server in this process. On a build
 * machine (`CI`) our own is not enough: it would agree with our own mistakes.
 */
export async function selectServer(mayBuild: boolean): Promise<TestServer> {
  const given = givenServer()
  if (given) return given
  const binary = (await findMinio()) ?? (mayBuild ? await buildOrExplain() : undefined)
  if (binary) return startMinio(binary)
  if (isCi()) {
    throw new Error(
      'CI is set, so the tests need a real S3 server: set MINIO_ENDPOINT, or put minio or go on the PATH.',
    )
  }
  const s3 = await startInProcessS3()
  return {
    kind: 'in-process',
    description: 'the in-process server (no minio binary; with go on the PATH one is built)',
    endpoint: s3.endpoint,
    accessKey: s3.accessKey,
    secretKey: s3.secretKey,
    region: 'us-east-1',
    stop: () => s3.close(),
  }
}

function isCi(): boolean {
  return !['', '0', 'false'].includes(process.env.CI ?? '')
}

async function buildOrExplain(): Promise<string | undefined> {
  try {
    return await buildMinio()
  } catch (error) {
    process.stderr.write(`MinIO could not be built: ${(error as Error).message}\n`)
    return undefined
  }
}

function givenServer(): TestServer | undefined {
  const { MINIO_ENDPOINT, MINIO_ACCESS_KEY, MINIO_SECRET_KEY, MINIO_REGION } = process.env
  if (!MINIO_ENDPOINT) return undefined
  return {
    kind: 'given',
    description: `MINIO_ENDPOINT ${MINIO_ENDPOINT}`,
    endpoint: MINIO_ENDPOINT,
    accessKey: MINIO_ACCESS_KEY || 'minioadmin',
    secretKey: MINIO_SECRET_KEY || 'minioadmin',
    region: MINIO_REGION || 'us-east-1',
    stop: async () => {},
  }
}
