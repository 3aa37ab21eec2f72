// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'
import { fromEnvironment } from '../options/environment'

/** What TLS needs beyond the system's roots, as PEM. */
export interface ClientCertificates {
  readonly ca?: Buffer
  readonly key?: Buffer
  readonly cert?: Buffer
}

/**
 * The files that OpenTelemetry's variables name: `OTEL_EXPORTER_OTLP_CERTIFICATE`, and for targets
 * that ask who their client is `…_CLIENT_KEY` with `…_CLIENT_CERTIFICATE`. Undefined if none is
 * set; one that can't be read warns and is ignored.
 */
export function clientCertificatesFromEnvironment(): ClientCertificates | undefined {
  const ca = fromEnvironment('OTEL_EXPORTER_OTLP_CERTIFICATE', read)
  const key = fromEnvironment('OTEL_EXPORTER_OTLP_CLIENT_KEY', read)
  const cert = fromEnvironment('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', read)
  // One without the other makes every TLS library throw.
  const isPair = key !== undefined && cert !== undefined
  if (!ca && !isPair) return undefined
  return { ...(ca && { ca }), ...(isPair && { key, cert }) }
}

function read(path: string): Buffer {
  const content = readFileSync(path)
  if (content.includes('-----BEGIN ')) return content
  throw new Error(`'${path}' holds no PEM`)
}
