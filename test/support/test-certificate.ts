// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate that is its own authority, for a server or a client at 127.0.0.1. */
export interface TestCertificate {
  readonly keyPath: string
  readonly certPath: string
  readonly key: Buffer
  readonly cert: Buffer
}

/**
 * Declares tests that need a certificate, and perhaps that of somebody else. Node has no way to
 * make them, openssl has: where it is missing, these tests are skipped.
 */
export function withCertificates(
  declareTests: (own: TestCertificate, other: TestCertificate) => void,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'otel-tape-tls-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const [own, other] = [makeCertificate(folder, 'own'), makeCertificate(folder, 'other')]
  if (own && other) {
    afterAll(remove)
    declareTests(own, other)
    return
  }
  remove()
  test.skip('openssl, which makes certificates, is not there', () => undefined)
}

function makeCertificate(folder: string, name: string): TestCertificate | undefined {
  const keyPath = join(folder, `${name}-key.pem`)
  const certPath = join(folder, `${name}-cert.pem`)
  const request =
    'req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 ' +
    '-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1'
  try {
    execFileSync('openssl', [...request.split(' '), '-keyout', keyPath, '-out', certPath], {
      stdio: 'ignore',
    })
  } catch {
    return undefined
  }
  return { keyPath, certPath, key: readFileSync(keyPath), cert: readFileSync(certPath) }
}
