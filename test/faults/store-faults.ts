// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { StorageErrorCode } from '../../src/storage/storage-error'
import type {
  InProcessS3,
  S3Fault,
  S3RequestSeen,
  S3UploadFault,
} from '../support/s3/in-process-s3'

/** A way for a store to fail. It lasts from `begin` to `end`. */
export interface StoreFault {
  readonly name: string
  /** What a store's operation may say while it lasts. */
  readonly codes: readonly StorageErrorCode[]
  /** Whether what is stored can't be read while it lasts. */
  readonly hitsReads: boolean
  begin(s3: InProcessS3): void | Promise<void>
  end(s3: InProcessS3): void | Promise<void>
}

/**
 * What a `MinioStore` takes by default for an attempt, and a slow store for an answer,
 * is scaled to a hundredth: 100 ms for 10 s, 300 ms for 30 s. For a whole operation
 * it is a thirtieth, as the machine may be busy with other tests.
 */
export const SCALED_LIMITS = Object.freeze({
  timeoutMillis: 1_000,
  attemptTimeoutMillis: 100,
  initialDelayMillis: 1,
})
const SLOW_MILLIS = 300
const HOUR_MILLIS = 3_600_000

const isPut = ({ method }: S3RequestSeen): boolean => method === 'PUT'
const answer = (status: number, code: string): S3Fault => ({ kind: 'answer', status, code })

const ALL_OUTAGES: readonly StoreFault[] = [
  {
    name: 'down',
    codes: ['UNAVAILABLE'],
    hitsReads: true,
    begin: (s3) => s3.goDown(),
    end: (s3) => s3.comeBack(),
  },
  outage('silent', ['TIMEOUT'], () => ({ kind: 'hang' })),
  outage('silent behind the headers', ['TIMEOUT'], () => ({ kind: 'hang-after-headers' })),
  outage('slow, with answers after 30 s', ['TIMEOUT'], () => ({
    kind: 'delay',
    millis: SLOW_MILLIS,
  })),
  outage('unavailable: 503', ['UNAVAILABLE'], () => answer(503, 'SlowDown')),
  outage('unavailable: 503 without a body', ['UNAVAILABLE'], () => ({
    kind: 'answer',
    status: 503,
    hasBody: false,
  })),
  outage('resetting every connection', ['UNAVAILABLE'], () => ({ kind: 'reset' })),
  outage('losing every answer to what it has done', ['UNAVAILABLE'], () => ({
    kind: 'lose-response',
  })),
  writingOutage('finding every body damaged', ['UNAVAILABLE'], (request) =>
    isPut(request) ? answer(400, 'BadDigest') : undefined,
  ),
  writingOutage('full', ['FULL'], (request) =>
    isPut(request) ? answer(507, 'XMinioStorageFull') : undefined,
  ),
  outage('without its bucket, which may not be made', ['ACCESS_DENIED', 'NOT_FOUND'], (request) =>
    isPut(request) && request.key === ''
      ? answer(403, 'AccessDenied')
      : answer(404, 'NoSuchBucket'),
  ),
  writingOutage('denying some keys', ['ACCESS_DENIED'], (request) =>
    isPut(request) && request.key.includes('/traces-') ? answer(403, 'AccessDenied') : undefined,
  ),
  {
    name: 'knowing another access key',
    codes: ['ACCESS_DENIED'],
    hitsReads: true,
    begin: (s3) => s3.trust({ accessKey: 'another-key', secretKey: 'another-secret' }),
    end: (s3) => s3.trust(s3),
  },
  {
    name: 'knowing another secret key',
    codes: ['ACCESS_DENIED'],
    hitsReads: true,
    begin: (s3) => s3.trust({ ...s3, secretKey: 'another-secret' }),
    end: (s3) => s3.trust(s3),
  },
  {
    name: 'an hour ahead of our clock',
    codes: ['ACCESS_DENIED'],
    hitsReads: true,
    begin: (s3) => void (s3.clockOffsetMillis = HOUR_MILLIS),
    end: (s3) => void (s3.clockOffsetMillis = 0),
  },
  uploads('breaking every upload in its middle', ['UNAVAILABLE'], {
    kind: 'reset-upload',
    afterBytes: 1,
  }),
  uploads('taking only the beginning of every upload', ['TIMEOUT'], {
    kind: 'stall-upload',
    afterBytes: 1,
  }),
]

