// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadableSpan } from '../../../otlp/sdk-types'
import { GrowingColumns } from './growing-columns'
import { InternedTexts } from './interned-texts'
import { normalizePath, normalizeStatement } from './normalize-statement'
import { type Peer, peerOfSpan } from './peer-of-span'
import type { ResourceNumbers } from './resource-numbers'
import { type LinkColumns, type Operation, type OperationKind, SPAN_FLAGS } from '../session-model'
import { type TraceIds, hashOfWords, wordOfHex } from './trace-ids'

const MAX_OPERATIONS = 20_000
const MAX_STATEMENTS = 50_000
const MAX_NAME_LENGTH = 300
/** Texts whose normal form is kept at hand. */
const MAX_CACHED_STATEMENTS = 20_000
const SPAN_ID_DIGITS = 16
const OTHER = '(other)'

// Numbers of the API's enums, whose package is not loaded for them.
const ERROR_STATUS = 2
const KINDS: readonly OperationKind[] = ['internal', 'server', 'client', 'producer', 'consumer']

/** Of the spans as they come, before what they say of each other is known. */
export interface RawSpanColumns extends Record<string, Uint8Array | Uint32Array | Float64Array> {
  readonly operation: Uint32Array
  readonly trace: Uint32Array
  /** Both words are 0 where there is no id. */
  readonly idHigh: Uint32Array
  readonly idLow: Uint32Array
  readonly parentHigh: Uint32Array
  readonly parentLow: Uint32Array
  readonly startMillis: Float64Array
  readonly durationMillis: Float64Array
  readonly flags: Uint8Array
  readonly statement: Uint32Array
  readonly instance: Uint32Array
}

