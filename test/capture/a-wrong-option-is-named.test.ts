// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CaptureConfig, resolveCaptureConfig } from '../../src/capture/capture-config'
import { CaptureError } from '../../src/capture/capture-error'
import { getCaptureStatus } from '../../src/capture/capture-status'
import { CapturingLogRecordExporter } from '../../src/capture/capturing-log-record-exporter'
import { CapturingSpanExporter } from '../../src/capture/capturing-span-exporter'
import { startCapture } from '../../src/capture/start-capture'
import { collectWarnings } from '../support/collect-warnings'
import { makeEncoded } from '../support/recording'

const capture = startCapture({ store: 'memory:', sessionId: 'wrapping' })
afterAll(() => capture.stop())

test.each<[string, unknown, RegExp]>([
  ['an unknown option', { sesionId: 'x' }, /no option 'sesionId'.*sessionId/],
  ['a session id that is a path', { sessionId: '../x' }, /session id '\.\.\/x' is not allowed/],
  ['an empty session id', { sessionId: '' }, /session id '' is not allowed/],
  ['a session id in unicode', { sessionId: 'sitzung-ü' }, /is not allowed/],
  ['a session id of 10,000 characters', { sessionId: 'x'.repeat(10_000) }, /is not allowed/],
  ['a session id that is no text', { sessionId: 7 }, /'sessionId' has to be a string, got 7/],
  ['a store that is none', { store: { get: true } }, /'store' has to be an ObjectStore or a URL/],
  ['a store of an unknown kind', { store: 'ftp://host/x' }, /ftp/],
  [
    'a flag that is no flag',
    { captureTraces: 'no' },
    /'captureTraces' has to be true or false, got 'no'/,
  ],
  ['a negative limit', { maxSizeMB: -1 }, /maxSizeMB.*-1/],
  ['a limit that is no number', { maxDurationMinutes: NaN }, /maxDurationMinutes.*NaN/],
  ['a compression level of 10', { compressionLevel: 10 }, /compressionLevel.*10/],
  ['an interval of no time', { flushIntervalMillis: 0 }, /flushIntervalMillis.*0/],
  ['an interval no timer can wait', { flushIntervalMillis: 2 ** 31 }, /flushIntervalMillis/],
  ['flags that are no list', { enabledFlags: 'a' }, /'enabledFlags' has to be a list of strings/],
  ['redaction that is none', { redact: 's3cr3t' }, /'redact' has to be an object$/],
  ['redaction of nothing', { redact: null }, /'redact' has to be an object$/],
  ['an unknown option of redaction', { redact: { keys: [] } }, /'redact' has no option 'keys'/],
  ['keys that are no list', { redact: { attributeKeys: 's3cr3t' } }, /has to be a list of strings/],
  [
    'a value that is empty',
    { redact: { values: ['s3cr3t', ''] } },
    /'redact.values\[1\]' has to be/,
  ],
  [
    'a replacement that is no text',
    { redact: { replacement: 7 } },
    /replacement' has to be a string/,
  ],
  ['a spool folder without a name', { spoolFolder: '' }, /spoolFolder' has to be the path/],
  ['a spool folder that is none', { spoolFolder: 7 }, /spoolFolder' has to be the path.* 7/],
  ['a spool of no size', { maxSpoolBytes: 0 }, /maxSpoolBytes' has to be a whole number.* 0/],
  ['a ratio above 1', { sampling: { ratio: 2 } }, /'sampling.ratio' has to be .* 0 to 1, got 2/],
  ['a ratio that is no option', { sampling: 0.5 }, /'sampling' has to be an object with a ratio/],
  ['no config at all', null, /config/],
])('%s', (_, config, message) => {
  expect.assertions(3)
  try {
    startCapture(config as CaptureConfig)
  } catch (error) {
    expect(error).toMatchObject({ name: 'CaptureError', reason: 'InvalidConfig' })
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toContain('s3cr3t')
  }
})

test.each([
  ['CAPTURE_MAX_SIZE_MB', 'much', 'maxSizeMB', 5000],
  ['CAPTURE_MAX_DURATION_MINUTES', '-3', 'maxDurationMinutes', 120],
  ['CAPTURE_COMPRESSION_ENABLED', 'maybe', 'compressionLevel', 1],
  ['OTEL_TAPE_SAMPLING_RATIO', '50 %', 'screen', undefined],
  ['OTEL_TAPE_MAX_SPOOL_BYTES', '1 GB', 'maxSpoolBytes', 256 * 1024 * 1024],
  [
    'OTEL_TAPE_SESSION_ID',
    'a/b',
    'sessionId',
    expect.stringMatching(/^\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}$/),
  ],
] as const)('a wrong variable %s=%s warns and is ignored', (name, value, option, fallback) => {
  using warnings = collectWarnings()
  process.env[name] = value
  const resolved = resolveCaptureConfig({})
  delete process.env[name]
  expect(resolved[option]).toEqual(fallback)
  expect(warnings.lines).toEqual([expect.stringContaining(name)])
})

test.each([
  ['OTEL_TAPE_STORE', 'ftp://host/x'],
  ['MINIO_ENDPOINT', 'http://localhost:9000'],
])('a store that %s=%s does not describe warns, and the default serves', async (name, value) => {
  using warnings = collectWarnings()
  const folder = mkdtempSync(join(tmpdir(), 'otel-tape-env-'))
  const before = process.cwd()
  process.chdir(folder)
  process.env[name] = value
  try {
    const { status } = await startCapture({ sessionId: 'env' }).stop()
    expect(status).toBe('completed')
    expect(existsSync(join(folder, '.otel-tape/sessions/env/metadata.json'))).toBe(true)
    expect(warnings.lines).toEqual([expect.stringContaining("the environment's store is ignored")])
  } finally {
    delete process.env[name]
    process.chdir(before)
    rmSync(folder, { recursive: true, force: true })
  }
})

test.each<[string, () => unknown, RegExp]>([
  ['no capture', () => new CapturingSpanExporter(undefined as never), /first argument.*undefined/],
  ['a capture that is none', () => new CapturingLogRecordExporter({} as never), /first argument/],
  ['an exporter that is none', () => capture.spanExporter(5 as never), /export\(\) method.*got 5/],
  [
    'an object that is none',
    () => capture.metricExporter({} as never),
    /export\(\) method.*Object/,
  ],
])('an exporter is not made of %s', (_, make, message) => {
  expect(make).toThrow(message)
  expect(make).toThrow(CaptureError)
})

test('code beats environment beats default', () => {
  const env = {
    OTEL_TAPE_SESSION_ID: 'from-env',
    CAPTURE_MAX_SIZE_MB: '7',
    CAPTURE_COMPRESSION_ENABLED: 'false',
    OTEL_TAPE_SPOOL_FOLDER: '/var/spool/tape',
    OTEL_TAPE_MAX_SPOOL_BYTES: '1000',
  }
  Object.assign(process.env, env)
  expect(resolveCaptureConfig({})).toMatchObject({
    sessionId: 'from-env',
    maxSizeMB: 7,
    maxDurationMinutes: 120,
    compressionLevel: 0,
    spoolFolder: '/var/spool/tape',
    maxSpoolBytes: 1000,
  })
  const spool = { spoolFolder: './spool', maxSpoolBytes: 2000 }
  const code = { sessionId: 'from-code', maxSizeMB: 8, compressionEnabled: true, ...spool }
  expect(resolveCaptureConfig(code)).toMatchObject({
    sessionId: 'from-code',
    maxSizeMB: 8,
    compressionLevel: 1,
    ...spool,
  })
  for (const name of Object.keys(env)) delete process.env[name]
})

test('keys and ratio of the environment hold where code says nothing of them', () => {
  Object.assign(process.env, {
    OTEL_TAPE_REDACT_ATTRIBUTE_KEYS: ' user.* , ,token',
    OTEL_TAPE_SAMPLING_RATIO: '0',
  })
  const { body, summary } = makeEncoded('traces', { names: ['secret'], service: 'shop' })
  const left = (config: CaptureConfig) => {
    const screened = resolveCaptureConfig(config).screen?.screen('traces', { body, summary })
    return screened && { ...screened, kept: screened.kept?.summary.serviceNames }
  }
  const sampling = { ratio: 1 }
  expect(left({})).toEqual({ kept: undefined, sampledOutItems: 1 })
  expect(left({ sampling })).toEqual({ kept: ['shop'], sampledOutItems: 0 })
  expect(left({ sampling, redact: { attributeKeys: [] } })).toBe(undefined)
  expect(left({ sampling, redact: { attributeKeys: ['service.*'] } })?.kept).toEqual(['[REDACTED]'])
  process.env.OTEL_TAPE_REDACT_ATTRIBUTE_KEYS = 'service.name'
  expect(left({ sampling, redact: { values: ['nothing'] } })?.kept).toEqual(['[REDACTED]'])
  delete process.env.OTEL_TAPE_REDACT_ATTRIBUTE_KEYS
  delete process.env.OTEL_TAPE_SAMPLING_RATIO
  expect(resolveCaptureConfig({}).screen).toBe(undefined)
})

test('a session that is missing, or whose id is none, is a typed error', async () => {
  await expect(getCaptureStatus('nowhere', 'memory:')).rejects.toMatchObject({
    reason: 'SessionNotFound',
    sessionId: 'nowhere',
  })
  await expect(getCaptureStatus('../x', 'memory:')).rejects.toMatchObject({
    reason: 'InvalidConfig',
  })
  await expect(getCaptureStatus('x', 'ftp://host/x')).rejects.toMatchObject({
    reason: 'InvalidConfig',
  })
})
