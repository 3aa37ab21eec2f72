// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { DiagLogLevel, diag } from '@opentelemetry/api'

/** Secrets that are told apart wherever they turn up. */
export const SECRETS = {
  urlUser: 'marked-url-user-5f1d',
  urlPassword: 'marked-url-password-8a42',
  query: 'marked-query-77c0',
  header: 'marked-header-e31b',
  token: 'marked-token-290d',
  secretKey: 'marked-secret-key-c4d9',
  sessionToken: 'marked-session-token-b6a5',
}

/** How a secret may stand in a text; that of a URL becomes a header in base64. */
const SHAPES: [name: string, text: string][] = [
  ...Object.entries(SECRETS),
  ...Object.entries(SECRETS).map(([name, text]): [string, string] => [
    `${name} in base64`,
    Buffer.from(text).toString('base64').slice(0, -4),
  ]),
  [
    'credentials',
    Buffer.from(`${SECRETS.urlUser}:${SECRETS.urlPassword}`).toString('base64').slice(0, -4),
  ],
]

/** The secrets that a text gives away. */
export function leaksIn(text: string): string[] {
  return SHAPES.filter(([, shape]) => text.includes(shape)).map(([name]) => name)
}

/** All that is said while a test runs. */
export interface Overheard {
  tell(what: unknown): void
  readonly text: string
  clear(): void
}

/** Hears what goes to `diag`, at every level; and what a test tells it: errors with all they hold. */
export function overhear(): Overheard {
  const heard: string[] = []
  const tell = (...words: unknown[]): void => {
    for (const word of words) {
      heard.push(typeof word === 'string' ? word : inspect(word, { depth: 20, showHidden: true }))
      for (let error = word; error instanceof Error; error = error.cause) {
        heard.push(error.message, error.stack ?? '', JSON.stringify(error))
      }
    }
  }
  diag.setLogger(
    { verbose: tell, debug: tell, info: tell, warn: tell, error: tell },
    { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
  )
  return {
    tell,
    get text() {
      return heard.join('\n')
    },
    clear: () => void (heard.length = 0),
  }
}

/** The content of all files below a folder, with what is compressed as it is and inflated. */
export function filesBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path}\n${contentOf(readFileSync(path))}`)
    .join('\n')
}

function contentOf(bytes: Buffer): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  return `${bytes.toString('latin1')}${isGzip ? gunzipSync(bytes).toString('latin1') : ''}`
}
