// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'

/** The longest delay that a timer can have. */
const MAX_TIMER_MILLIS = 2 ** 31 - 1

type Check<T> = v.CustomSchema<T, v.ErrorMessage<v.CustomIssue> | undefined>

/** Values that `isFine` accepts, and what they have to be, for the message to whoever gave another. */
export function expected<T>(expectation: string, isFine: (value: unknown) => boolean): Check<T> {
  return v.custom<T>(isFine, expectation)
}

export const text = v.string('a string')

export const flag = v.boolean('true or false')

export const count = expected<number>('a whole number above 0', (value) => isWhole(value, 1))

export const limit = expected<number>(
  'a number of 0 or more',
  (value) => typeof value === 'number' && value >= 0,
)

export const millis = expected<number>(
  `a whole number of milliseconds from 1 to ${MAX_TIMER_MILLIS}`,
  (value) => isWhole(value, 1) && (value as number) <= MAX_TIMER_MILLIS,
)

export const compressionLevel = expected<number>(
  'a whole number from 0 to 9',
  (value) => isWhole(value, 0) && (value as number) <= 9,
)

export function callback<T>(): Check<T> {
  return expected<T>('a function', (value) => typeof value === 'function')
}

/**
 * The options as the schema describes them, or an error that names the first
 * one that is wrong, its value, and what it has to be.
 *
 * @param toError makes the error that the entry point is documented to throw
 */
export function checkOptions<TEntries extends v.ObjectEntries>(
  entries: TEntries,
  options: unknown,
  toError: (complaint: string) => Error,
): v.InferOutput<v.StrictObjectSchema<TEntries, undefined>> {
  const result = v.safeParse(v.strictObject(entries), options, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  const path = v.getDotPath(issue)
  const complaint =
    path === null
      ? `the config has to be an object, got ${shown(issue.input)}`
      : issue.type !== 'strict_object'
        ? `'${path}' has to be ${issue.message}, got ${shownOf(path, issue.input)}`
        : issue.expected === 'never'
          ? `there is no option '${path}'; the options are ${Object.keys(entries).join(', ')}`
          : `the option '${path}' is missing`
  throw toError(complaint)
}

/** Options that are there but undefined are not there: defaults lie below them. */
export function withoutUndefined<T extends object>(options: T): Partial<T> {
  // The same keys, fewer of them.
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<T>
}

function isWhole(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least
}

/** Of what may be a key no more than its type. */
function shownOf(path: string, value: unknown): string {
  const isSecret = /headers|token|secret|password/i.test(path)
  const isShown = !isSecret || typeof value === 'object' || typeof value === 'undefined'
  return isShown ? shown(value) : `a value of type ${typeof value}`
}

/** Objects by their kind alone: they may hold secrets, or be large. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 100)}'`
  if (value instanceof Set) return 'a list'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
