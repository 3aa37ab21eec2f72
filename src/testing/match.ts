// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { inspect, isDeepStrictEqual, types } from 'node:util'
import type { CapturedMetric } from './captured-metric'
import type {
  CapturedLog,
  CapturedSpanKind,
  CapturedStatusCode,
  OpenSpan,
} from './captured-telemetry'
import { TestCaptureError } from './test-capture-error'

/** A text that must be equal, or a pattern that must be found in it. */
export type TextMatch = string | RegExp

/**
 * Attributes that must be there; others may be too. A value must be equal, a
 * RegExp must be found in a text, an asymmetric matcher such as
 * `expect.any(String)` must accept it, and `undefined` says that the attribute
 * must be absent.
 */
export type AttributesMatch = Readonly<Record<string, unknown>>

/** Fields of a span that must all agree; what is left out may be anything. */
export interface SpanMatch {
  name?: TextMatch
  kind?: CapturedSpanKind
  status?: CapturedStatusCode
  attributes?: AttributesMatch
  serviceName?: TextMatch
  scopeName?: TextMatch
  traceId?: string
  spanId?: string
  /** `undefined`, if it is there as a key, asks for a root span. */
  parentSpanId?: string
}

/** Fields of a log record that must all agree; what is left out may be anything. */
export interface LogMatch {
  /** A RegExp is searched in a text; anything else must be equal. */
  body?: unknown
  severityText?: TextMatch
  severityNumber?: number
  eventName?: TextMatch
  attributes?: AttributesMatch
  serviceName?: TextMatch
  scopeName?: TextMatch
  traceId?: string
  spanId?: string
}

/** Fields of a metric that must all agree; what is left out may be anything. */
export interface MetricMatch {
  name?: TextMatch
  kind?: CapturedMetric['kind']
  unit?: string
  serviceName?: TextMatch
  scopeName?: TextMatch
}

/** How a field of a match is read from an item; `attributes` is compared key by key. */
export type MatchableFields<T, M> = Readonly<Record<keyof M, (item: T) => unknown>>

export const SPAN_FIELDS: MatchableFields<OpenSpan, SpanMatch> = Object.freeze({
  name: (span) => span.name,
  kind: (span) => span.kind,
  status: (span) => span.status.code,
  attributes: (span) => span.attributes,
  serviceName: (span) => span.serviceName,
  scopeName: (span) => span.scope.name,
  traceId: (span) => span.traceId,
  spanId: (span) => span.spanId,
  parentSpanId: (span) => span.parentSpanId,
})

export const LOG_FIELDS: MatchableFields<CapturedLog, LogMatch> = Object.freeze({
  body: (log) => log.body,
  severityText: (log) => log.severityText,
  severityNumber: (log) => log.severityNumber,
  eventName: (log) => log.eventName,
  attributes: (log) => log.attributes,
  serviceName: (log) => log.serviceName,
  scopeName: (log) => log.scope.name,
  traceId: (log) => log.traceId,
  spanId: (log) => log.spanId,
})

export const METRIC_FIELDS: MatchableFields<CapturedMetric, MetricMatch> = Object.freeze({
  name: (metric) => metric.name,
  kind: (metric) => metric.kind,
  unit: (metric) => metric.unit,
  serviceName: (metric) => metric.serviceName,
  scopeName: (metric) => metric.scope.name,
})

export interface Matcher<T> {
  /** What is looked for, in words that an error message can quote. */
  readonly description: string
  /** A predicate may look at relatives: it has to be asked again when these arrive. */
  readonly readsRelatives: boolean
  /** How many fields and attributes must agree; 0 for a predicate. */
  readonly fieldCount: number
  matches(item: T): boolean
  /** In what the item differs from what is looked for; a predicate can't tell. */
  differences(item: T): Difference[]
}

export interface Difference {
  readonly field: string
  readonly expected: unknown
  readonly actual: unknown
}

/** @throws TestCaptureError `INVALID_MATCH` if the match is neither, or names an unknown field */
export function createMatcher<T, M extends object>(
  match: M | ((item: T) => boolean),
  fields: MatchableFields<T, M>,
): Matcher<T> {
  if (typeof match === 'function') return predicateMatcher(match)
  const terms = termsOf(match, fields)
  return {
    description: `matching ${inspectBriefly(match)}`,
    readsRelatives: false,
    fieldCount: terms.length,
    matches: (item) => terms.every(({ expected, read }) => agrees(expected, read(item))),
    differences: (item) =>
      terms
        .map(({ field, expected, read }) => ({ field, expected, actual: read(item) }))
        .filter(({ expected, actual }) => !agrees(expected, actual)),
  }
}

/** One line, whatever the value. */
export function inspectBriefly(value: unknown): string {
  const text = inspect(value, { depth: 4, breakLength: Infinity, maxStringLength: 200 })
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

function predicateMatcher<T>(predicate: (item: T) => boolean): Matcher<T> {
  const source = predicate.toString().replace(/\s+/g, ' ')
  return {
    description: `that satisfies ${source.length > 200 ? `${source.slice(0, 200)}…` : source}`,
    readsRelatives: true,
    fieldCount: 0,
    matches: predicate,
    differences: () => [],
  }
}

/** One field or attribute that a match asks for. */
interface Term<T> {
  readonly field: string
  readonly expected: unknown
  readonly read: (item: T) => unknown
}

function termsOf<T, M extends object>(match: M, fields: MatchableFields<T, M>): Term<T>[] {
  return entriesOf(match, fields).flatMap(([field, expected]) => {
    if (!isFieldOf(fields, field)) throw invalidMatch(`'${field}'`, fields)
    const read = fields[field]
    if (field !== 'attributes') return [{ field, expected, read }]
    return entriesOf(expected, fields).map(([key, value]) => ({
      field: `attributes['${key}']`,
      expected: value,
      read: (item: T) => ownMember(read(item), key),
    }))
  })
}

function entriesOf(match: unknown, fields: object): [string, unknown][] {
  if (typeof match !== 'object' || match === null) throw invalidMatch(inspectBriefly(match), fields)
  return Object.entries(match)
}

/** Not what every object inherits: an attribute may be called `constructor`. */
function ownMember(members: unknown, key: string): unknown {
  if (typeof members !== 'object' || members === null) return undefined
  return isFieldOf(members, key) ? members[key] : undefined
}

function isFieldOf<F extends object>(fields: F, name: PropertyKey): name is keyof F {
  return Object.hasOwn(fields, name)
}

function invalidMatch(what: string, fields: object): TestCaptureError {
  return new TestCaptureError(
    'INVALID_MATCH',
    `A match can't ask for ${what}. It is a function, or an object with any of ` +
      `${Object.keys(fields).join(', ')}.`,
  )
}

function agrees(expected: unknown, actual: unknown): boolean {
  // search, unlike test, does not depend on where the last search of a /g pattern ended.
  if (types.isRegExp(expected)) return typeof actual === 'string' && actual.search(expected) >= 0
  if (isAsymmetricMatcher(expected)) return expected.asymmetricMatch(actual)
  return isDeepStrictEqual(expected, actual)
}

interface AsymmetricMatcher {
  asymmetricMatch(actual: unknown): boolean
}

function isAsymmetricMatcher(value: unknown): value is AsymmetricMatcher {
  return (
    typeof value === 'object' &&
    value !== null &&
    'asymmetricMatch' in value &&
    typeof value.asymmetricMatch === 'function'
  )
}
