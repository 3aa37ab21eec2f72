// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export interface Keys {
  readonly accessKey: string
  readonly secretKey: string
}

const MAX_CLOCK_SKEW_MILLIS = 15 * 60 * 1000

/**
 * Checks a request's AWS Signature Version 4, as the specification describes it,
 * and returns S3's error code if it is wrong.
 */
export function signatureFault(
  request: IncomingMessage,
  body: Buffer,
  { accessKey, secretKey }: Keys,
  nowMillis: number,
): string | undefined {
  const header = request.headers.authorization
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      header ?? '',
    )
  if (!match) return 'AccessDenied'
  const [, key, day, region, signedHeaders, signature] = match
  if (key !== accessKey) return 'InvalidAccessKeyId'

  const time = textOf(request.headers['x-amz-date'])
  if (!time.startsWith(day) || isSkewed(time, nowMillis)) return 'RequestTimeTooSkewed'
  const names = signedHeaders.split(';')
  if (!names.includes('host') || !names.includes('x-amz-date')) return 'AccessDenied'
  const payloadHash = textOf(request.headers['x-amz-content-sha256'])
  if (payloadHash !== 'UNSIGNED-PAYLOAD' && payloadHash !== sha256(body)) {
    return 'XAmzContentSHA256Mismatch'
  }

  const [path, query = ''] = (request.url ?? '').split('?')
  const canonicalRequest = [
    request.method,
    path,
    query
      .split('&')
      .filter(Boolean)
      .map((parameter) => (parameter.includes('=') ? parameter : `${parameter}=`))
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${textOf(request.headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders,
    payloadHash,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const stringToSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonicalRequest)].join('\n')
  const signingKey = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => hmac(secret, part),
    `AWS4${secretKey}`,
  )
  const expected = hmac(signingKey, stringToSign).toString('hex')
  return expected === signature ? undefined : 'SignatureDoesNotMatch'
}

function isSkewed(time: string, nowMillis: number): boolean {
  const iso = time.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5')
  return !(Math.abs(Date.parse(iso) - nowMillis) < MAX_CLOCK_SKEW_MILLIS)
}

function textOf(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(',') : (header ?? '')
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}

function hmac(key: Buffer | string, content: string): Buffer {
  return createHmac('sha256', key).update(content).digest()
}
