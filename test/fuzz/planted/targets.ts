// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type FuzzTarget, refusesWith } from '../support/fuzz-target'
import { recordTags, setPath, skipBlanks } from './faulty-parsers'

const bytes = (text: string) => () => [Buffer.from(text)]

/** Each has a bug that was put there for the fuzzer to find. */
export const targets: readonly FuzzTarget[] = [
  {
    name: 'crash behind three branches',
    shape: 'bytes',
    seeds: bytes('R1:abc;'),
    parse: (input) => recordTags(Buffer.from(input).toString('latin1')),
    isRefusal: refusesWith(SyntaxError),
  },
  {
    name: 'hang',
    shape: 'bytes',
    seeds: bytes('a b c'),
    parse: (input) => skipBlanks(Buffer.from(input).toString('latin1')),
    isRefusal: refusesWith(SyntaxError),
  },
  {
    name: 'pollution',
    shape: 'json',
    seeds: bytes('{"a":{"b":1}}'),
    parse: (input) => setPath({}, JSON.parse(Buffer.from(input).toString('utf8'))),
    isRefusal: refusesWith(SyntaxError),
  },
  {
    name: 'nothing wrong',
    shape: 'json',
    seeds: bytes('{"a":{"b":1}}'),
    parse: (input) => JSON.parse(Buffer.from(input).toString('utf8')) as unknown,
    isRefusal: refusesWith(SyntaxError),
  },
]
