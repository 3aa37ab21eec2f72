// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { DiagLogLevel, diag } from '@opentelemetry/api'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QueryError } from '../../../src/query/query-error'
import { createTraceIndex } from '../../../src/query/search/create-trace-index'
import {
  type TraceIndexOptions,
  resolveTraceIndexConfig,
} from '../../../src/query/search/trace-index-config'
import { makeTrace, openIndex } from './made-traces'

const VARIABLES = [
  'OTEL_INGESTER_ENABLED',
  'HOT_STORE_PATH',
  'EMBEDDING_MODEL',
  'CACHE_SIZE',
  'SIMILARITY_THRESHOLD',
]

let warnings: string[]

beforeEach(() => {
  warnings = []
  const warn = (...parts: unknown[]): void => void warnings.push(parts.join(' '))
  const quiet = (): void => undefined
  diag.setLogger(
    { warn, error: warn, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
})

afterEach(() => {
  diag.disable()
  for (const name of VARIABLES) delete process.env[name]
})

describe('a variable', () => {
  test.each<[name: string, text: string, part: object]>([
    ['OTEL_INGESTER_ENABLED', 'false', { enabled: false }],
    ['OTEL_INGESTER_ENABLED', '1', { enabled: true }],
    ['HOT_STORE_PATH', '/tmp/traces.index', { path: '/tmp/traces.index' }],
    ['EMBEDDING_MODEL', '/models/minilm', { modelPath: '/models/minilm' }],
    ['CACHE_SIZE', '100', { cacheSize: 100 }],
    ['CACHE_SIZE', '10000', { cacheSize: 10_000 }],
    ['SIMILARITY_THRESHOLD', '0.7', { similarityThreshold: 0.7 }],
    ['SIMILARITY_THRESHOLD', ' ', { similarityThreshold: 0.2 }],
  ])('%s of %s is heeded', (name, text, part) => {
    process.env[name] = text
    expect(resolveTraceIndexConfig({})).toMatchObject(part)
    expect(warnings).toEqual([])
  })

  test.each([
    ['OTEL_INGESTER_ENABLED', 'perhaps'],
    ['CACHE_SIZE', '99'],
    ['CACHE_SIZE', '10001'],
    ['CACHE_SIZE', '100.5'],
    ['CACHE_SIZE', 'many'],
    ['SIMILARITY_THRESHOLD', '70'],
    ['SIMILARITY_THRESHOLD', '-0.1'],
  ])('%s of %s is ignored, with a warning that names both', (name, text) => {
    const defaults = resolveTraceIndexConfig({})
    process.env[name] = text
    expect(resolveTraceIndexConfig({})).toEqual(defaults)
    expect(warnings.join()).toContain(name)
    expect(warnings.join()).toContain(text)
  })

  test('is no more than the options say', () => {
    Object.assign(process.env, {
      HOT_STORE_PATH: '/x',
      CACHE_SIZE: '200',
      OTEL_INGESTER_ENABLED: 'no',
    })
    const options = { path: ':memory:', cacheSize: 300, enabled: true }
    expect(resolveTraceIndexConfig(options)).toMatchObject(options)
  })
})

describe('an option that is wrong', () => {
  test.each<[name: string, value: unknown]>([
    ['path', ''],
    ['path', 5],
    ['embedder', {}],
    ['embedder', null],
    ['cacheSize', 50],
    ['cacheSize', '500'],
    ['similarityThreshold', 2],
    ['enabled', 'yes'],
    ['colour', 'blue'],
  ])('%s is named, with its value: %p', (name, value) => {
    const options = { [name]: value } as TraceIndexOptions
    expect(() => createTraceIndex(options)).toThrow(`'${name}'`)
    expect(() => createTraceIndex(options)).toThrow(QueryError)
  })
})

test('HOT_STORE_PATH keeps an index, and SIMILARITY_THRESHOLD holds for its searches', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-env-'))
  process.env.HOT_STORE_PATH = join(folder, 'hot')
  try {
    {
      await using index = await openIndex()
      await index.ingestTrace(makeTrace('t', { name: 'refund' }))
    }
    process.env.SIMILARITY_THRESHOLD = '0.99'
    await using again = await openIndex()
    expect(await again.searchTraces('refund of something')).toEqual([])
    expect(await again.searchTraces('refund', { threshold: 0.1 })).toHaveLength(1)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('an index that is not enabled takes nothing in, says so, and can be searched', async () => {
  process.env.OTEL_INGESTER_ENABLED = 'false'
  await using index = await openIndex()
  expect(await index.ingestTrace(makeTrace('t', {}))).toEqual({ traceId: 't', outcome: 'left out' })
  expect(await index.ingestBatch([makeTrace('t', {}), makeTrace('u', {})])).toMatchObject({
    successCount: 0,
    leftOutCount: 2,
  })
  expect(warnings.join()).toMatch(/not enabled/)
  expect(warnings).toHaveLength(1)
  expect(await index.searchTraces('shop')).toEqual([])
})

test('EMBEDDING_MODEL that is not there warns, and words are left', async () => {
  process.env.EMBEDDING_MODEL = '/nowhere/minilm'
  await using index = await openIndex()
  expect(warnings.join()).toMatch(/EMBEDDING_MODEL is ignored: .*\/nowhere\/minilm/)
  await index.ingestTrace(makeTrace('t', {}))
  expect(await index.searchTraces('shop')).toHaveLength(1)
})
