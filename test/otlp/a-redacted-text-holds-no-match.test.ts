// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { TextRedactor } from '../../src/otlp/redact-text'

const few = fc.constantFrom('a', 'b', 'c', '-')

test('whatever literals, text and replacement are, no literal is left that was not put there', () => {
  const text = fc.string({ unit: few, maxLength: 12 })
  const literals = fc.array(fc.string({ unit: few, minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  })
  const replacement = fc.string({ unit: fc.constantFrom('a', 'b', '[', ']'), maxLength: 3 })
  fc.assert(
    fc.property(text, literals, replacement, (original, secrets, shown) => {
      const redacted = new TextRedactor(secrets, shown).redact(original) ?? original
      for (const secret of secrets) {
        if (!shown.includes(secret)) expect(redacted).not.toContain(secret)
      }
      if (!secrets.some((secret) => original.includes(secret))) expect(redacted).toBe(original)
    }),
    { numRuns: 3_000 },
  )
})

test.each<
  [title: string, patterns: (string | RegExp)[], text: string, redacted: string | undefined]
>([
  ['each match', ['ab'], 'ab-ab', '#-#'],
  ['matches that touch, one by one', ['ab'], 'abab', '##'],
  ['matches that overlap, as one', ['abc', 'bcd'], '-abcd-', '-#-'],
  ['a literal that overlaps itself', ['aa'], '-aaa-', '-#-'],
  ['a literal with characters that mean something to a RegExp', ['a.c*'], 'abc a.c*', 'abc #'],
  ['a RegExp without the flag g', [/\d{4}/], '1234 5678', '# #'],
  ['a RegExp with the flag y', [/\d{4}/y], '- 1234', '- #'],
  ['a RegExp by what stands around it', [/(?<=token=)\w+/], 'token=abc', 'token=#'],
  ['a RegExp that knows of others', [/\w+@\w+/, /@example/], 'me@example', '#'],
  ['a match of nothing', [/x*/], 'abc', undefined],
  ['a match of nothing and of something', [/x*/], 'axxb', 'a#b'],
  ['characters of two units', [/./u], '🛒a', '##'],
  ['an empty text', ['a', /b/], '', undefined],
  ['a replacement that it matches itself, once', ['#'], 'a#b', undefined],
  ['a text of patterns to String.replace', ['secret'], '$& secret $1', '$& # $1'],
])('%s', (_title, patterns, text, redacted) => {
  expect(new TextRedactor(patterns, '#').redact(text)).toBe(redacted)
})

test('a replacement is taken literally', () => {
  expect(new TextRedactor(['x'], '$&$1').redact('axb')).toBe('a$&$1b')
})

test('where what is left grows together to another match, all of it goes', () => {
  expect(new TextRedactor(['secret'], '').redact('a sesecretcret')).toBe('')
  expect(new TextRedactor(['secret'], 'cr').redact('sesecretet')).toBe('cr')
})

test('a RegExp is not given a text that is too long, and the text is not kept', () => {
  const long = 'x'.repeat(65_537)
  const redactor = new TextRedactor([/nothing like it/], '#')
  expect(redactor.redact(long.slice(1))).toBe(undefined)
  expect(redactor.redact(long)).toBe('#')
  expect(new TextRedactor(['nothing like it'], '#').redact(long)).toBe(undefined)
})

test('a RegExp does not remember where it matched last, nor does the one that was given', () => {
  const expression = /s3cr3t/g
  expression.lastIndex = 3
  const redactor = new TextRedactor([expression], '#')
  expect([redactor.redact('s3cr3t'), redactor.redact('s3cr3t')]).toEqual(['#', '#'])
  expect(expression.lastIndex).toBe(3)
})
