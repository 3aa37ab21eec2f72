// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate that is its own authority, for a server or a client at 127.0.0.1. */
export interface TestCertificate extends Disposable {
  readonly keyPath: string
  readonly certPath: string
  readonly key: Buffer
  readonly cert: Buffer
}

/** Node has no way to make certificates, openssl has; undefined where it is missing. */
export function makeCertificate(): TestCertificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'otel-tape-tls-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const keyPath = join(folder, 'key.pem')
  const certPath = join(folder, 'cert.pem')
  const request =
    'req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 ' +
    '-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1'
  try {
    execFileSync('openssl', [...request.split(' '), '-keyout', keyPath, '-out', certPath], {
      stdio: 'ignore',
    })
  } catch {
    remove()
    return undefined
  }
  return {
    keyPath,
    certPath,
    key: readFileSync(keyPath),
    cert: readFileSync(certPath),
    [Symbol.dispose]: remove,
  }
}
