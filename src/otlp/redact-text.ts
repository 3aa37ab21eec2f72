// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { isRegExp, withoutState } from './redact-options'

/**
 * Characters of the longest text that is given to a user's RegExp. Many a RegExp takes time by
 * the square of the text's length: at this length some seconds at worst, at ten times that minutes.
 */
export const MAX_SEARCHED_CHARACTERS = 65_536

interface TextRange {
  readonly start: number
  end: number
}

interface TextPattern {
  isIn(text: string): boolean
  /** Where it matches, in order; matches of a literal may overlap. Empty matches are none. */
  rangesIn(text: string): TextRange[]
}

/**
 * Replaces in texts what patterns match. All patterns look at the text as it was; where their
 * matches overlap, all of it is one. A text in which what is left and what was put there make up
 * another match is replaced as a whole.
 *
 * @example
 * const redactor = new TextRedactor(['s3cr3t', /\b\d{16}\b/], '[REDACTED]')
 * redactor.redact('card 4111111111111111') // 'card [REDACTED]'
 */
export class TextRedactor {
  readonly replacement: string
  readonly #literals: readonly string[]
  readonly #patterns: readonly TextPattern[]
  readonly #hasExpressions: boolean
  /** Those that the replacement itself does not match: what they match in a result is no trace of it. */
  readonly #telling: readonly TextPattern[]

  constructor(patterns: readonly (string | RegExp)[], replacement: string) {
    this.replacement = replacement
    this.#literals = patterns.filter((pattern): pattern is string => !isRegExp(pattern))
    const expressions = patterns.filter(isRegExp)
    this.#hasExpressions = expressions.length > 0
    this.#patterns = [
      ...this.#literals.map((text) => new LiteralPattern(text)),
      ...expressions.map((expression) => new ExpressionPattern(expression)),
    ]
    this.#telling = this.#patterns.filter((pattern) => !pattern.isIn(replacement))
  }

  /** False if no text that lies in these bytes as UTF-8, wherever it begins and ends, can match. */
  mayMatchIn(bytes: Buffer): boolean {
    return this.#hasExpressions || this.#literals.some((literal) => bytes.includes(literal))
  }

  /** The text as it may be kept; undefined if that is the text as it is. */
  redact(text: string): string | undefined {
    if (this.#hasExpressions && text.length > MAX_SEARCHED_CHARACTERS) return this.replacement
    if (!this.#patterns.some((pattern) => pattern.isIn(text))) return undefined
    const ranges = this.#patterns.flatMap((pattern) => pattern.rangesIn(text))
    if (ranges.length === 0) return undefined
    const redacted = this.#withoutRanges(text, withoutOverlaps(ranges))
    if (redacted === text) return undefined
    return this.#telling.some((pattern) => pattern.isIn(redacted)) ? this.replacement : redacted
  }

  #withoutRanges(text: string, ranges: readonly TextRange[]): string {
    let redacted = ''
    let position = 0
    for (const { start, end } of ranges) {
      redacted += text.slice(position, start) + this.replacement
      position = end
    }
    return redacted + text.slice(position)
  }
}

class LiteralPattern implements TextPattern {
  readonly #literal: string

  constructor(literal: string) {
    this.#literal = literal
  }

  isIn(text: string): boolean {
    return text.includes(this.#literal)
  }

  rangesIn(text: string): TextRange[] {
    const ranges: TextRange[] = []
    let start = text.indexOf(this.#literal)
    for (; start >= 0; start = text.indexOf(this.#literal, start + 1)) {
      ranges.push({ start, end: start + this.#literal.length })
    }
    return ranges
  }
}

class ExpressionPattern implements TextPattern {
  readonly #expression: RegExp
  readonly #everywhere: RegExp

  constructor(expression: RegExp) {
    this.#expression = withoutState(expression)
    this.#everywhere = new RegExp(this.#expression, `${this.#expression.flags}g`)
  }

  isIn(text: string): boolean {
    return this.#expression.test(text)
  }

  rangesIn(text: string): TextRange[] {
    const ranges: TextRange[] = []
    for (const { 0: match, index } of text.matchAll(this.#everywhere)) {
      if (match !== '') ranges.push({ start: index, end: index + match.length })
    }
    return ranges
  }
}

/** In order, and those that overlap as one. */
function withoutOverlaps(ranges: TextRange[]): TextRange[] {
  const apart: TextRange[] = []
  for (const { start, end } of ranges.sort((a, b) => a.start - b.start)) {
    const last = apart.at(-1)
    if (last === undefined || start >= last.end) apart.push({ start, end })
    else last.end = Math.max(last.end, end)
  }
  return apart
}
