// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import {
  severityOf,
  templateOfLog,
  textOfLog,
} from '../../../src/query/analysis/model/log-template'
import {
  normalizePath,
  normalizeStatement,
} from '../../../src/query/analysis/model/normalize-statement'

test.each([
  ['order 4711 of 3 items took 12.5 ms', 'order <n> of <n> items took <n> ms'],
  ['took 12ms, 3%', 'took <n>ms, <n>%'],
  ["user 'Ada' can't log in", "user <text> can't log in"],
  ["it isn't what we'd want", "it isn't what we'd want"],
  ['said "x" and `y`', 'said <text> and <text>'],
  ['id 0af76519-16cd-43dd-8448-eb211c80319c gone', 'id <id> gone'],
  ['trace 0af7651916cd43dd8448eb211c80319c, at 0xdeadbeef', 'trace <id>, at <id>'],
  ['order ord_8Fk2Lx9Qa71 refused', 'order <id> refused'],
  ['from 10.0.0.7:5432 refused', 'from <address> refused'],
  ['2026-01-02T03:04:05.678Z started', '<time> started'],
  ['a\n\tb   c', 'a b c'],
  ['deadbeef is a word', 'deadbeef is a word'],
])('of the log text %j stays %j', (text, template) => {
  expect(templateOfLog(text)).toBe(template)
})

test.each([
  ["SELECT * FROM t WHERE a = 'it''s' AND b = -1.5", 'SELECT * FROM t WHERE a = ? AND b = -?'],
  ['SELECT * FROM t WHERE id IN ($1, $2,  $3)', 'SELECT * FROM t WHERE id IN (?)'],
  ['INSERT INTO t VALUES (1, 2), (3, 4)', 'INSERT INTO t VALUES (?)'],
  ['SELECT /* hint */ a -- why\nFROM t1', 'SELECT a FROM t1'],
  ['SELECT a::text FROM t WHERE x = :name', 'SELECT a::text FROM t WHERE x = ?'],
  ['GET user:12345', 'GET user:?'],
  ['HGET 0af76519-16cd-43dd-8448-eb211c80319c', 'HGET ?'],
])('of the statement %j stays %j', (statement, normal) => {
  expect(normalizeStatement(statement)).toBe(normal)
})

test.each([
  ['https://shop.example:8080/api/cart/42?x=1#top', '/api/cart/?'],
  ['/user/0af76519-16cd-43dd-8448-eb211c80319c/edit', '/user/?/edit'],
  ['https://shop.example', '/'],
  ['/api/products/0PUK6V6EV0', '/api/products/?'],
  ['/v1/traces', '/v1/traces'],
])('of the address %j stays %j', (address, path) => {
  expect(normalizePath(address)).toBe(path)
})

test('a statement with other values has the same text', () => {
  const value = fc.oneof(
    fc.nat().map(String),
    fc.string().map((text) => `'${text.replaceAll("'", "''").replaceAll('\\', '')}'`),
  )
  const one = (of: string): string =>
    normalizeStatement(`SELECT * FROM t WHERE a = ${of} AND b = 1`)
  fc.assert(
    fc.property(value, (given) => {
      expect(one(given)).toBe('SELECT * FROM t WHERE a = ? AND b = ?')
    }),
  )
})

test('hostile texts take no time', () => {
  const hostile = ["'", '"', '`', '/*', '0', 'a0', '--', '1.', '(?,', '$', '<', 'f'].map((piece) =>
    piece.repeat(500_000),
  )
  const start = process.cpuUsage()
  for (const text of hostile) {
    templateOfLog(text)
    normalizeStatement(text)
    normalizePath(text)
  }
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(1)
})

test.each([
  ['text', 'text', undefined, 'text'],
  ['a structured body', { message: 'm', n: 1 }, undefined, 'm'],
  ['a structured body without words', { b: 1, a: 2 }, undefined, '{b, a}'],
  ['an event', undefined, 'cart.emptied', 'cart.emptied'],
  ['a number', 5, undefined, '5'],
  ['bytes', new Uint8Array(3), undefined, ''],
])('the words of %s', (_, body, eventName, words) => {
  expect(textOfLog(body, eventName)).toBe(words)
})

test.each([
  [9, undefined, 'INFO'],
  [17, 'whatever', 'ERROR'],
  [24, undefined, 'FATAL'],
  [0, 'warning', 'WARN'],
  [undefined, 'Critical', 'FATAL'],
  [undefined, 'err', 'ERROR'],
  [99, undefined, 'UNSPECIFIED'],
])('severity %p %p is %s', (number, text, severity) => {
  expect(severityOf(number, text)).toBe(severity)
})
