// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { KEY, STRING_VALUE, VALUE } from './common-tags'
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from './id-rewriter'
import { MalformedOtlpError } from './malformed-otlp-error'
import { type KeyMatcher, createKeyMatcher } from './redact-keys'
import { type RedactOptions, resolveRedactOptions } from './redact-options'
import { TextRedactor } from './redact-text'
import { type FieldShape, KeyValue, type MessageShape, REQUEST_SHAPES } from './schema'
import type { Signal } from './signal'
import { Splices } from './splices'
import { Utf8Pieces } from './utf8-pieces'
import { WireReader, WireType } from './wire-reader'

/** Takes out of requests what must not be kept. */
export interface Redactor {
  /**
   * The request without what must not be kept; the very object that came in if all of it may be.
   * `body` is never altered. Items, ids, times and numbers stay what they were.
   *
   * A field that OTLP does not have may hold a text, in a message or by itself: one of a length is
   * left out, unless only literal values are looked for and none lies in its bytes.
   *
   * @throws MalformedOtlpError when not all of the request can be followed: nothing of it may be kept then
   */
  redact(body: Uint8Array, signal: Signal): Uint8Array
}

/** Messages in messages; an attribute's map in a map takes three. Every decoder has such a limit. */
const MAX_DEPTH = 300

/**
 * Redacts requests as the options say; undefined if they name nothing to redact.
 *
 * @param defaultKeys attribute keys where the options leave them open
 * @throws TypeError for a wrong option
 *
 * @example
 * const redactor = createRedactor({ attributeKeys: ['*.authorization'], values: ['s3cr3t'] })
 * const kept = redactor?.redact(batch.body, batch.signal) ?? batch.body
 */
export function createRedactor(
  options: RedactOptions,
  defaultKeys: string[] = [],
): Redactor | undefined {
  const { attributeKeys, values, replacement } = resolveRedactOptions(options, defaultKeys)
  if (attributeKeys.length === 0 && values.length === 0) return undefined
  return new RequestRedactor({
    isSecretKey: attributeKeys.length > 0 ? createKeyMatcher(attributeKeys) : undefined,
    texts: new TextRedactor(values, replacement),
    replacement: Buffer.from(replacement),
    replacementValue: stringValue(replacement),
  })
}

interface RedactionRules {
  readonly isSecretKey: KeyMatcher | undefined
  readonly texts: TextRedactor
  readonly replacement: Buffer
  /** An AnyValue. */
  readonly replacementValue: Uint8Array
}

class RequestRedactor implements Redactor {
  readonly #rules: RedactionRules

  constructor(rules: RedactionRules) {
    this.#rules = rules
  }

  redact(body: Uint8Array, signal: Signal): Uint8Array {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
    const { isSecretKey, texts } = this.#rules
    const searchesTexts = texts.mayMatchIn(bytes)
    if (!isSecretKey && !searchesTexts) return body
    return new RedactingWalk(bytes, this.#rules, searchesTexts).redact(body, signal)
  }
}

// Walks by the schema: what is a text, what leads to one, and what can't hold one. Each method
// returns by how many bytes the message at hand grew.
class RedactingWalk {
  readonly #bytes: Buffer
  readonly #texts: Utf8Pieces
  readonly #rules: RedactionRules
  readonly #searchesTexts: boolean
  readonly #reader: WireReader
  readonly #splices = new Splices()

  constructor(bytes: Buffer, rules: RedactionRules, searchesTexts: boolean) {
    this.#bytes = bytes
    this.#texts = new Utf8Pieces(bytes)
    this.#rules = rules
    this.#searchesTexts = searchesTexts
    this.#reader = new WireReader(bytes)
  }

  redact(body: Uint8Array, signal: Signal): Uint8Array {
    this.#message(REQUEST_SHAPES[signal], 0)
    return this.#splices.applyTo(body)
  }

  #message(shape: MessageShape, depth: number): number {
    const reader = this.#reader
    let delta = 0
    for (let start = reader.position; reader.next(); start = reader.position) {
      delta += this.#field(shape.byNumber[reader.field], start, depth)
    }
    return delta
  }

