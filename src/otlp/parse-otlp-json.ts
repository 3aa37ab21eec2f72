// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** As many digits as a number can have and still be exact, whatever they are, and one more. */
const INEXACT_DIGITS = 16

/** Where there may be such a number; in a string there may be one that is none. */
const MAYBE_INEXACT = /[[:,\s]-?\d{16}/
const INTEGER = /^-?[1-9]\d*$/

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d

/**
 * JSON as `JSON.parse` reads it, but for integers of 16 digits and more, which it gives as
 * strings: a time in nanoseconds is one, some senders write it as a number, and as a number it
 * would lose its last digits. OTLP's JSON mapping takes numbers as strings everywhere.
 *
 * @throws SyntaxError when it is no JSON
 *
 * @example
 * const body = requestFromJson(parseOtlpJson(line), 'traces')
 */
export function parseOtlpJson(text: string): unknown {
  return JSON.parse(MAYBE_INEXACT.test(text) ? quoteLargeIntegers(text) : text)
}

function quoteLargeIntegers(text: string): string {
  const pieces: string[] = []
  let copied = 0
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
    } else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(text, at)
      if (end - at >= INEXACT_DIGITS && INTEGER.test(text.slice(at, end))) {
        pieces.push(text.slice(copied, at), `"${text.slice(at, end)}"`)
        copied = end
      }
      at = end
    } else {
      at++
    }
  }
  pieces.push(text.slice(copied))
  return pieces.join('')
}

/** Behind its closing quote, or the end of a text that has none. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  }
  return at + 1
}

function endOfNumber(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && isPartOfNumber(text.charCodeAt(at))) at++
  return at
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** A digit, or one of `.eE+-`. */
function isPartOfNumber(code: number): boolean {
  return isDigit(code) || code === 0x2e || (code | 0x20) === 0x65 || code === 0x2b || code === MINUS
}
