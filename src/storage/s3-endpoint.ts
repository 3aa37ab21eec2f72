// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { shownUrl } from '../options/shown-url'
import { parseUrl } from '../options/parse-url'
import { StorageError } from './storage-error'

/** Where an S3 server is reached. */
export interface S3Endpoint {
  readonly host: string
  /** `undefined`: what the scheme has by default. */
  readonly port: number | undefined
  readonly isSecure: boolean
  /** For messages. */
  readonly url: string
}

/**
 * Parses `http://localhost:9000`, `https://s3.example.com` or, as MinIO's own
 * tools take it, `localhost:9000`, which means http.
 */
export function parseEndpoint(text: string): S3Endpoint {
  const url = parse(text)
  // Checked first: no message below may repeat a text with a password in it.
  if (url?.username || url?.password || text.includes('@')) {
    throw invalid(`An endpoint must not hold credentials; give them as accessKey and secretKey.`)
  }
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    throw invalid(
      `'${shownUrl(text)}' is no endpoint; write http://localhost:9000 or https://s3.example.com.`,
    )
  }
  if (url.pathname !== '/' || url.search || url.hash) {
    throw invalid(
      `The endpoint at ${url.host} must end after the port: an S3 server has no path and no parameters.`,
    )
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return {
    host,
    port: url.port === '' ? undefined : Number(url.port),
    isSecure: url.protocol === 'https:',
    url: `${url.protocol}//${url.hostname}${url.port && `:${url.port}`}`,
  }
}

function parse(text: string): URL | undefined {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  return parseUrl(withScheme)
}

function invalid(message: string): StorageError {
  return new StorageError('INVALID_URL', message)
}