/** Takes spans down as rows of numbers, and finds them again by their ids. */
export class SpanRows {
  readonly operations: Operation[] = []
  readonly rows = new GrowingColumns<RawSpanColumns>((capacity) => ({
    operation: new Uint32Array(capacity),
    trace: new Uint32Array(capacity),
    idHigh: new Uint32Array(capacity),
    idLow: new Uint32Array(capacity),
    parentHigh: new Uint32Array(capacity),
    parentLow: new Uint32Array(capacity),
    startMillis: new Float64Array(capacity),
    durationMillis: new Float64Array(capacity),
    flags: new Uint8Array(capacity),
    statement: new Uint32Array(capacity),
    instance: new Uint32Array(capacity),
  }))
  readonly leftOut = { spans: 0, links: 0, duplicateSpans: 0, spansOfOtherOperations: 0 }
  backwardSpans = 0
  readonly #links = new GrowingColumns((capacity) => ({
    from: new Uint32Array(capacity),
    toTrace: new Uint32Array(capacity),
    idHigh: new Uint32Array(capacity),
    idLow: new Uint32Array(capacity),
  }))
  readonly #traceIds: TraceIds
  readonly #maxSpans: number
  readonly #operationNumbers = new Map<string, number>()
  readonly #statements = new InternedTexts(MAX_STATEMENTS, OTHER, [''])
  readonly #statementNumbers = new Map<string, number>()
  /** Open addressing over ids: row + 1, or 0 where it is free. */
  #slots = new Uint32Array(4096)

  constructor(traceIds: TraceIds, maxSpans: number) {
    this.#traceIds = traceIds
    this.#maxSpans = maxSpans
  }

  get statements(): readonly string[] {
    return this.#statements.texts
  }

  /** @param startMillis when it started, as the model counts */
  add(span: ReadableSpan, { service, instance }: ResourceNumbers, startMillis: number): void {
    const { count, columns } = this.rows
    if (count >= this.#maxSpans) {
      this.leftOut.spans++
      return
    }
    const { traceId, spanId } = span.spanContext()
    const trace = this.#traceIds.numberOf(traceId)
    const [high, low] = wordsOf(spanId)
    const operation = this.#operationOf(span, service)
    const slot = this.#slotOf(trace, high, low)
    const known = this.#slots[slot] - 1
    if (known >= 0 && (high | low) !== 0) {
      if (columns.operation[known] === operation && columns.startMillis[known] === startMillis) {
        this.leftOut.duplicateSpans++
        return
      }
    }
    const row = this.rows.add()
    // Adding may have replaced the columns by larger ones.
    const to = this.rows.columns
    const [parentHigh, parentLow] = wordsOf(span.parentSpanContext?.spanId)
    to.operation[row] = operation
    to.trace[row] = trace
    to.idHigh[row] = high
    to.idLow[row] = low
    to.parentHigh[row] = parentHigh
    to.parentLow[row] = parentLow
    to.startMillis[row] = startMillis
    to.durationMillis[row] = this.#durationOf(span)
    to.flags[row] = flagsOf(span)
    to.statement[row] = this.#statementOf(span)
    to.instance[row] = instance
    if (known < 0) this.#slots[slot] = row + 1
    if (this.rows.count * 2 > this.#slots.length) this.#rehash()
    for (const { context } of span.links) this.#addLink(row, context.traceId, context.spanId)
  }

  /** The row of the span with this id, or -1. */
  find(trace: number, high: number, low: number): number {
    return (high | low) === 0 ? -1 : this.#slots[this.#slotOf(trace, high, low)] - 1
  }

  finishedLinks(): LinkColumns {
    const { count, from, toTrace, idHigh, idLow } = this.#links.finished()
    const to = Int32Array.from({ length: count }, (_, link) =>
      this.find(toTrace[link], idHigh[link], idLow[link]),
    )
    return { count, from, toTrace, to }
  }

  #addLink(row: number, traceId: string, spanId: string): void {
    if (this.#links.count >= this.#maxSpans) {
      this.leftOut.links++
      return
    }
    const [high, low] = wordsOf(spanId)
    const toTrace = this.#traceIds.numberOf(traceId)
    const link = this.#links.add()
    const { columns } = this.#links
    columns.from[link] = row
    columns.toTrace[link] = toTrace
    columns.idHigh[link] = high
    columns.idLow[link] = low
  }

  #durationOf({ duration: [seconds, nanos] }: ReadableSpan): number {
    const millis = seconds * 1_000 + nanos / 1e6
    if (millis >= 0) return millis
    this.backwardSpans++
    return 0
  }

  #operationOf(span: ReadableSpan, service: number): number {
    const kind = KINDS[span.kind] ?? 'internal'
    const name = span.name.slice(0, MAX_NAME_LENGTH)
    const peer = peerOf(span, kind)
    const key = `${service} ${kind} ${peer === undefined ? '' : `${peer.kind} ${peer.name}`}\n${name}`
    const known = this.#operationNumbers.get(key)
    if (known !== undefined) return known
    if (this.operations.length >= MAX_OPERATIONS) {
      this.leftOut.spansOfOtherOperations++
      return this.#operationNumber(`${service} ${OTHER}`, {
        service,
        name: OTHER,
        kind: 'internal',
        peer: undefined,
      })
    }
    return this.#operationNumber(key, { service, name, kind, peer })
  }

  #operationNumber(key: string, operation: Operation): number {
    const known = this.#operationNumbers.get(key)
    if (known !== undefined) return known
    const number = this.operations.push(operation) - 1
    this.#operationNumbers.set(key, number)
    return number
  }

  #statementOf(span: ReadableSpan): number {
    const text = statementTextOf(span)
    if (text === undefined) return 0
    const known = this.#statementNumbers.get(text)
    if (known !== undefined) return known
    const isPath = text.startsWith('/') || /^[a-z]+:\/\//i.test(text)
    const normal = isPath ? normalizePath(text) : normalizeStatement(text)
    const number = this.#statements.numberOf(normal)
    if (this.#statementNumbers.size >= MAX_CACHED_STATEMENTS) this.#statementNumbers.clear()
    this.#statementNumbers.set(text, number)
    return number
  }

  /** Where the span with this id is, or would be. */
  #slotOf(trace: number, high: number, low: number): number {
    const { columns } = this.rows
    const mask = this.#slots.length - 1
    let slot = hashOfWords(high ^ trace, low) & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] - 1
      if (columns.idLow[row] === low && columns.idHigh[row] === high) {
        if (columns.trace[row] === trace) break
      }
    }
    return slot
  }

  #rehash(): void {
    const slots = this.#slots
    this.#slots = new Uint32Array(slots.length * 2)
    const { trace, idHigh, idLow } = this.rows.columns
    for (const used of slots) {
      if (used === 0) continue
      const row = used - 1
      this.#slots[this.#slotOf(trace[row], idHigh[row], idLow[row])] = used
    }
  }
}

/** An id's two words; of what is no id, zeros. */
export function wordsOf(spanId: string | undefined): [high: number, low: number] {
  if (spanId?.length !== SPAN_ID_DIGITS) return [0, 0]
  return [wordOfHex(spanId, 0), wordOfHex(spanId, 8)]
}

function flagsOf({ status, attributes }: ReadableSpan): number {
  const resends = attributes['http.request.resend_count'] ?? attributes['http.resend_count']
  const isResent = typeof resends === 'number' && resends > 0
  return (
    ((status.code as number) === ERROR_STATUS ? SPAN_FLAGS.error : 0) |
    (isResent ? SPAN_FLAGS.resent : 0)
  )
}

/** A server's address is its own; an internal span's may be anybody's. */
function peerOf({ attributes }: ReadableSpan, kind: OperationKind): Peer | undefined {
  if (kind === 'server') return undefined
  const peer = peerOfSpan(attributes)
  return kind === 'internal' && peer?.kind !== 'database' ? undefined : peer
}

/** What it asked for: the query of a database, the path of an HTTP request. */
function statementTextOf({ attributes, kind }: ReadableSpan): string | undefined {
  const text =
    attributes['db.query.text'] ??
    attributes['db.statement'] ??
    attributes['db.query.summary'] ??
    (KINDS[kind] === 'client'
      ? (attributes['url.template'] ??
        attributes['url.full'] ??
        attributes['http.url'] ??
        attributes['http.target'])
      : undefined)
  return typeof text === 'string' && text !== '' ? text : undefined
}
