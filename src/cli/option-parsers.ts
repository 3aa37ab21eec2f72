// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { InvalidArgumentError, Option } from 'commander'
import { SIGNALS } from '../otlp/signal'
import { checkSessionId } from '../session/session-id'
import { SESSION_LAYOUTS, type SessionLayout, checkSessionName } from '../session/session-location'
import { UsageError } from './usage-error'

/** What every command takes. */
export interface GlobalOptions {
  store?: string
  json?: boolean
}

/** @throws SessionError of code `INVALID_SESSION_ID` */
export function parseSessionId(text: string): string {
  checkSessionId(text)
  return text
}

/**
 * An id, or the prefix of what the Collector wrote.
 *
 * @throws SessionError of code `INVALID_SESSION_ID`
 */
export function parseSessionName(text: string): string {
  checkSessionName(text)
  return text
}

/** A further session, behind those given already. */
export function collectSessionNames(text: string, given: string[] = []): string[] {
  return [...given, parseSessionName(text)]
}

/** `--layout` */
export interface LayoutChoice {
  layout?: SessionLayout
}

export function layoutOption(): Option {
  const description = "how its objects lie; awss3: as the Collector's exporter writes them"
  return new Option('--layout <layout>', `${description} (default: found by looking)`).choices(
    SESSION_LAYOUTS,
  )
}

export function signalOption(description: string): Option {
  return new Option('--signal <signal>', description).choices(SIGNALS)
}

/** `--from` and `--until`. */
export interface TimeRange {
  from?: Date
  until?: Date
}

export function fromOption(): Option {
  const description = 'only what arrived at this time or later, ISO 8601'
  return new Option('--from <time>', description).argParser(parseTime)
}

export function untilOption(): Option {
  const description = 'only what arrived before this time, ISO 8601'
  return new Option('--until <time>', description).argParser(parseTime)
}

/** Such a range as the library takes it. */
export function rangeOf({ from, until }: TimeRange): { from?: Date; to?: Date } {
  if (from && until && from >= until) {
    throw new UsageError(
      `nothing can lie between --from ${from.toISOString()} and --until ${until.toISOString()}`,
    )
  }
  return { from, to: until }
}

/** Without a zone it is local time, as JavaScript reads it. */
function parseTime(text: string): Date {
  const time = new Date(text)
  if (/^\d{4}-\d{2}/.test(text) && time.getTime() >= 0) return time
  throw new InvalidArgumentError("Give ISO 8601, like '2026-11-20T13:00:00Z'.")
}

const DURATION_UNITS_MILLIS: Readonly<Record<string, number>> = Object.freeze({
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
})

/** `90s`, `45m`, `12h`, `30d` or `2w`, in milliseconds. */
export function parseDurationMillis(text: string): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? []
  if (count === undefined) {
    throw new InvalidArgumentError("Give a number and a unit: '90s', '45m', '12h', '30d' or '2w'.")
  }
  return Number(count) * DURATION_UNITS_MILLIS[unit]
}

/** A further header, beside those given already. */
export function collectHeaders(
  text: string,
  given: Record<string, string> = {},
): Record<string, string> {
  const separator = text.indexOf('=')
  // Without the text: it may be a key whose name was forgotten.
  if (separator < 1) throw new UsageError("--header has to be 'name=value'")
  return { ...given, [text.slice(0, separator).trim()]: text.slice(separator + 1).trim() }
}
