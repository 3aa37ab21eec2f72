// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { ReplayError } from './replay-error'

/** Values that `isFine` accepts, and what they have to be, for the message to whoever gave another. */
export function expected<T>(
  expectation: string,
  isFine: (value: unknown) => boolean,
): v.CustomSchema<T, v.ErrorMessage<v.CustomIssue> | undefined> {
  return v.custom<T>(isFine, expectation)
}

export const flag = v.boolean('true or false')

export const count = expected<number>(
  'a whole number above 0',
  (value) => Number.isInteger(value) && Number(value) > 0,
)

export function callback<T>(): v.CustomSchema<T, v.ErrorMessage<v.CustomIssue> | undefined> {
  return expected<T>('a function', (value) => typeof value === 'function')
}

/**
 * The options as the schema describes them.
 *
 * @throws ReplayError of reason `InvalidConfig`, which names the first option
 *   that is wrong, its value, and what it has to be
 */
export function checkOptions<TEntries extends v.ObjectEntries>(
  entries: TEntries,
  options: unknown,
  entryPoint: string,
): v.InferOutput<v.StrictObjectSchema<TEntries, undefined>> {
  const result = v.safeParse(v.strictObject(entries), options, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  const path = v.getDotPath(issue)
  const complaint =
    path === null
      ? `the config has to be an object, got ${shown(issue.input)}`
      : issue.type !== 'strict_object'
        ? `'${path}' has to be ${issue.message}, got ${shown(issue.input)}`
        : issue.expected === 'never'
          ? `there is no option '${path}'; the options are ${Object.keys(entries).join(', ')}`
          : `the option '${path}' is missing`
  throw new ReplayError('InvalidConfig', `${entryPoint}: ${complaint}`)
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
