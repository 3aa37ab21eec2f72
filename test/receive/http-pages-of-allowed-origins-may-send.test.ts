// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  createTestIntake,
  JSON_TYPE,
  rawRequest,
  startTestEndpoint,
  type HttpAnswer,
} from './http-fixture'

const SHOP = 'https://shop.example'

const PREFLIGHT = [
  'Access-Control-Request-Method: POST',
  'Access-Control-Request-Headers: content-type,x-team',
]

async function ask(
  corsOrigins: string[],
  method: string,
  origin: string | undefined,
  type?: string,
): Promise<HttpAnswer> {
  await using receiver = await startTestEndpoint({ intake: createTestIntake(), corsOrigins })
  const connection = await receiver.connect()
  const headers = origin === undefined ? [] : [`Origin: ${origin}`]
  if (method === 'OPTIONS') headers.push(...PREFLIGHT)
  connection.send(rawRequest({ method, headers, type }))
  return await connection.answer()
}

function corsHeaders({ headers }: HttpAnswer): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'))
}

test.each([
  [[SHOP], SHOP, SHOP],
  [['https://other.example', SHOP], SHOP, SHOP],
  [['*'], SHOP, '*'],
])('with %j a page of %s may', async (corsOrigins, origin, allowed) => {
  const preflight = await ask(corsOrigins, 'OPTIONS', origin)
  expect(preflight.status).toBe(204)
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': allowed,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type,x-team',
    'access-control-max-age': '7200',
  })
  const answer = await ask(corsOrigins, 'POST', origin, JSON_TYPE)
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': allowed,
    'access-control-expose-headers': 'Retry-After',
  })
  expect(answer.headers.vary).toBe(allowed === '*' ? undefined : 'Origin')
  // Also where it is refused: the page is to read why.
  const refused = await ask(corsOrigins, 'POST', origin, 'text/plain')
  expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([415, allowed])
})

test.each([
  [[], SHOP],
  [[SHOP], 'https://evil.example'],
  [[SHOP], `${SHOP}.evil.example`],
  [[SHOP], 'null'],
  [[SHOP], undefined],
])('with %j a page of %s may not', async (corsOrigins: string[], origin) => {
  const preflight = await ask(corsOrigins, 'OPTIONS', origin)
  expect([preflight.status, corsHeaders(preflight)]).toEqual([405, []])
  // The sender is no browser if it asks all the same.
  const answer = await ask(corsOrigins, 'POST', origin, JSON_TYPE)
  expect([answer.status, corsHeaders(answer)]).toEqual([200, []])
})
