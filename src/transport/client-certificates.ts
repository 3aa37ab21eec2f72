// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'
import { fromEnvironment } from '../options/environment'
import type { Signal } from '../otlp/signal'

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
 *
 * @param signal whose own variables (`OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE`, …) come first
 */
export function clientCertificatesFromEnvironment(signal?: Signal): ClientCertificates | undefined {
  const fileIn = (name: string): Buffer | undefined =>
    (signal && fromEnvironment(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`, read)) ??
    fromEnvironment(`OTEL_EXPORTER_OTLP_${name}`, read)
  const ca = fileIn('CERTIFICATE')
  const key = fileIn('CLIENT_KEY')
  const cert = fileIn('CLIENT_CERTIFICATE')
  // One without the other makes every TLS library throw.
  const isPair = key !== undefined && cert !== undefined
  if (!ca && !isPair) return undefined
  return { ...(ca && { ca }), ...(isPair && { key, cert }) }
}

function read(path: string): Buffer {
  // The key itself in place of its file: a message that no such file exists would repeat it.
  if (/[\r\n]|-----BEGIN |^[A-Za-z0-9+/=_-]{64,}$/.test(path)) {
    throw new Error('it takes the path of a file, and holds something else')
  }
  const content = readFileSync(path)
  if (content.includes('-----BEGIN ')) return content
  throw new Error(`'${path}' holds no PEM`)
}
