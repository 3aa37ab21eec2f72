// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import { SIGNALS, type Signal } from '../otlp/signal'
import { parseCollectorName } from './reading/collector-layout'
import { checkSessionId } from './session-id'

/** How the names of our own segments end. */
export const SEGMENT_SUFFIX = '.otlp.gz'

/** Under which all sessions lie. */
export const SESSIONS_PREFIX = 'sessions/'

/** Put behind a folder, it sorts behind every key in there: a listing can begin after them. */
export const BEHIND_ALL = '\u{10ffff}'

export function sessionPrefix(sessionId: string): string {
  checkSessionId(sessionId)
  return `${SESSIONS_PREFIX}${sessionId}/`
}

export function metadataKey(sessionId: string): string {
  return `${sessionPrefix(sessionId)}metadata.json`
}

export function rawPrefix(sessionId: string): string {
  return `${sessionPrefix(sessionId)}raw/`
}

export function writersPrefix(sessionId: string): string {
  return `${sessionPrefix(sessionId)}writers/`
}

export function writerKey(sessionId: string, writerId: string): string {
  return `${writersPrefix(sessionId)}${writerId}.json`
}

/** A key for a new segment whose first batch arrived at `arrivalMillis`, UTC. */
export function segmentKey(sessionId: string, signal: Signal, arrivalMillis: number): string {
  const name = `${signal}-${arrivalMillis}-${randomUUID()}${SEGMENT_SUFFIX}`
  return segmentKeyOf(sessionId, arrivalMillis, name)
}

/** The key of a segment of that name: its folder says the same time as the name does. */
export function segmentKeyOf(sessionId: string, arrivalMillis: number, name: string): string {
  const hour = new Date(arrivalMillis).toISOString().slice(0, 13).replace('T', '/')
  return `${rawPrefix(sessionId)}${hour}/${name}`
}

/** What an object's key says of its content. */
export interface SegmentKeyParts {
  signal?: Signal
  /** When its first batch arrived, in milliseconds since the Unix epoch. */
  arrivalMillis?: number
}

const OWN_NAME = /^(traces|metrics|logs)-(\d{13})-/
const OWN_UUID = /-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\.otlp\.gz$/
const FOREIGN_NAME = /(?:^|[^a-z])(traces|metrics|logs|spans)(?![a-z])/i
const PARTITION =
  /year=(\d{4})\/month=(\d{2})\/day=(\d{2})(?:\/hour=(\d{2}))?(?:\/minute=(\d{2}))?\//
const DATE_HOUR = /(\d{4})-(\d{2})-(\d{2})\/(\d{2})\//

/**
 * Reads a key, ours or another tool's: the Collector's
 * `year=…/month=…/day=…/hour=…/minute=…/traces_….json.gz`, or any name that
 * says its signal. What the key does not say stays open.
 */
export function parseSegmentKey(key: string): SegmentKeyParts {
  const name = key.slice(key.lastIndexOf('/') + 1)
  const own = OWN_NAME.exec(name)
  if (own) return { signal: own[1] as Signal, arrivalMillis: Number(own[2]) }
  const signal = parseCollectorName(name) ?? signalIn(name)
  const time = PARTITION.exec(key) ?? DATE_HOUR.exec(key)
  if (!time) return { signal }
  const [, year, month, day, hour = '00', minute = '00'] = time
  const arrivalMillis = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`)
  return { signal, arrivalMillis: Number.isNaN(arrivalMillis) ? undefined : arrivalMillis }
}

/** What the name of a segment of ours says; `undefined` of every other name. */
export function parseOwnName(key: string): Required<SegmentKeyParts> | undefined {
  const own = OWN_UUID.test(key) && OWN_NAME.exec(key.slice(key.lastIndexOf('/') + 1))
  return own ? { signal: own[1] as Signal, arrivalMillis: Number(own[2]) } : undefined
}

function signalIn(name: string): Signal | undefined {
  const word = FOREIGN_NAME.exec(name)?.[1].toLowerCase()
  return word === 'spans' ? 'traces' : SIGNALS.find((known) => known === word)
}
