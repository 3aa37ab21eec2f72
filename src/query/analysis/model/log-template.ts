// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { AnyValue } from '../../../otlp/sdk-types'

const MAX_INPUT_LENGTH = 1_000
const MAX_LENGTH = 300

/** Each alternative is tried where a value may begin, and takes time that its length bounds. */
const VALUES = new RegExp(
  [
    String.raw`(?<time>\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)`,
    String.raw`(?<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)`,
    String.raw`(?<text>(?<!\w)'[^'\n]{0,200}'(?!\w)|"[^"\n]{0,200}"|\x60[^\x60\n]{0,200}\x60)`,
    String.raw`(?<address>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b)`,
    String.raw`(?<id>\b0x[0-9a-f]+\b|\b(?=[a-f]{0,32}\d)[0-9a-f]{8,}\b|\b(?=[a-z_]{0,32}\d)\w{12,}\b)`,
    String.raw`(?<n>\d+(?:[.,:]\d+)*)`,
  ].join('|'),
  'gi',
)

/**
 * The text of a log record without what differs from one record to the next, so that records
 * of one statement in a program have one template.
 *
 * @example
 * templateOfLog('order 4711 of "Ada" took 12.5 ms') // 'order <n> of <text> took <n> ms'
 */
export function templateOfLog(text: string): string {
  return text
    .slice(0, MAX_INPUT_LENGTH)
    .replace(VALUES, (...match) => {
      const groups = match.at(-1) as Record<string, string | undefined>
      for (const name in groups) if (groups[name] !== undefined) return `<${nameOf(name)}>`
      return ''
    })
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_LENGTH)
}

function nameOf(group: string): string {
  return group === 'uuid' ? 'id' : group
}

/** What a log record says in words: its text, what a structured body calls its message, or its event. */
export function textOfLog(body: AnyValue, eventName: string | undefined): string {
  if (typeof body === 'string') return body
  if (typeof body === 'object' && body !== null && !ArrayBuffer.isView(body)) {
    const fields = body as Readonly<Record<string, unknown>>
    for (const key of ['message', 'msg', 'event', 'body']) {
      const value = fields[key]
      if (typeof value === 'string' && value !== '') return value
    }
    return eventName ?? `{${Object.keys(fields).slice(0, 20).join(', ')}}`
  }
  if (typeof body === 'number' || typeof body === 'boolean') return String(body)
  return eventName ?? ''
}

const SEVERITIES = Object.freeze(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'])

/** The name of the range that a severity number lies in; without a number, that of the text. */
export function severityOf(number: number | undefined, text: string | undefined): string {
  if (number !== undefined && number >= 1 && number <= 24) return SEVERITIES[(number - 1) >> 2]
  const upper = (text ?? '').toUpperCase()
  if (upper.startsWith('WARN')) return 'WARN'
  if (upper.startsWith('ERR')) return 'ERROR'
  if (upper.startsWith('INFO') || upper === 'NOTICE') return 'INFO'
  if (upper === 'CRITICAL' || upper === 'FATAL' || upper === 'EMERGENCY') return 'FATAL'
  return SEVERITIES.includes(upper) ? upper : 'UNSPECIFIED'
}