const ALL_HICCUPS: readonly StoreFault[] = [
  hiccup('503', { kind: 'answer', status: 503, code: 'SlowDown' }),
  hiccup('503 without a body', { kind: 'answer', status: 503, hasBody: false }),
  hiccup('a reset connection', { kind: 'reset' }),
  hiccup('an answer that got lost behind what was done', { kind: 'lose-response' }),
  hiccup('silence', { kind: 'hang' }),
  hiccup('an answer after 30 s', { kind: 'delay', millis: SLOW_MILLIS }),
  hiccup('a damaged body', { kind: 'answer', status: 400, code: 'BadDigest' }),
  hiccup('a conflict', { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' }),
  hiccup('an answer that breaks off', { kind: 'cut-body', afterBytes: 20 }),
  hiccup('an answer that stops', { kind: 'stall-body', afterBytes: 20 }),
  hiccup('an answer that drips', { kind: 'drip', chunkBytes: 100, intervalMillis: 2 }),
  hiccup('an etag that is not the object’s', { kind: 'wrong-etag' }, isUnconditionalPut),
  uploads('an upload that is taken slowly', [], { kind: 'slow-upload', intervalMillis: 10 }),
]

/** One of a kind: the others differ in what a store's operation meets, not in what comes of it. */
const TYPICAL: ReadonlySet<string> = new Set([
  'down',
  'silent',
  'slow, with answers after 30 s',
  'losing every answer to what it has done',
  'full',
  'without its bucket, which may not be made',
  'denying some keys',
  'knowing another access key',
  'an hour ahead of our clock',
  '503',
  'an answer that got lost behind what was done',
  'silence',
  'an answer that breaks off',
])

/** Nothing gets through, or nothing of one kind, until it is over. */
export const OUTAGES = ALL_OUTAGES.filter(isChosen)

/** One attempt of each operation fails, and the next gets through: nobody is to notice. */
export const HICCUPS = ALL_HICCUPS.filter(isChosen)

/** With OTEL_TAPE_TEST_ALL_FAULTS the tests take a minute in place of a quarter of one. */
function isChosen({ name }: StoreFault): boolean {
  return Boolean(process.env.OTEL_TAPE_TEST_ALL_FAULTS) || TYPICAL.has(name)
}

function outage(
  name: string,
  codes: readonly StorageErrorCode[],
  faultFor: InProcessS3['faultFor'],
): StoreFault {
  return {
    name,
    codes,
    hitsReads: true,
    begin: (s3) => void (s3.faultFor = faultFor),
    end: (s3) => void (s3.faultFor = () => undefined),
  }
}

function writingOutage(...parameters: Parameters<typeof outage>): StoreFault {
  return { ...outage(...parameters), hitsReads: false }
}

function hiccup(
  name: string,
  fault: S3Fault,
  isMeant: (request: S3RequestSeen) => boolean = () => true,
): StoreFault {
  return {
    name,
    codes: [],
    hitsReads: false,
    begin: (s3) => void (s3.faultFor = everyOther(fault, isMeant)),
    end: (s3) => void (s3.faultFor = () => undefined),
  }
}

function uploads(
  name: string,
  codes: readonly StorageErrorCode[],
  fault: S3UploadFault,
): StoreFault {
  return {
    name,
    codes,
    hitsReads: false,
    begin: (s3) => void (s3.uploadFaultFor = (request) => (isPut(request) ? fault : undefined)),
    end: (s3) => void (s3.uploadFaultFor = () => undefined),
  }
}

/** The first request of its kind and key, the third, the fifth: each is followed by its retry. */
function everyOther(
  fault: S3Fault,
  isMeant: (request: S3RequestSeen) => boolean,
): InProcessS3['faultFor'] {
  const seen = new Map<string, number>()
  return (request) => {
    if (!isMeant(request)) return undefined
    const kind = `${request.method} ${request.key} ${request.query.toString()}`
    const count = seen.get(kind) ?? 0
    seen.set(kind, count + 1)
    return count % 2 === 0 ? fault : undefined
  }
}

/** Of a conditional write, the etag is what the next one goes by. */
function isUnconditionalPut({ method, headers }: S3RequestSeen): boolean {
  return method === 'PUT' && !headers['if-match'] && !headers['if-none-match']
}
