// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** What must not be kept of telemetry. With neither keys nor values nothing is redacted. */
export interface RedactOptions {
  /**
   * Attributes whose value is replaced, whatever its type, wherever they stand: on spans, events,
   * links, resources, scopes, data points, exemplars and log records, and as keys of maps in
   * attributes and log bodies. A string is a whole key, in which `*` stands for any characters.
   * Keys are case-sensitive; a RegExp with the flag `i` is not.
   */
  attributeKeys?: (string | RegExp)[]
  /**
   * What is replaced in every text: attribute keys and values, log bodies, names, descriptions,
   * status messages, trace states, schema URLs. A string is taken literally. A bytes value in
   * which one is found is replaced as a whole.
   *
   * A RegExp runs in the app's export path, on texts of up to 65,536 characters; a longer one is
   * replaced as a whole. Write it so that it can't backtrack without end.
   */
  values?: (string | RegExp)[]
  /** What stands in the place of what was replaced. Default `[REDACTED]`. */
  replacement?: string
}

/** With every default filled in. */
export type ResolvedRedactOptions = Readonly<Required<RedactOptions>>

const NAMES = ['attributeKeys', 'values', 'replacement']
const DEFAULT_REPLACEMENT = '[REDACTED]'

/**
 * Checks options and fills them up. What is wrong is named by its place alone: the values are secrets.
 *
 * @throws TypeError
 */
export function resolveRedactOptions(
  options: unknown,
  defaultKeys: string[],
): ResolvedRedactOptions {
  if (!isObject(options)) throw new TypeError(`'redact' has to be an object`)
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown !== undefined) {
    const shown = unknown.slice(0, 100)
    throw new TypeError(`'redact' has no option '${shown}'; it has ${NAMES.join(', ')}`)
  }
  const { attributeKeys = defaultKeys, values = [], replacement = DEFAULT_REPLACEMENT } = options
  if (typeof replacement !== 'string') {
    throw new TypeError(`'redact.replacement' has to be a string`)
  }
  return {
    attributeKeys: checkedPatterns('attributeKeys', attributeKeys),
    values: checkedPatterns('values', values),
    replacement,
  }
}

/** Not by `instanceof`: it may come from another realm, as in a test runner. */
export function isRegExp(value: unknown): value is RegExp {
  return Object.prototype.toString.call(value) === '[object RegExp]'
}

/** A copy that nobody else has, and that does not remember where it matched last. */
export function withoutState({ source, flags }: RegExp): RegExp {
  return new RegExp(source, flags.replace(/[gy]/g, ''))
}

function checkedPatterns(name: keyof RedactOptions, patterns: unknown): (string | RegExp)[] {
  if (!Array.isArray(patterns)) {
    throw new TypeError(`'redact.${name}' has to be a list of strings and RegExps`)
  }
  const wrong = patterns.findIndex((pattern) => !isRegExp(pattern) && !isFilledText(pattern))
  if (wrong >= 0) {
    throw new TypeError(`'redact.${name}[${wrong}]' has to be a RegExp or a string, not empty`)
  }
  // Each was looked at just now.
  return patterns as (string | RegExp)[]
}

function isFilledText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
