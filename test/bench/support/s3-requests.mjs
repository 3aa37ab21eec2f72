// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHmac } from 'node:crypto'

/** How many S3 requests a MinIO has answered since it started, by its own count. */
export async function countS3Requests({ endpoint, accessKey, secretKey }) {
  // The older metrics are up to ten seconds old.
  const answer = await fetch(`${endpoint}/minio/metrics/v3/api/requests`, {
    headers: { authorization: `Bearer ${metricsToken(accessKey, secretKey)}` },
  })
  if (!answer.ok) throw new Error(`MinIO's metrics answer ${answer.status}`)
  const metrics = await answer.text()
  return [...metrics.matchAll(/^minio_api_requests_total\{.*\} (\S+)$/gm)].reduce(
    (requests, [, count]) => requests + Number(count),
    0,
  )
}

/** As MinIO's metrics want it: a JSON web token, signed with the secret key. */
function metricsToken(accessKey, secretKey) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const expiresAtSeconds = Math.floor(Date.now() / 1000) + 3600
  const claims = { iss: 'prometheus', sub: accessKey, exp: expiresAtSeconds }
  const content = `${encode({ alg: 'HS512', typ: 'JWT' })}.${encode(claims)}`
  return `${content}.${createHmac('sha512', secretKey).update(content).digest('base64url')}`
}