  #field(field: FieldShape | undefined, start: number, depth: number): number {
    const reader = this.#reader
    if (reader.wireType === WireType.LENGTH) return this.#lengthDelimited(field, start, depth)
    const isGroup = reader.wireType === WireType.START_GROUP
    reader.skip()
    return isGroup ? this.#unknown(start) : 0
  }

  #lengthDelimited(field: FieldShape | undefined, fieldStart: number, depth: number): number {
    const reader = this.#reader
    if (field?.message) return this.#nested(field.message, depth)
    const prefixStart = reader.position
    const length = reader.length()
    const start = reader.take(length)
    if (length === 0) return 0
    if (field?.kind === 'string') return this.#text(prefixStart, start)
    if (field?.kind === 'bytes') return this.#bytesValue(prefixStart, start)
    return field && holdsNoText(field, length) ? 0 : this.#unknown(fieldStart)
  }

  #nested(shape: MessageShape, depth: number): number {
    const reader = this.#reader
    if (depth >= MAX_DEPTH) {
      const message = `more than ${MAX_DEPTH} messages lie in one another`
      throw new MalformedOtlpError(message, reader.position)
    }
    const prefixStart = reader.position
    const outer = reader.enter()
    const { position: start, end } = reader
    const delta =
      shape === KeyValue && this.#hasSecretKey()
        ? this.#secretPair(depth + 1)
        : this.#message(shape, depth + 1)
    reader.leave(outer)
    return this.#splices.resize(prefixStart, start, end, delta)
  }

  // Looks ahead: the value may stand before its key. One of several keys suffices.
  #hasSecretKey(): boolean {
    const { isSecretKey } = this.#rules
    if (isSecretKey === undefined) return false
    const reader = this.#reader
    const { position: pairStart } = reader
    let isSecret = false
    while (reader.next()) {
      if (reader.field * 8 + reader.wireType === KEY) {
        const start = reader.take(reader.length())
        isSecret ||= isSecretKey(this.#texts.read(start, reader.position))
      } else {
        reader.skip()
      }
    }
    reader.position = pairStart
    return isSecret
  }

  #secretPair(depth: number): number {
    const reader = this.#reader
    let delta = 0
    for (let start = reader.position; reader.next(); start = reader.position) {
      if (reader.field * 8 + reader.wireType === VALUE) {
        const prefixStart = reader.position
        const valueStart = reader.take(reader.length())
        delta += this.#refill(prefixStart, valueStart, this.#rules.replacementValue)
      } else {
        delta += this.#field(KeyValue.byNumber[reader.field], start, depth)
      }
    }
    return delta
  }

  #text(prefixStart: number, start: number): number {
    if (!this.#searchesTexts) return 0
    const redacted = this.#rules.texts.redact(this.#texts.read(start, this.#reader.position))
    if (redacted === undefined) return 0
    return this.#refill(prefixStart, start, Buffer.from(redacted))
  }

  // What part of it the match is to its reader, nobody knows; and half a picture is none.
  #bytesValue(prefixStart: number, start: number): number {
    if (!this.#searchesTexts) return 0
    const text = this.#texts.read(start, this.#reader.position)
    if (this.#rules.texts.redact(text) === undefined) return 0
    return this.#refill(prefixStart, start, this.#rules.replacement)
  }

  #refill(prefixStart: number, start: number, content: Uint8Array): number {
    const end = this.#reader.position
    if (this.#bytes.subarray(start, end).equals(content)) return 0
    return this.#splices.refill(prefixStart, start, end, content)
  }

  /** A field that may hold anything, from `start` to where the reader is. */
  #unknown(start: number): number {
    const end = this.#reader.position
    const { isSecretKey, texts } = this.#rules
    const mayMatch = isSecretKey !== undefined || texts.mayMatchIn(this.#bytes.subarray(start, end))
    return mayMatch ? this.#splices.remove(start, end) : 0
  }
}

/** Whether a field of such a length, which is neither text nor message, is what it is said to be. */
function holdsNoText({ kind, repeated }: FieldShape, length: number): boolean {
  if (kind === 'traceId') return length === TRACE_ID_BYTES
  // Numbers are written in a row if there may be several of them.
  return kind === 'spanId' ? length === SPAN_ID_BYTES : repeated
}

function stringValue(text: string): Uint8Array {
  const empty = Uint8Array.of(STRING_VALUE, 0)
  const value = new Splices()
  value.refill(1, 2, 2, Buffer.from(text))
  return value.applyTo(empty)
}
