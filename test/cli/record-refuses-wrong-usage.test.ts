// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { runInside } from './test-terminal'

const WRONG_USAGE: [args: string[], says: RegExp][] = [
  [['--http', 'off', '--grpc', 'off'], /nothing is left to listen on/],
  [['--http', 'localhost'], /--http 'localhost' is no address to listen on: give HOST:PORT/],
  [['--grpc', '127.0.0.1:65536'], /--grpc '127\.0\.0\.1:65536' is no address/],
  [['--session', 'a/b'], /session id 'a\/b' is not allowed/],
  [['--ack', 'maybe'], /choices are stored, memory/],
  [['--forward', 'backend:4318'], /--forward 'backend:4318' can't be used/],
  [['--forward', 'ftp://backend'], /--forward 'ftp:\/\/backend' can't be used/],
  [['--forward', 'http://backend:4318', '--header', 'secret'], /--header has to be 'name=value'/],
  [['--header', 'key=secret'], /give --forward URL/],
  [['--rotate-minutes', '-1'], /0 means never/],
  [['--rotate-mb', 'many'], /0 means never/],
  [['--session-idle-minutes', 'x'], /0 means never/],
  [['--max-request-bytes', '0'], /whole number above 0/],
  [['--max-queue-bytes', '1.5'], /whole number above 0/],
  [['--sample', '2'], /from 0 to 1/],
  [['--sample', 'some'], /from 0 to 1/],
  [
    ['--redact-value', '(key=secret'],
    /--redact-value has to be a regular expression: Unterminated/,
  ],
  [['--frobnicate'], /unknown option '--frobnicate'/],
  [['--store', 'ftp://host/x'], /a store of the kind 'ftp:'/],
]

describe('otel-tape record', () => {
  test.each(WRONG_USAGE)('refuses %j in one line', async (args, says) => {
    const { exitCode, stdout, stderr } = await runInside(['record', ...args])
    expect(stderr).toMatch(/^otel-tape: [^\n]+\n$/)
    expect(stderr).toMatch(says)
    expect(stderr).not.toContain('key=secret')
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  })

  test('explains itself', async () => {
    const { exitCode, stdout, stderr } = await runInside(['record', '--help'])
    expect(stdout).toMatch(/Usage: otel-tape record \[options\] \[command\.\.\.\]/)
    expect(stdout).toMatch(/otel-tape record -- node app\.js/)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })
})
